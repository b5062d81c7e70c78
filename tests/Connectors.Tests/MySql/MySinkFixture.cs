using System.Globalization;
using System.Text;
using Pawl.Conformance;
using Pawl.Connectors.MySql;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;
using Xunit;

namespace Pawl.Connectors.Tests.MySql;

/// <summary>A database of its own on a real server, looked at with a plain connection.</summary>
internal sealed class MySinkFixture : ISinkFixture
{
    private MySinkFixture(MyServer server, string database) => (Server, Database) = (server, database);

    public MyServer Server { get; }
    public string Database { get; }

    /// <summary>The options of the connector under test.</summary>
    public MyTargetOptions Options => new()
    {
        Server = Server.Options(Database) with { LockTimeout = TimeSpan.FromSeconds(2) }, Database = Database,
    };

    /// <summary>How rows go.</summary>
    public MyWay Way { get; init; }

    public static async ValueTask<MySinkFixture> OpenAsync(MyServer? server = null, MyWay way = MyWay.Bulk)
    {
        server ??= await MariaDbServer.SharedAsync();
        return new MySinkFixture(server, await server.CreateDatabaseAsync()) { Way = way };
    }

    public ITargetDatabase Open(OpenContext context) => new MyDatabase(Going(Options), context);

    public MyTargetOptions Going(MyTargetOptions options) =>
        options with { Bulk = Way == MyWay.Bulk, Loads = Way != MyWay.Insert };

    public TableName Name(string table) => new(Database, table);

    public Task RunAsync(params string[] statements) => Server.ExecuteAsync(Database, statements);

    public async Task<bool> IsMariaDbAsync() => (await QueryAsync("select version()"))[0].Contains("MariaDB", StringComparison.Ordinal);

    public Task<List<string>> QueryAsync(string sql) => Server.RowsAsync(Database, sql);

    public async ValueTask<IReadOnlyList<string>> RowsAsync(TableName table, IReadOnlyList<string> columns)
    {
        await using var connection = await Server.ConnectAsync(table.Schema);
        var quoted = $"{Quote(table.Schema!)}.{Quote(table.Name)}";
        var result = new List<string>();
        try
        {
            await using var rows = await connection.QueryAsync($"select {string.Join(", ", columns.Select(Quote))} from {quoted}", default);
            while (await rows.ReadAsync(default))
            {
                result.Add(Cells.Row(Enumerable.Range(0, columns.Count).Select(i => Cell(rows, i))));
            }
        }
        catch (MyServerException e) when (e.Number == 1146)
        {
            return [];
        }
        return result;
    }

    private static object? Cell(MyRows rows, int column)
    {
        if (rows.IsNull(column)) return null;
        var bytes = rows.Bytes(column);
        var text = Encoding.UTF8.GetString(bytes);
        return rows.Columns[column] switch
        {
            { Type: MyType.BigInt or MyType.Int or MyType.SmallInt or MyType.TinyInt } => long.Parse(text, CultureInfo.InvariantCulture),
            { Type: MyType.Double } => double.Parse(text, CultureInfo.InvariantCulture),
            { Type: MyType.Blob or MyType.LongBlob, Collation: MyColumn.BinaryCollation } => bytes.ToArray(),
            _ => text,
        };
    }

    public async ValueTask DisposeAsync() => await Server.DropAsync(Database);

    private static string Quote(string name) => $"`{name.Replace("`", "``", StringComparison.Ordinal)}`";
}

/// <summary>How rows go to the server: prepared statements of many, where it takes them; LOAD DATA LOCAL; INSERT.</summary>
internal enum MyWay { Bulk, Load, Insert }

/// <summary>The shared suites, one line each. Names are kept in utf8mb3: none holds a character of four bytes.</summary>
public sealed class MariaDbSink_Conformance : SinkSuite
{
    protected override async ValueTask<ISinkFixture> OpenAsync() => await MySinkFixture.OpenAsync();
    protected override IReadOnlyList<string> OddNames => [.. base.OddNames.Where(n => !n.Any(char.IsSurrogate)), "back`tick``s"];
}

/// <summary>Where prepared statements take one row, as on MySQL.</summary>
public sealed class MariaDbLoadSink_Conformance : SinkSuite
{
    protected override async ValueTask<ISinkFixture> OpenAsync() => await MySinkFixture.OpenAsync(way: MyWay.Load);
    protected override IReadOnlyList<string> OddNames => [.. base.OddNames.Where(n => !n.Any(char.IsSurrogate)), "back`tick``s"];
}

/// <summary>Where LOAD DATA LOCAL is not to be had either.</summary>
public sealed class MariaDbInsertSink_Conformance : SinkSuite
{
    protected override async ValueTask<ISinkFixture> OpenAsync() => await MySinkFixture.OpenAsync(way: MyWay.Insert);
    protected override IReadOnlyList<string> OddNames => [.. base.OddNames.Where(n => !n.Any(char.IsSurrogate)), "back`tick``s"];
}

public sealed class MariaDbFaults_Conformance : FaultsSuite
{
    protected override async ValueTask<ISinkFixture> OpenAsync() => await MySinkFixture.OpenAsync();
}

public sealed class MariaDbLoadFaults_Conformance : FaultsSuite
{
    protected override async ValueTask<ISinkFixture> OpenAsync() => await MySinkFixture.OpenAsync(way: MyWay.Load);
}

public sealed class MariaDbInsertFaults_Conformance : FaultsSuite
{
    protected override async ValueTask<ISinkFixture> OpenAsync() => await MySinkFixture.OpenAsync(way: MyWay.Insert);
}

[Trait("needs", "mysql")]
public sealed class MySqlSink_Conformance : SinkSuite
{
    protected override async ValueTask<ISinkFixture> OpenAsync() => await MySinkFixture.OpenAsync(await MySqlServer.SharedAsync());
    protected override IReadOnlyList<string> OddNames => [.. base.OddNames.Where(n => !n.Any(char.IsSurrogate)), "back`tick``s"];
}

[Trait("needs", "mysql")]
public sealed class MySqlFaults_Conformance : FaultsSuite
{
    protected override async ValueTask<ISinkFixture> OpenAsync() => await MySinkFixture.OpenAsync(await MySqlServer.SharedAsync());
}
