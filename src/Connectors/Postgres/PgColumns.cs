using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// A plan's columns beside those of the table that is there: what is written, and how. A pair of types that could change a value is
/// refused; where the source's cells are of no fixed type each value is judged by itself. Immutable.
/// </summary>
internal sealed class PgColumns
{
    private PgColumns(PgTarget target, IReadOnlyList<PgCopyColumn> written, bool isText)
    {
        Target = target;
        Written = written;
        IsText = isText;
    }

    public PgTarget Target { get; }
    /// <summary>In the plan's order; what the target computes itself is left out.</summary>
    public IReadOnlyList<PgCopyColumn> Written { get; }
    /// <summary>A column's type has no binary form that Pawl knows, so that all go as text.</summary>
    public bool IsText { get; }

    /// <summary>A column's binary form is one that only the server reads.</summary>
    public bool HasNative => Written.Any(w => Target.Column(w.Name)!.Kind.Wire == PgWire.Native);

    /// <summary>The format in which these columns can be taken undecoded; null = none.</summary>
    /// <param name="version">The server's major version.</param>
    public string? WireFormat(int version) => IsWhole ? PgWireFormat.Of(Written.Select(w => Target.Column(w.Name)!)
        .Select(c => (c.BaseOid, c.Modifier, c.BaseName)), version) : null;

    /// <summary>All of the plan's columns are written.</summary>
    private bool IsWhole { get; init; }

    /// <exception cref="PawlException">A column is missing, or could not hold the values.</exception>
    public static PgColumns Match(PgTarget target, TablePlan plan)
    {
        var written = new List<PgCopyColumn>();
        var isText = false;
        for (var i = 0; i < plan.TargetSchema.Columns.Count; i++)
        {
            var column = plan.TargetSchema.Columns[i];
            var found = target.Column(column.Name)
                ?? throw new PawlException(Fault.Schema, Codes.TargetColumnMissing, ("target", plan.Target), ("column", column.Name));
            if (found.Generated.Length > 0)
            {
                if (column.Generated) continue;
                throw Unfit(plan, column, found, "the target computes it");
            }
            if (Narrows(column, found) is { } cause && !column.Dynamic) throw Unfit(plan, column, found, cause);
            var cell = Cell(column, found) ?? throw Unfit(plan, column, found, null);
            isText |= found.Kind.Wire == PgWire.Native && !found.IsTextInBinary;
            written.Add(new PgCopyColumn(i, found.Name, cell));
        }
        foreach (var other in target.Columns)
        {
            if (!other.NotNull || other.HasDefault || other.Identity.Length > 0 || other.Generated.Length > 0
                || written.Any(w => w.Name == other.Name)) continue;
            throw new PawlException(Fault.Schema, Codes.TargetTypeUnfit, ("target", plan.Target), ("column", other.Name),
                ("target_type", other.Type), ("cause", "it is not null, has no default, and the job brings no such column"));
        }
        return new PgColumns(target, written, isText) { IsWhole = written.Count == plan.TargetSchema.Columns.Count };
    }

    /// <summary>The columns that make a row the same row.</summary>
    /// <exception cref="PawlException"><see cref="Codes.UpsertNeedsKey"/>.</exception>
    public PgUniqueSet RequireKey(TablePlan plan)
    {
        var key = plan.TargetSchema.Key.Columns.Select(c => plan.TargetSchema.Columns[c].Name).ToArray();
        return Target.UniqueOver(key) ?? throw new PawlException(Fault.Schema, Codes.UpsertNeedsKey, ("table", plan.Target));
    }

    /// <summary>Null when no value of the column could be stored exactly.</summary>
    private static PgCell? Cell(ColumnSchema from, PgTargetColumn to)
    {
        var kind = from.Type.Kind;
        var isAny = kind == TypeKind.Any;
        var precision = to.Modifier is >= 0 and <= 6 ? to.Modifier : -1;
        return to.Kind.Wire switch
        {
            PgWire.Bool when kind == TypeKind.Bool => new PgBoolCell(),
            PgWire.Int2 when kind == TypeKind.Integer || isAny => new PgWholeCell(2),
            PgWire.Int4 when kind == TypeKind.Integer || isAny => new PgWholeCell(4),
            PgWire.Int8 when kind == TypeKind.Integer || isAny => new PgWholeCell(8),
            PgWire.Oid when kind == TypeKind.Integer => new PgWholeCell(4, isOid: true),
            PgWire.Float4 when kind is TypeKind.Float32 or TypeKind.Float64 => new PgFloatCell(4),
            PgWire.Float8 when kind is TypeKind.Float32 or TypeKind.Float64 || isAny => new PgFloatCell(8),
            PgWire.Numeric when kind is TypeKind.Decimal or TypeKind.Integer or TypeKind.UnsignedInteger || isAny => Numeric(to.Modifier),
            PgWire.Text when kind is TypeKind.Text or TypeKind.Json or TypeKind.Native || isAny => Text(to),
            PgWire.Bytea when kind == TypeKind.Bytes || isAny => new PgBytesCell(),
            PgWire.Date when kind == TypeKind.Date => new PgDateCell(),
            PgWire.Time when kind == TypeKind.Time => new PgTimeCell(precision),
            PgWire.Timestamp when kind == TypeKind.DateTime => new PgMomentCell(precision, isZoned: false),
            PgWire.Timestamptz when kind == TypeKind.Instant => new PgMomentCell(precision, isZoned: true),
            PgWire.Interval when kind == TypeKind.Interval && (to.Modifier < 0 || from.NativeType == to.Type) => new PgIntervalCell(),
            PgWire.Uuid when kind == TypeKind.Uuid => new PgUuidCell(),
            PgWire.Json when kind == TypeKind.Json => new PgTextCell(),
            // jsonb orders keys and drops blanks: only what went through that already stays as it is.
            PgWire.Jsonb when kind == TypeKind.Json && (from.NativeType == "jsonb" || from.NativeType == to.Type) =>
                new PgTextCell(isJsonb: true),
            PgWire.Native when kind == TypeKind.Native && from.NativeType == to.Type => NativeText(to),
            _ => null,
        };
    }

