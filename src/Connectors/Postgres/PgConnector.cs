using Pawl.Contracts;
using Pawl.Relational;

namespace Pawl.Connectors.Postgres;

/// <summary>PostgreSQL databases: <c>postgres://user@host:5432/database?sslmode=verify-full</c>. Stateless and thread-safe.</summary>
public sealed class PgConnector : Connector, IReadsTables, IWritesTables, IListsTables
{
    public override ConnectorSpec Spec { get; } = new()
    {
        Name = "PostgreSQL",
        Schemes = ["postgres", "postgresql"],
        Description = "PostgreSQL databases, versions 14 and later.",
        Options = PgOptions.Specs,
        Limits = new ConnectorLimits
        {
            IdentifierBytes = PgNames.MaxBytes,
            DefaultSchema = PgNames.DefaultSchema,
            MaxWriters = 16,
            Upsert = true,
            Replace = true,
            Merges = true,
            CopiesWithin = true,
            // A field of 1 GB and its row do not fit into one message of the server's.
            ValueBytes = 1_000_000_000,
        },
    };

    public override ValueTask<ProbeReport> ProbeAsync(ProbeRequest request, CancellationToken ct) =>
        PgProbe.LookAsync(request, ct);

    /// <inheritdoc/>
    public ValueTask<Discovery> DiscoverAsync(Endpoint at, TablePattern pattern, CancellationToken ct) =>
        PgDiscovery.LookAsync(PgOptions.Parse(at), pattern, ct);

    /// <inheritdoc/>
    public async ValueTask<ISource> OpenSourceAsync(Endpoint at, OpenContext context, CancellationToken ct) =>
        await PgSource.OpenAsync(PgOptions.Parse(at), context.Snapshot, ct).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask<ISink> OpenSinkAsync(Endpoint at, OpenContext context, CancellationToken ct) =>
        ValueTask.FromResult<ISink>(new TransactionalSink(new PgDatabase(PgOptions.Parse(at), context), context));
}
