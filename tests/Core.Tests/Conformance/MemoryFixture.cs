using Pawl.Conformance;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Core.Tests.Conformance;

/// <summary>All fixtures of the connector in memory.</summary>
internal sealed class MemoryFixture(MemoryBug bug) : ISourceFixture, ITypesFixture
{
    private readonly MemoryStore store = new();

    public ValueTask<ISource> OpenAsync() => ValueTask.FromResult<ISource>(new MemorySource(store, bug));
    public ValueTask<ISource> OpenSourceAsync() => OpenAsync();
    public ValueTask<ISourceFixture> AnotherAsync() => ValueTask.FromResult<ISourceFixture>(new MemoryFixture(bug));
    public string LessThan(string column, long value) => $"{column} < {value}";
    public ITargetDatabase Open(OpenContext context) => new MemoryTarget(store, bug);
    public TableName Name(string table) => new(null, table);
    public bool KeepsStrays => true;

    public IReadOnlyList<LogicalType> Types =>
        [LogicalType.Int64, LogicalType.Float64, LogicalType.Text, LogicalType.Bytes, LogicalType.Any];
    public IReadOnlyList<object> Refused(LogicalType type) => type.Kind == TypeKind.Float64 ? [double.NaN] : [];

    public ValueTask<TableName> CreateAsync(SampleTable table)
    {
        store.Create(table.Name, table.Columns, table.Key, table.Rows);
        return ValueTask.FromResult(Name(table.Name));
    }

    public ValueTask DropAsync(TableName name)
    {
        store.Tables.Remove(name.Name);
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<string>> RowsAsync(TableName table, IReadOnlyList<string> columns)
    {
        IReadOnlyList<string> rows = [];
        if (store.Control.TryGetValue(table.Name, out var control)) rows = [.. control.Select(r => Cells.Row(columns.Select(c => r[c])))];
        else if (store.Tables.TryGetValue(table.Name, out var found))
        {
            var places = columns.Select(c => found.Columns.ToList().FindIndex(x => x.Name == c)).ToArray();
            rows = [.. found.Rows.Select(r => Cells.Row(places.Select(p => r[p])))];
        }
        return ValueTask.FromResult(rows);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
