using Npgsql;
using Pawl.Conformance;
using Pawl.Connectors.Postgres;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Telemetry;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>A fresh database per test, filled and looked at with the driver's own types.</summary>
internal sealed class PgFixture : ISourceFixture
{
    private PgFixture(PgServer server, string database) => (Server, Database) = (server, database);

    public PgServer Server { get; }
    public string Database { get; }

    public static OpenContext Context => new(TimeProvider.System, new IdSource(new Random(1)), NoCrashPoints.Instance);

    public static async Task<PgFixture> NewAsync(int version = 15)
    {
        var server = await PgServer.SharedAsync(version);
        return new PgFixture(server, await server.CreateDatabaseAsync());
    }

    public static Endpoint At(PgServer server, string database, params (string Name, string Value)[] options) => new()
    {
        Scheme = "postgres", Host = "127.0.0.1", Port = server.Port, Path = database, User = "postgres",
        Display = FormattableString.Invariant($"postgres://postgres@127.0.0.1:{server.Port}/{database}"),
        Options = options.ToDictionary(o => o.Name, o => o.Value),
    };

    public Endpoint Here(params (string Name, string Value)[] options) => At(Server, Database, options);

    public async ValueTask<ISource> OpenAsync() => await new PgConnector().OpenSourceAsync(Here(), Context, default);

    /// <summary>A source with the short ways a test wants.</summary>
    public async Task<SourceUnderTest> SourceAsync(params (string Name, string Value)[] options) =>
        new(await new PgConnector().OpenSourceAsync(Here(options), Context, default));

    public Task RunAsync(params string[] statements) => Server.ExecuteAsync(Database, statements);

    public Task<List<string>> RowsAsync(string sql) => Server.RowsAsync(Database, sql);

    public async ValueTask<TableName> CreateAsync(SampleTable table)
    {
        await using var connection = await Server.ConnectAsync(Database);
        var columns = table.Columns.Select(c => $"{Quote(c.Name)} {PgTypes.Declare(c.Type)}{(c.Nullable ? "" : " not null")}");
        var key = table.Key.Count == 0 ? "" : $", primary key ({string.Join(", ", table.Key.Select(Quote))})";
        await using var create = new NpgsqlCommand(
            $"create table public.{Quote(table.Name)} ({string.Join(", ", columns)}{key})", connection);
        await create.ExecuteNonQueryAsync();
        foreach (var row in table.Rows)
        {
            await using var insert = new NpgsqlCommand(
                $"insert into public.{Quote(table.Name)} values ({string.Join(", ", row.Select((_, i) => $"${i + 1}"))})", connection);
            foreach (var cell in row) insert.Parameters.Add(new NpgsqlParameter { Value = cell ?? DBNull.Value });
            await insert.ExecuteNonQueryAsync();
        }
        // Half of the samples are read with statistics, half without.
        if (table.Rows.Count > 20) await RunAsync($"analyze public.{Quote(table.Name)}");
        return new TableName("public", table.Name);
    }

    public async ValueTask DropAsync(TableName name) => await RunAsync($"drop table public.{Quote(name.Name)}");

    public async ValueTask<ISourceFixture> AnotherAsync() => new PgFixture(Server, await Server.CreateDatabaseAsync());

    public string LessThan(string column, long value) => FormattableString.Invariant($"{Quote(column)} < {value}");

    public async ValueTask DisposeAsync() => await Server.DropAsync(Database);

    private static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
