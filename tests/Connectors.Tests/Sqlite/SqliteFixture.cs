using Microsoft.Data.Sqlite;
using Pawl.Conformance;
using Pawl.Connectors.Sqlite;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.Tests.Sqlite;

/// <summary>A database file for the conformance suites, filled and looked at with Microsoft.Data.Sqlite.</summary>
internal sealed class SqliteFixture : ISourceFixture, ITypesFixture
{
    private readonly Scratch scratch = new();

    public SqliteFixture() => scratch.Run(scratch.Source, "pragma user_version = 1");

    public async ValueTask<ISource> OpenAsync() =>
        await new SqliteConnector().OpenSourceAsync(Scratch.At(scratch.Source), Scratch.Context, default);

    public ValueTask<ISource> OpenSourceAsync() => OpenAsync();

    public ITargetDatabase Open(OpenContext context) => new SqliteDatabase(scratch.Source, new SqliteOptions(), context.Time);

    public TableName Name(string table) => new(null, table);

    public ValueTask<TableName> CreateAsync(SampleTable table)
    {
        using var connection = Scratch.Connect(scratch.Source);
        var columns = table.Columns.Select(c => $"{Quote(c.Name)} {Type(c.Type)}{(c.Nullable ? "" : " not null")}").ToList();
        if (table.Key.Count > 0) columns.Add($"primary key ({string.Join(", ", table.Key.Select(Quote))})");
        Scratch.Execute(connection, $"create table {Quote(table.Name)} ({string.Join(", ", columns)})");
        foreach (var row in table.Rows)
        {
            using var insert = connection.CreateCommand();
            insert.CommandText = $"insert into {Quote(table.Name)} values ({string.Join(", ", row.Select((_, i) => $"@p{i}"))})";
            for (var i = 0; i < row.Length; i++) insert.Parameters.AddWithValue($"@p{i}", row[i] ?? DBNull.Value);
            insert.ExecuteNonQuery();
        }
        return ValueTask.FromResult(new TableName(null, table.Name));
    }

    public ValueTask DropAsync(TableName name)
    {
        scratch.Run(scratch.Source, $"drop table {Quote(name.Name)}");
        return ValueTask.CompletedTask;
    }

    public ValueTask<ISourceFixture> AnotherAsync() => ValueTask.FromResult<ISourceFixture>(new SqliteFixture());

    public string LessThan(string column, long value) => FormattableString.Invariant($"{Quote(column)} < {value}");

    public ValueTask<IReadOnlyList<string>> RowsAsync(TableName table, IReadOnlyList<string> columns)
    {
        using var connection = Scratch.Connect(scratch.Source);
        using var find = connection.CreateCommand();
        find.CommandText = "select 1 from sqlite_schema where name = @name";
        find.Parameters.AddWithValue("@name", table.Name);
        if (find.ExecuteScalar() is null) return ValueTask.FromResult<IReadOnlyList<string>>([]);
        using var select = connection.CreateCommand();
        select.CommandText = $"select {string.Join(", ", columns.Select(Quote))} from {Quote(table.Name)}";
        using var reader = select.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read()) rows.Add(Cells.Row(Enumerable.Range(0, columns.Count).Select(i => Value(reader, i))));
        return ValueTask.FromResult<IReadOnlyList<string>>(rows);
    }

    public IReadOnlyList<LogicalType> Types => [LogicalType.Int64, LogicalType.Float64, LogicalType.Text, LogicalType.Bytes,
        LogicalType.Any];

    /// <summary>SQLite stores NULL for NaN, and 0.0 for -0.0 in a REAL column.</summary>
    public IReadOnlyList<object> Refused(LogicalType type) => type.Kind == TypeKind.Float64 ? [double.NaN, -0.0] : [];

    public bool KeepsStrays => true;

    public ValueTask DisposeAsync()
    {
        scratch.Dispose();
        return ValueTask.CompletedTask;
    }

    private static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string Type(LogicalType type) => type.Kind switch
    {
        TypeKind.Integer => "integer",
        TypeKind.Float64 => "real",
        TypeKind.Text => "text",
        TypeKind.Bytes => "blob",
        _ => throw new NotSupportedException(type.ToString()),
    };

    private static object? Value(SqliteDataReader reader, int column) => reader.GetValue(column) switch
    {
        DBNull => null,
        var value => value,
    };
}
