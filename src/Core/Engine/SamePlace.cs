using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Engine;

/// <summary>
/// Keeps a table from being copied onto itself, whatever the two addresses look like: a host has many names. Asked only where it could be
/// so, and the systems at most once. One caller at a time.
/// </summary>
internal sealed class SamePlace(ISource source, ISink sink, ConnectorLimits limits)
{
    private bool? isOne;

    /// <exception cref="PawlException"><see cref="Codes.SourceIsTarget"/>.</exception>
    public async ValueTask CheckAsync(TableName from, TableName to, CancellationToken ct)
    {
        if (limits.CopiesWithin && !IsOneName(Whole(from, source), Whole(to, sink))) return;
        isOne ??= source is IKnowsPlace here && sink is IKnowsPlace there && await here.PlaceAsync(ct) is { } place
            && place == await there.PlaceAsync(ct);
        if (isOne == false) return;
        throw new PawlException(Fault.Configuration, Codes.SourceIsTarget, ("endpoint", source.Identity.Display), ("table", from));
    }

    private bool IsOneName(TableName one, TableName other) => one == other || (source is IKnowsPlace { IgnoresCase: true }
        && string.Equals(one.ToString(), other.ToString(), StringComparison.OrdinalIgnoreCase));

    /// <summary>The same name, with the schema that the side puts names without one in.</summary>
    public static TableName Whole(TableName name, object? side) =>
        name.Schema is null && side is IKnowsPlace { Schema: { } schema } ? name with { Schema = schema } : name;
}
