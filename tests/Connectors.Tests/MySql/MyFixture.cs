using System.Globalization;
using Pawl.Conformance;
using Pawl.Connectors.MySql;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Telemetry;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>A fresh database per test on a real server, filled and looked at with SQL.</summary>
internal sealed class MyFixture : ISourceFixture
{
    private MyFixture(MyServer server, string database) => (Server, Database) = (server, database);

    public MyServer Server { get; }
    public string Database { get; }

    public static OpenContext Context => new(TimeProvider.System, new IdSource(new Random(1)), NoCrashPoints.Instance);

    /// <param name="server">Null = MariaDB.</param>
    public static async Task<MyFixture> NewAsync(MyServer? server = null)
    {
        server ??= await MariaDbServer.SharedAsync();
        return new MyFixture(server, await server.CreateDatabaseAsync());
    }

    /// <summary>A database that is there; goes like one of its own.</summary>
    public static MyFixture In(MyServer server, string database) => new(server, database);

    public Endpoint Here(params (string Name, string Value)[] options) => At("root", options);

    public Endpoint At(string user, params (string Name, string Value)[] options) => new()
    {
        Scheme = "mysql", Host = "127.0.0.1", Port = Server.Port, Path = Database, User = user,
        Display = FormattableString.Invariant($"mysql://{user}@127.0.0.1:{Server.Port}/{Database}"),
        Options = options.ToDictionary(o => o.Name, o => o.Value),
    };

    public async ValueTask<ISource> OpenAsync() => await new MySqlConnector().OpenSourceAsync(Here(), Context, default);

    /// <summary>A source with the short ways a test wants.</summary>
    public async Task<MyUnderTest> SourceAsync(params (string Name, string Value)[] options) =>
        new(Database, await new MySqlConnector().OpenSourceAsync(Here(options), Context, default));

    public Task RunAsync(params string[] statements) => Server.ExecuteAsync(Database, statements);

    public Task<List<string>> RowsAsync(string sql) => Server.RowsAsync(Database, sql);

    public async ValueTask<TableName> CreateAsync(SampleTable table)
    {
        var columns = table.Columns.Select(c =>
            $"{Quote(c.Name)} {Declared(c, table.Key.Contains(c.Name))}{(c.Nullable ? "" : " not null")}");
        var key = table.Key.Count == 0 ? "" : $", primary key ({string.Join(", ", table.Key.Select(Quote))})";
        await using var connection = await Server.ConnectAsync(Database);
        await connection.ExecuteAsync($"create table {Quote(table.Name)} ({string.Join(", ", columns)}{key}) character set utf8mb4",
            default);
        foreach (var row in table.Rows)
        {
            await connection.ExecuteAsync($"insert into {Quote(table.Name)} values ({string.Join(", ", row.Select(Literal))})", default);
        }
        return new TableName(Database, table.Name);
    }

    /// <summary>The server dates a table's creation to the second, and the next one of that name is to be another.</summary>
    public async ValueTask DropAsync(TableName name)
    {
        await RunAsync($"drop table {Quote(name.Name)}");
        await Task.Delay(1_000);
    }

    public async ValueTask<ISourceFixture> AnotherAsync() => new MyFixture(Server, await Server.CreateDatabaseAsync());

    public string LessThan(string column, long value) => FormattableString.Invariant($"{Quote(column)} < {value}");

    public async ValueTask DisposeAsync() => await Server.DropAsync(Database);

    private static string Declared(SampleColumn column, bool isKey) => column.Type.Kind switch
    {
        TypeKind.Integer => "bigint",
        TypeKind.Float64 => "double",
        TypeKind.Bytes => "longblob",
        // Keys that differ by case alone are different ones in the samples.
        _ => isKey ? "varchar(100) collate utf8mb4_bin" : "longtext",
    };

    private static string Literal(object? cell) => cell switch
    {
        null => "null",
        long number => number.ToString(CultureInfo.InvariantCulture),
        double number => number.ToString("R", CultureInfo.InvariantCulture),
        byte[] bytes => $"x'{Convert.ToHexStringLower(bytes)}'",
        string text => MyNames.Literal(text),
        _ => throw new NotSupportedException(cell.GetType().Name),
    };

    private static string Quote(string name) => $"`{name.Replace("`", "``", StringComparison.Ordinal)}`";
}
