using Microsoft.Data.Sqlite;
using Pawl.Conformance;
using Pawl.Connectors.Sqlite;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.Tests.Sqlite;

/// <summary>The shared suites, one line each.</summary>
public sealed class SqliteSource_Conformance : SourceSuite
{
    protected override ValueTask<ISourceFixture> OpenAsync() => ValueTask.FromResult<ISourceFixture>(new SqliteFixture());
}

public sealed class SqliteSink_Conformance : SinkSuite
{
    protected override ValueTask<ISinkFixture> OpenAsync() => ValueTask.FromResult<ISinkFixture>(new SqliteFixture());
}

public sealed class SqliteFaults_Conformance : FaultsSuite
{
    protected override ValueTask<ISinkFixture> OpenAsync() => ValueTask.FromResult<ISinkFixture>(new SqliteFixture());
}

public sealed class SqliteTypes_Conformance : TypesSuite
{
    protected override ValueTask<ITypesFixture> OpenAsync() => ValueTask.FromResult<ITypesFixture>(new SqliteFixture());
}

public sealed class SqliteSpec_Conformance : SpecSuite
{
    protected override Connector Connector { get; } = new SqliteConnector();
    protected override Endpoint WithSecrets(string secret) => Scratch.At("shop.db") with { Password = secret };
    protected override Endpoint Unreachable => Scratch.At(Path.Combine(Path.GetTempPath(), "no such folder", "shop.db"));
}

/// <summary>A fresh file per test, filled and looked at with another driver than the connector's.</summary>
internal sealed class SqliteFixture : ISourceFixture, ITypesFixture
{
    private readonly Scratch scratch = new();

    public SqliteFixture() => scratch.Run(scratch.Target, "pragma journal_mode=wal");

    public async ValueTask<ISource> OpenAsync() =>
        await new SqliteConnector().OpenSourceAsync(Scratch.At(scratch.Target), Scratch.Context, default);

    public ValueTask<ISource> OpenSourceAsync() => OpenAsync();

    public ITargetDatabase Open(OpenContext context) =>
        new SqliteDatabase(SqliteIdentity.Resolve(scratch.Target), new SqliteOptions { Busy = TimeSpan.FromSeconds(2) }, context.Time);

    public TableName Name(string table) => new(null, table);
    public string LessThan(string column, long value) => FormattableString.Invariant($"{Quote(column)} < {value}");
    public ValueTask<ISourceFixture> AnotherAsync() => ValueTask.FromResult<ISourceFixture>(new SqliteFixture());
    public bool KeepsStrays => true;

    public IReadOnlyList<LogicalType> Types => [LogicalType.Int64, LogicalType.Float64, LogicalType.Text, LogicalType.Bytes,
        LogicalType.Any];

    /// <summary>SQLite stores NaN as NULL and, in a REAL column, -0.0 as 0.0. https://www.sqlite.org/floatingpoint.html</summary>
    public IReadOnlyList<object> Refused(LogicalType type) => type.Kind == TypeKind.Float64 ? [double.NaN, -0.0] : [];

    public ValueTask<TableName> CreateAsync(SampleTable table)
    {
        using var connection = Scratch.Connect(scratch.Target);
        var columns = table.Columns.Select(c => $"{Quote(c.Name)} {Declared(c.Type)}{(c.Nullable ? "" : " not null")}");
        var key = table.Key.Count == 0 ? "" : $", primary key ({string.Join(", ", table.Key.Select(Quote))})";
        Scratch.Execute(connection, $"create table {Quote(table.Name)} ({string.Join(", ", columns)}{key})");
        using var insert = connection.CreateCommand();
        insert.CommandText = $"insert into {Quote(table.Name)} values ({string.Join(", ", table.Columns.Select((_, i) => $"${i}"))})";
        foreach (var row in table.Rows)
        {
            insert.Parameters.Clear();
            for (var i = 0; i < row.Length; i++) insert.Parameters.AddWithValue($"${i}", row[i] ?? DBNull.Value);
            insert.ExecuteNonQuery();
        }
        return ValueTask.FromResult(Name(table.Name));
    }

    public ValueTask DropAsync(TableName name)
    {
        scratch.Run(scratch.Target, $"drop table {Quote(name.Name)}");
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<string>> RowsAsync(TableName table, IReadOnlyList<string> columns)
    {
        using var connection = Scratch.Connect(scratch.Target);
        using var exists = connection.CreateCommand();
        exists.CommandText = "select count(*) from sqlite_master where name = $name";
        exists.Parameters.AddWithValue("$name", table.Name);
        if ((long)exists.ExecuteScalar()! == 0) return ValueTask.FromResult<IReadOnlyList<string>>([]);
        using var select = connection.CreateCommand();
        select.CommandText = $"select {string.Join(", ", columns.Select(Quote))} from {Quote(table.Name)}";
        using var reader = select.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
        {
            rows.Add(Cells.Row(Enumerable.Range(0, columns.Count).Select(i => reader.IsDBNull(i) ? null : reader.GetValue(i))));
        }
        return ValueTask.FromResult<IReadOnlyList<string>>(rows);
    }

    public ValueTask DisposeAsync()
    {
        scratch.Dispose();
        return ValueTask.CompletedTask;
    }

    private static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string Declared(LogicalType type) => type.Kind switch
    {
        TypeKind.Integer => "integer",
        TypeKind.Float64 => "real",
        TypeKind.Bytes => "blob",
        _ => "text",
    };
}
