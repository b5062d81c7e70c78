namespace Pawl.Model;

/// <summary>
/// An opaque place in a source. Made and compared only by the connector that owns <paramref name="Codec"/>; resuming is strictly after it.
/// </summary>
/// <param name="Codec">Codec and version, e.g. <c>sqlite.key/1</c>.</param>
/// <param name="Text">Lossless text form, never rounded.</param>
public sealed record Position(string Codec, string Text)
{
    public override string ToString() => Text;
}

public enum PositionOrder { Before, Same, After, Unordered }

/// <summary>Which source a position belongs to. Two sources with the same text are the same source.</summary>
/// <param name="Text">Server uuid, system id, timeline, database or file identity, as the connector writes it.</param>
/// <param name="Display">Short form for people.</param>
public sealed record SourceIdentity(string Text, string Display);

public enum SplitLifetime
{
    /// <summary>The bounds mean the same in every session.</summary>
    Durable,
    /// <summary>The bounds mean something only inside the snapshot they were made in; losing it restarts the table.</summary>
    Snapshot,
}

/// <summary>A bounded part of a table: the rows strictly after <see cref="After"/>, up to and including <see cref="Through"/>.</summary>
public sealed record Split
{
    /// <summary>0-based place among the table's splits.</summary>
    public required int Index { get; init; }
    /// <summary>Exclusive lower bound; null = from the very first row.</summary>
    public Position? After { get; init; }
    /// <summary>Inclusive upper bound; null = to the very last row.</summary>
    public Position? Through { get; init; }
    public SplitLifetime Lifetime { get; init; } = SplitLifetime.Durable;
    /// <summary>A guess in rows, or -1.</summary>
    public long EstimatedRows { get; init; } = -1;
}
