using Pawl.Model;
using Pawl.Telemetry;

namespace Pawl.Contracts;

/// <summary>
/// One system Pawl can talk to. Stateless, public, with a parameterless constructor: hosts find connectors by one scan, there is no list.
/// What a connector can do is said by the role interfaces it implements beside this class.
/// </summary>
public abstract class Connector
{
    public abstract ConnectorSpec Spec { get; }

    /// <summary>
    /// Looks at an endpoint without changing it: can it be reached, what is it, what is missing for what it is to do. Reports, does not
    /// throw for what it finds.
    /// </summary>
    public abstract ValueTask<ProbeReport> ProbeAsync(ProbeRequest request, CancellationToken ct);
}

/// <summary>Role: tables can be read.</summary>
public interface IReadsTables
{
    /// <exception cref="PawlException">The endpoint cannot be opened.</exception>
    ValueTask<ISource> OpenSourceAsync(Endpoint at, OpenContext context, CancellationToken ct);
}

/// <summary>Role: can say what there is to copy, for people who choose.</summary>
public interface IListsTables
{
    /// <summary>From the catalogue alone: quick, whatever the size. Changes nothing.</summary>
    /// <exception cref="PawlException">The endpoint cannot be opened.</exception>
    ValueTask<Discovery> DiscoverAsync(Endpoint at, TablePattern pattern, CancellationToken ct);
}

/// <summary>Role: changes can be followed.</summary>
public interface IFollowsChanges
{
    ValueTask<IChangeSource> OpenChangesAsync(Endpoint at, OpenContext context, CancellationToken ct);
}

/// <summary>Role: tables can be written.</summary>
public interface IWritesTables
{
    ValueTask<ISink> OpenSinkAsync(Endpoint at, OpenContext context, CancellationToken ct);
}

/// <summary>Role: can hold the history of runs, a mirror for people.</summary>
public interface IKeepsHistory
{
    ValueTask<IRunHistory> OpenHistoryAsync(Endpoint at, OpenContext context, CancellationToken ct);
}

/// <summary>What a host lends to an opened endpoint.</summary>
/// <param name="Time">The only clock.</param>
/// <param name="Ids">The only source of fresh uuids.</param>
/// <param name="Points">Told of every named point of the commit path.</param>
/// <param name="Snapshot">A snapshot to read in, made by <see cref="IChangeSource.PinAsync"/>; null = none.</param>
/// <param name="LookOnly">Tables will be described and not read; not even a file that readers share may be left behind.</param>
public sealed record OpenContext(TimeProvider Time, IdSource Ids, ICrashPoints Points, string? Snapshot = null, bool LookOnly = false);

/// <summary>Fresh uuids from the host's seeded randomness, so that a simulated run repeats exactly. Thread-safe.</summary>
public sealed class IdSource(Random random)
{
    private readonly Lock gate = new();

    public Guid Next()
    {
        Span<byte> bytes = stackalloc byte[16];
        lock (gate) random.NextBytes(bytes);
        bytes[6] = (byte)((bytes[6] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}

/// <summary>What a connector is and where its limits lie, as data. Generic code asks this record, never "is this Postgres".</summary>
public sealed record ConnectorSpec
{
    public required string Name { get; init; }
    /// <summary>URL schemes, lower case, the first is the usual one.</summary>
    public required IReadOnlyList<string> Schemes { get; init; }
    public required string Description { get; init; }
    public IReadOnlyList<OptionSpec> Options { get; init; } = [];
    public ConnectorLimits Limits { get; init; } = new();
}

/// <summary>One option in an endpoint's query.</summary>
/// <param name="Name">As written in the URL.</param>
/// <param name="Description">One sentence in English, with unit and range.</param>
/// <param name="Default">Shown to people; null = none.</param>
/// <param name="Allowed">The allowed values; null = any.</param>
/// <param name="Secret">Never printed.</param>
public sealed record OptionSpec(string Name, string Description, string? Default = null, IReadOnlyList<string>? Allowed = null,
    bool Secret = false)
{
    /// <summary>The description in Chinese.</summary>
    public string Chinese { get; init; } = "";
}

/// <summary>What a system can take, as data; the defaults are those of an ordinary server. Immutable.</summary>
public sealed record ConnectorLimits
{
    /// <summary>Longest identifier in bytes of UTF-8; 0 = no limit.</summary>
    public int IdentifierBytes { get; init; }
    /// <summary>How many writers make sense at once; a file target has 1.</summary>
    public int MaxWriters { get; init; } = 64;
    /// <summary>Cells of another type than declared are stored exactly.</summary>
    public bool AcceptsStrays { get; init; }
    public bool Upsert { get; init; }
    /// <summary>Whole copies can be staged and published at one moment.</summary>
    public bool Replace { get; init; }
    /// <summary>Several source tables may be written into one table, each known by a column's value.</summary>
    public bool Merges { get; init; }
    /// <summary>
    /// A table may be copied into another one of the same database: making and filling the one leaves the other as it is, also while it is
    /// read.
    /// </summary>
    public bool CopiesWithin { get; init; }
    public bool HasSchemas { get; init; } = true;
    /// <summary>Where a target table lies whose name says no schema; null = the system decides by itself, or has none.</summary>
    public string? DefaultSchema { get; init; }
    /// <summary>Largest single value in bytes.</summary>
    public long ValueBytes { get; init; } = int.MaxValue / 2;
}

/// <summary>What an endpoint holds.</summary>
/// <param name="Databases">Databases beside each other on the server, by name; empty where there is only the one.</param>
/// <param name="Tables">Tables that can be read, in name order.</param>
public sealed record Discovery(IReadOnlyList<FoundDatabase> Databases, IReadOnlyList<FoundTable> Tables);

/// <param name="Current">The one the endpoint names.</param>
/// <param name="Bytes">-1 = this account may not see it.</param>
public sealed record FoundDatabase(string Name, bool Current, long Bytes);

/// <param name="Rows">An estimate; -1 = unknown.</param>
/// <param name="Bytes">Without indexes; -1 = unknown.</param>
/// <param name="Key">What its rows are ordered and resumed by.</param>
/// <param name="KeyColumns">Of the key, in order.</param>
/// <param name="Readable">This account may read it.</param>
public sealed record FoundTable(TableName Name, long Rows, long Bytes, KeyKind Key, IReadOnlyList<string> KeyColumns, bool Readable);
