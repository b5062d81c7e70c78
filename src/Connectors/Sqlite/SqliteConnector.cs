using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.Sqlite;

/// <summary>SQLite files as source, target and run history. <c>sqlite:path/to/file.db?busy=5s</c>. Stateless and thread-safe.</summary>
public sealed class SqliteConnector : Connector, IReadsTables, IWritesTables, IListsTables, IKeepsHistory
{
    public override ConnectorSpec Spec { get; } = new()
    {
        Name = "SQLite",
        Schemes = ["sqlite"],
        Description = "SQLite database files, one file at each end.",
        Options = SqliteOptions.Specs,
        Limits = new ConnectorLimits
        {
            MaxWriters = 1,
            AcceptsStrays = true,
            Upsert = true,
            Replace = true,
            Merges = true,
            HasSchemas = false,
            ValueBytes = 1_000_000_000,
        },
    };

    public override async ValueTask<ProbeReport> ProbeAsync(ProbeRequest request, CancellationToken ct) =>
        await Task.Run(() => SqliteProbe.Look(request), ct).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<Discovery> DiscoverAsync(Endpoint at, TablePattern pattern, CancellationToken ct) =>
        await Task.Run(() => SqliteProbe.Discover(at, pattern), ct).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<ISource> OpenSourceAsync(Endpoint at, OpenContext context, CancellationToken ct) =>
        await SqliteSource.OpenAsync(SqliteIdentity.Resolve(at.Path), SqliteOptions.Parse(at), ct, context.LookOnly).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask<ISink> OpenSinkAsync(Endpoint at, OpenContext context, CancellationToken ct) =>
        ValueTask.FromResult<ISink>(new TransactionalSink(new SqliteDatabase(SqliteIdentity.Resolve(at.Path), SqliteOptions.Parse(at),
            context.Time), context));

    /// <inheritdoc/>
    public async ValueTask<IRunHistory> OpenHistoryAsync(Endpoint at, OpenContext context, CancellationToken ct) =>
        await SqliteHistory.OpenAsync(SqliteIdentity.Resolve(at.Path), SqliteOptions.Parse(at), ct).ConfigureAwait(false);
}