    /// <summary>The server's text for the value; of "char" it would keep the first byte only.</summary>
    private static PgTextCell NativeText(PgTargetColumn to) =>
        to.BaseOid == 18 ? new PgTextCell(PgTextLimit.Bytes, 4) : new PgTextCell();

    private static PgTextCell Text(PgTargetColumn to) => to.BaseOid switch
    {
        19 => new PgTextCell(PgTextLimit.Bytes, PgNames.MaxBytes),
        1043 when to.Modifier >= 4 => new PgTextCell(PgTextLimit.Characters, to.Modifier - 4),
        1042 when to.Modifier >= 4 => new PgTextCell(PgTextLimit.ExactCharacters, to.Modifier - 4),
        _ => new PgTextCell(),
    };

    private static PgNumericCell Numeric(int modifier)
    {
        if (modifier < 4) return new PgNumericCell(0, 0);
        return new PgNumericCell(((modifier - 4) >> 16) & 0xFFFF, (((modifier - 4) & 0x7FF) ^ 1024) - 1024);
    }

    /// <summary>Why some values of the source's type would not fit; null when all do.</summary>
    private static string? Narrows(ColumnSchema from, PgTargetColumn to)
    {
        if (from.NativeType == to.Type && from.NativeType.Length > 0) return null;
        var (type, wire) = to.Kind;
        return (from.Type.Kind, wire) switch
        {
            (TypeKind.Any, _) => null,
            (TypeKind.Integer, PgWire.Int2 or PgWire.Int4) when Bytes(from) > type.Length => $"it holds {type.Length} bytes",
            (TypeKind.Integer, PgWire.Oid) => "it holds no negative numbers",
            (TypeKind.Float64, PgWire.Float4) => "it holds four bytes",
            (TypeKind.Decimal, PgWire.Numeric) when to.Modifier >= 4 && !(from.Type.Precision > 0 && from.Type.Scale <= type.Scale
                && from.Type.Precision - from.Type.Scale <= type.Precision - type.Scale) => "it would be rounded",
            (TypeKind.Integer, PgWire.Numeric) when to.Modifier >= 4 && type.Precision - type.Scale < Digits(Bytes(from)) =>
                "it holds fewer digits",
            (TypeKind.UnsignedInteger, PgWire.Numeric) when to.Modifier >= 4 && type.Precision - type.Scale < 20 => "it holds fewer digits",
            (TypeKind.Text or TypeKind.Json or TypeKind.Native, PgWire.Text) when to.BaseOid == 1042 => "it pads what is shorter",
            (TypeKind.Text or TypeKind.Json or TypeKind.Native, PgWire.Text) when to.BaseOid == 19 => "it holds 63 bytes",
            (TypeKind.Text or TypeKind.Json or TypeKind.Native, PgWire.Text) when type.Length > 0
                && !(from.Type.Kind == TypeKind.Text && from.Type.Length > 0 && from.Type.Length <= type.Length) =>
                $"it holds {type.Length} characters",
            (TypeKind.Time or TypeKind.DateTime or TypeKind.Instant, PgWire.Time or PgWire.Timestamp or PgWire.Timestamptz)
                when to.Modifier is >= 0 and < 6 && !(from.Type.Precision > 0 && from.Type.Precision <= to.Modifier) =>
                $"it holds {to.Modifier} digits after the second",
            _ => null,
        };
    }

    private static int Bytes(ColumnSchema column) => column.Type.Length == 0 ? 8 : column.Type.Length;

    private static int Digits(int bytes) => bytes switch { 1 => 3, 2 => 5, <= 4 => 10, _ => 19 };

    private static PawlException Unfit(TablePlan plan, ColumnSchema from, PgTargetColumn to, string? cause)
    {
        List<(string, object?)> details =
        [
            ("target", plan.Target), ("column", to.Name), ("target_type", to.Type),
            ("type", from.NativeType.Length > 0 ? from.NativeType : from.Type),
        ];
        if (cause is not null) details.Add(("cause", cause));
        return new PawlException(Fault.Schema, Codes.TargetTypeUnfit, [.. details]);
    }
}
