using Pawl.Conformance;
using Pawl.Connectors.Postgres;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.Tests.Postgres;

/// <summary>What this connector writes and reads again, on version 15.</summary>
public sealed class PgTypes_Conformance : TypesSuite
{
    protected override async ValueTask<ITypesFixture> OpenAsync() => new PgTypesFixture(await PgSinkFixture.OpenAsync());
}

/// <summary>The same on version 18.</summary>
public sealed class Pg18Types_Conformance : TypesSuite
{
    protected override async ValueTask<ITypesFixture> OpenAsync() => new PgTypesFixture(await PgSinkFixture.OpenAsync(18));
}

/// <summary>The target's fixture, read back.</summary>
internal sealed class PgTypesFixture(PgSinkFixture target) : ITypesFixture
{
    public async ValueTask<ISource> OpenSourceAsync() => await PgSource.OpenAsync(target.Options, null, default);

    public ITargetDatabase Open(OpenContext context) => target.Open(context);
    public TableName Name(string table) => target.Name(table);
    public ValueTask<IReadOnlyList<string>> RowsAsync(TableName table, IReadOnlyList<string> columns) => target.RowsAsync(table, columns);
    public ValueTask DisposeAsync() => target.DisposeAsync();
    public bool KeepsStrays => false;

    public IReadOnlyList<LogicalType> Types =>
    [
        LogicalType.Bool, new(TypeKind.Integer, 2), new(TypeKind.Integer, 4), LogicalType.Int64, new(TypeKind.Float32), LogicalType.Float64,
        new(TypeKind.Decimal), LogicalType.Text, LogicalType.Bytes, new(TypeKind.Date), new(TypeKind.Time, Precision: 6),
        new(TypeKind.DateTime, Precision: 6), new(TypeKind.Instant, Precision: 6), new(TypeKind.Interval), new(TypeKind.Uuid),
        new(TypeKind.Json),
    ];

    /// <summary>A text of the server's ends at a NUL. https://www.postgresql.org/docs/current/datatype-character.html</summary>
    public IReadOnlyList<object> Refused(LogicalType type) => type.Kind == TypeKind.Text ? ["\0", "a\0b"] : [];
}
