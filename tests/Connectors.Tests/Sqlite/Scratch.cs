using Xunit;
using Microsoft.Data.Sqlite;
using Pawl.Connectors.Sqlite;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Telemetry;

namespace Pawl.Connectors.Tests.Sqlite;

/// <summary>A folder of its own with database files in it; looked into with another driver than the connector's.</summary>
internal sealed class Scratch : IDisposable
{
    private static int number;

    public Scratch()
    {
        var name = FormattableString.Invariant($"pawl-sqlite-{Environment.ProcessId}-{Interlocked.Increment(ref number)}");
        Folder = Path.Combine(Path.GetTempPath(), name);
        Directory.CreateDirectory(Folder);
    }

    public string Folder { get; }
    public string Source => Path.Combine(Folder, "source.db");
    public string Target => Path.Combine(Folder, "target.db");

    public static OpenContext Context => new(TimeProvider.System, new IdSource(new Random(1)), NoCrashPoints.Instance);

    public static Endpoint At(string path, params (string Name, string Value)[] options) => new()
    {
        Scheme = "sqlite",
        Path = path,
        Display = "sqlite:" + path,
        Options = options.ToDictionary(o => o.Name, o => o.Value),
    };

    /// <summary>Runs statements, one after another, on a connection of their own.</summary>
    public void Run(string path, params string[] statements)
    {
        using var connection = Connect(path);
        foreach (var statement in statements) Execute(connection, statement);
    }

    public static SqliteConnection Connect(string path)
    {
        var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        return connection;
    }

    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>Rows as text, every cell with its type, so that 1, 1.0 and '1' differ.</summary>
    public static List<string> Rows(string path, string sql)
    {
        using var connection = Connect(path);
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(string.Join("|", Enumerable.Range(0, reader.FieldCount).Select(i => Cell(reader.GetValue(i)))));
        }
        return rows;
    }

    /// <summary>Whole rows of a table, every cell as type and exact hex, whatever its bytes.</summary>
    public static List<string> Cells(string path, string table, string order, params string[] columns)
    {
        var cells = columns.Select(c => $"typeof({c}) || ':' || case typeof({c}) when 'real' then printf('%!.20g', {c}) else hex({c}) end");
        return Rows(path, $"select {string.Join(", ", cells)} from {table} order by {order}");
    }

    public static async Task<SqliteSourceUnderTest> OpenAsync(string path, params (string Name, string Value)[] options) =>
        new(await new SqliteConnector().OpenSourceAsync(At(path, options), Context, default));

    private static string Cell(object value) => value switch
    {
        DBNull => "null",
        byte[] bytes => "x" + Convert.ToHexStringLower(bytes),
        double real => "r" + real.ToString("R", System.Globalization.CultureInfo.InvariantCulture),
        long number => "i" + number.ToString(System.Globalization.CultureInfo.InvariantCulture),
        _ => "t" + value,
    };

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}

/// <summary>A source with the short ways a test wants.</summary>
internal sealed class SqliteSourceUnderTest(ISource source) : IAsyncDisposable
{
    public ISource Source => source;

    public async Task<TableSchema> TableAsync(string name) =>
        Assert.Single(await source.DescribeAsync(TablePattern.Literal(name), default));

    public async Task<List<(string Row, Position? Commit)>> ReadAsync(TableSchema table, ReadOptions? options = null, Split? split = null,
        Position? after = null, Position? through = null, int rows = 1000, long bytes = 1 << 20)
    {
        var read = new List<(string, Position?)>();
        await foreach (var e in source.ReadAsync(table, options ?? new ReadOptions(), split ?? new Split { Index = 0 }, after, through,
            new BatchBudget(rows, bytes), default))
        {
            using var batch = Assert.IsType<RowsEvent>(e).Batch;
            Assert.InRange(batch.Rows, 1, rows);
            for (var row = 0; row < batch.Rows; row++)
            {
                read.Add((RowJson.Write(batch, row), row == batch.Rows - 1 ? e.Commit : null));
            }
        }
        return read;
    }

    public ValueTask DisposeAsync() => source.DisposeAsync();
}
