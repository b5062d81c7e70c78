using System.Runtime.InteropServices;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Sqlite;

/// <summary>SQLite files as source, target and run history. <c>sqlite:path/to/file.db?busy=5s</c>. Stateless and thread-safe.</summary>
public sealed class SqliteConnector : Connector, IReadsTables
{
    public override ConnectorSpec Spec { get; } = new()
    {
        Name = "SQLite",
        Schemes = ["sqlite"],
        Description = "SQLite database files.",
        Options = SqliteOptions.Specs,
        Limits = new ConnectorLimits
        {
            MaxWriters = 1,
            AcceptsStrays = true,
            Upsert = true,
            HasSchemas = false,
            ValueBytes = 1_000_000_000,
        },
    };

    public override ValueTask<ProbeReport> ProbeAsync(Endpoint at, CancellationToken ct) => throw new NotSupportedException();

    /// <inheritdoc/>
    public async ValueTask<ISource> OpenSourceAsync(Endpoint at, OpenContext context, CancellationToken ct) =>
        await SqliteSource.OpenAsync(SqliteIdentity.Resolve(at.Path), SqliteOptions.Parse(at), ct).ConfigureAwait(false);
}
