using System.Globalization;
using Npgsql;
using Pawl.Conformance;
using Pawl.Connectors.Postgres;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>A schema of its own in one database of the shared server, looked at with a plain connection.</summary>
internal sealed class PgSinkFixture : ISinkFixture
{
    private static readonly Dictionary<int, Task<string>> Databases = [];
    private static int number;

    private PgSinkFixture(PgServer server, string database)
    {
        (Server, Database) = (server, database);
        Schema = string.Create(CultureInfo.InvariantCulture, $"target {Interlocked.Increment(ref number)}");
    }

    public PgServer Server { get; }
    public string Database { get; }
    public string Schema { get; }

    /// <summary>The options of the connector under test, keys before the rows.</summary>
    public PgOptions Options => new()
    {
        Host = "127.0.0.1", Port = Server.Port, Database = Database, User = "postgres", Ssl = SslMode.Disable, Display = "postgres:test",
        ControlSchema = Schema, KeysFirst = true, LockTimeout = TimeSpan.FromSeconds(2),
    };

    public static async ValueTask<PgSinkFixture> OpenAsync(int version = 15)
    {
        var server = await PgServer.SharedAsync(version);
        Task<string> database;
        lock (Databases)
        {
            if (!Databases.TryGetValue(version, out database!)) Databases[version] = database = server.CreateDatabaseAsync();
        }
        var fixture = new PgSinkFixture(server, await database);
        await fixture.RunAsync($"create schema \"{fixture.Schema}\"");
        return fixture;
    }

    public ITargetDatabase Open(OpenContext context) => new PgDatabase(Options, context);

    public async ValueTask<ISource> OpenSourceAsync() =>
        await new PgConnector().OpenSourceAsync(PgFixture.At(Server, Database), SinkRunner.Context(), default);

    public TableName Name(string table) => new(Schema, table);

    public async Task RunAsync(params string[] statements)
    {
        await using var connection = await ConnectAsync();
        await PgServer.ExecuteAsync(connection, statements);
    }

    /// <summary>Statements on one connection, with the schema in the search path.</summary>
    public async Task<NpgsqlConnection> ConnectAsync()
    {
        var connection = await Server.ConnectAsync(Database, pooled: true);
        await ExecuteAsync(connection, $"set search_path = \"{Schema}\", public");
        return connection;
    }

    public static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Rows of a query with the schema in the search path, every cell as the server writes it; ∅ for null.</summary>
    public async Task<List<string>> QueryAsync(string sql)
    {
        await using var connection = await ConnectAsync();
        await using var command = new NpgsqlCommand(sql, connection) { AllResultTypesAreUnknown = true };
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? "∅" : reader.GetString(i))));
        }
        return rows;
    }

    public async ValueTask<IReadOnlyList<string>> RowsAsync(TableName table, IReadOnlyList<string> columns)
    {
        await using var connection = await Server.ConnectAsync(Database, pooled: true);
        var quoted = $"{Quote(table.Schema!)}.{Quote(table.Name)}";
        await using var exists = new NpgsqlCommand("select to_regclass($1) is not null", connection);
        exists.Parameters.Add(new NpgsqlParameter { Value = quoted });
        if (await exists.ExecuteScalarAsync() is not true) return [];
        await using var select = new NpgsqlCommand($"select {string.Join(", ", columns.Select(Quote))} from {quoted}", connection);
        await using var reader = await select.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(Cells.Row(Enumerable.Range(0, columns.Count).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i))));
        }
        return rows;
    }

    public async ValueTask DisposeAsync()
    {
        // A session of the test may still be closing.
        await RunAsync($"set lock_timeout = '20s'; set client_min_messages = warning; drop schema \"{Schema}\" cascade");
    }

    private static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}

/// <summary>The shared suites, one line each.</summary>
public sealed class PgSink_Conformance : SinkSuite
{
    protected override async ValueTask<ISinkFixture> OpenAsync() => await PgSinkFixture.OpenAsync();
}

public sealed class PgFaults_Conformance : FaultsSuite
{
    protected override async ValueTask<ISinkFixture> OpenAsync() => await PgSinkFixture.OpenAsync();
}

public sealed class Pg18Sink_Conformance : SinkSuite
{
    protected override async ValueTask<ISinkFixture> OpenAsync() => await PgSinkFixture.OpenAsync(18);
}
