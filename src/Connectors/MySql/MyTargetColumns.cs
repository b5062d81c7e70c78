using Pawl.Connectors.MySql.Protocol;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// A plan's columns beside those of the table that is there: what is written, and how. A pair of types that could change a value is
/// refused; where the source's cells are of no fixed type, and of a key's text, each value is judged by itself. Immutable.
/// </summary>
internal sealed class MyTargetColumns
{
    private MyTargetColumns(MyTargetTable target, IReadOnlyList<MyTargetCell> written) => (Target, Written) = (target, written);

    public MyTargetTable Target { get; }

    /// <summary>In the plan's order; what the target computes itself is left out.</summary>
    public IReadOnlyList<MyTargetCell> Written { get; }

    /// <exception cref="PawlException">A column is missing, or could not hold the values.</exception>
    public static MyTargetColumns Match(MyTargetTable target, TablePlan plan, MyServerFacts server)
    {
        var written = new List<MyTargetCell>();
        var shape = MyShape.From(plan.SourceSchema);
        for (var i = 0; i < plan.TargetSchema.Columns.Count; i++)
        {
            var column = plan.TargetSchema.Columns[i];
            var found = target.Column(column.Name)
                ?? throw new PawlException(Fault.Schema, Codes.TargetColumnMissing, ("target", plan.Target), ("column", column.Name));
            if (found.IsGenerated)
            {
                if (column.Generated) continue;
                throw Unfit(plan, column, found, "the target computes it");
            }
            var isJudged = column.Dynamic || IsKeyed(plan, column.Name) && column.Type.Storage == Storage.Bytes
                && column.Type.Kind != TypeKind.Decimal;
            var isSame = shape is not null && !plan.Columns.Set.ContainsKey(column.Name) && IsSame(column, found);
            // It says of no value that it wrote another, so none is judged.
            var isOwn = isSame && !shape!.MariaDb;
            if (found.Base == "json" && !isOwn) throw Unfit(plan, column, found, "it writes JSON in a form of its own");
            if (Narrows(column, found, isSame) is { } cause && !isJudged) throw Unfit(plan, column, found, cause);
            written.Add(Cell(column, found, isSame, i, server) ?? throw Unfit(plan, column, found, null));
        }
        foreach (var other in target.Columns)
        {
            if (!other.NotNull || other.HasDefault || other.IsAuto || other.IsGenerated
                || written.Any(w => w.Target.Name == other.Name)) continue;
            throw new PawlException(Fault.Schema, Codes.TargetTypeUnfit, ("target", plan.Target), ("column", other.Name),
                ("target_type", other.Type), ("cause", "it is not null, has no default, and the job brings no such column"));
        }
        return new MyTargetColumns(target, written);
    }

    /// <summary>The columns that make a row the same row.</summary>
    /// <exception cref="PawlException"><see cref="Codes.UpsertNeedsKey"/>.</exception>
    public MyUniqueSet RequireKey(TablePlan plan)
    {
        var key = plan.TargetSchema.Key.Columns.Select(c => plan.TargetSchema.Columns[c].Name).ToArray();
        return Target.UniqueOver(key) ?? throw new PawlException(Fault.Schema, Codes.UpsertNeedsKey, ("table", plan.Target));
    }

    /// <summary>
    /// Key columns of an upsert whose collation at the target takes texts for one that the source tells apart. Whether it does is known of
    /// the same collation only, or of one that compares byte by byte and pads nothing.
    /// </summary>
    public static IReadOnlyList<string> CoarseKey(MyTargetTable target, TablePlan plan)
    {
        if (plan.Write != WriteMode.Upsert) return [];
        var isKin = MyShape.From(plan.SourceSchema) is not null;
        var coarse = new List<string>();
        foreach (var from in plan.TargetSchema.Key.Columns.Select(k => plan.TargetSchema.Columns[k]))
        {
            if (target.Column(from.Name) is not { Collation.Length: > 0 } to || (isKin && from.Collation == to.Collation)) continue;
            var isExact = to.Collation.EndsWith("_nopad_bin", StringComparison.Ordinal) || to.Collation == "utf8mb4_0900_bin";
            if (!isExact && from.Type.Kind is not (TypeKind.Uuid or TypeKind.Integer or TypeKind.Decimal)) coarse.Add(to.Name);
        }
        return coarse;
    }

    /// <summary>In the key, or in a unique set: its text has the length that a key allows.</summary>
    private static bool IsKeyed(TablePlan plan, string column) =>
        plan.TargetSchema.Key.Columns.Any(k => plan.TargetSchema.Columns[k].Name == column)
        || plan.TargetSchema.UniqueSets.Any(set => set.Contains(column));

    /// <summary>Null when no value of the column could be stored exactly.</summary>
    private static MyTargetCell? Cell(ColumnSchema from, MyTargetColumn to, bool isSame, int place, MyServerFacts server)
    {
        // A statement has to hold the value, and what stands around it.
        var most = Math.Max(1024, server.MaxAllowedPacket - 4096);
        var kind = from.Type.Kind;
        var isAny = kind == TypeKind.Any;
        return to.Base switch
        {
            "tinyint" or "smallint" or "mediumint" or "int" or "bigint" or "bit" or "year"
                when kind is TypeKind.Bool or TypeKind.Integer or TypeKind.UnsignedInteger || isAny =>
                Whole(kind, to, place, most),
            "decimal" when kind is TypeKind.Bool or TypeKind.Integer or TypeKind.UnsignedInteger => Whole(kind, to, place, most),
            "decimal" when kind == TypeKind.Decimal || isAny =>
                new MyTargetDecimalCell(to.Precision, to.Scale, to.IsUnsigned) { Target = to, Place = place, MostBytes = most },
            "float" or "double" when kind is TypeKind.Float32 or TypeKind.Float64 || isAny =>
                new MyTargetFloatCell(to.Base == "float", server.IsMariaDb) { Target = to, Place = place, MostBytes = most },
            "char" or "varchar" or "tinytext" or "text" or "mediumtext" or "longtext" or "json"
                when kind is TypeKind.Text or TypeKind.Json or TypeKind.Any or TypeKind.Native =>
                new MyTargetTextCell(to.Base is "char" or "varchar" ? to.Characters : 0, to.Base == "char")
                {
                    Target = to, Place = place, MostBytes = most,
                },
            "char" or "varchar" or "uuid" when kind == TypeKind.Uuid =>
                new MyTargetWideCell { Target = to, Place = place, MostBytes = most },
            "varchar" or "text" or "mediumtext" or "longtext" when kind == TypeKind.Interval =>
                new MyTargetWideCell { Target = to, Place = place, MostBytes = most },
            "binary" or "varbinary" or "tinyblob" or "blob" or "mediumblob" or "longblob" when kind == TypeKind.Bytes || isAny =>
                new MyTargetBytesCell(to.Base is "binary" or "varbinary" ? to.Octets : 0, to.Base == "binary")
                {
                    Target = to, Place = place, MostBytes = most,
                },
            "date" when kind == TypeKind.Date => Calendar(kind, to, place, most, server),
            "time" when kind == TypeKind.Time => Calendar(kind, to, place, most, server),
            "datetime" when kind == TypeKind.DateTime => Calendar(kind, to, place, most, server),
            "timestamp" when kind == TypeKind.Instant => Calendar(kind, to, place, most, server),
            // The server's own forms: as it gave them it takes them.
            _ when isSame && kind == TypeKind.Bytes =>
                new MyTargetBytesCell(0, isPadded: false) { Target = to, Place = place, MostBytes = most },
            _ when isSame && kind is TypeKind.Text or TypeKind.Native =>
                new MyTargetTextCell(0, cutsBlanks: false) { Target = to, Place = place, MostBytes = most },
            _ => null,
        };
    }

    private static MyTargetWholeCell Whole(TypeKind kind, MyTargetColumn to, int place, long most)
    {
        var (least, greatest) = Range(to);
        return new MyTargetWholeCell(kind == TypeKind.UnsignedInteger, least, greatest) { Target = to, Place = place, MostBytes = most };
    }

    private static MyTargetCalendarCell Calendar(TypeKind kind, MyTargetColumn to, int place, long most, MyServerFacts server)
    {
        // https://mariadb.com/kb/en/timestamp/: unsigned seconds since 11.5.
        var last = server.IsMariaDb && server.Version >= new Version(11, 5) ? (long)uint.MaxValue : int.MaxValue;
        return new MyTargetCalendarCell(kind, to.Fraction, last) { Target = to, Place = place, MostBytes = most };
    }

    private static (decimal Least, decimal Most) Range(MyTargetColumn to)
    {
        if (to.Base == "bit") return (0, Power(2, to.Precision) - 1);
        if (to.Base == "year") return (0, 2155);
        if (to.Base == "decimal")
        {
            var most = Power(10, Math.Min(to.Precision - to.Scale, 20)) - 1;
            return (to.IsUnsigned ? 0 : -most, most);
        }
        var bits = to.Base switch { "tinyint" => 8, "smallint" => 16, "mediumint" => 24, "int" => 32, _ => 64 };
        return to.IsUnsigned ? (0, Power(2, bits) - 1) : (-Power(2, bits - 1), Power(2, bits - 1) - 1);
    }

    private static decimal Power(int of, int exponent)
    {
        var result = 1m;
        for (var i = 0; i < exponent; i++) result *= of;
        return result;
    }

    /// <summary>Of one type, when both are of this system. The words of an enum and a set are the same in the same letters only.</summary>
    private static bool IsSame(ColumnSchema from, MyTargetColumn to) =>
        from.NativeType.Length > 0 && string.Equals(Plain(from.NativeType), Plain(to.Type), StringComparison.Ordinal);

    /// <summary>The type without the width of a whole number, which MariaDB writes, MySQL does not, and no value minds.</summary>
    private static string Plain(string type)
    {
        var (open, close) = (type.IndexOf('('), type.IndexOf(')'));
        var isWhole = open > 0 && type[..open].ToLowerInvariant() is "tinyint" or "smallint" or "mediumint" or "int" or "bigint" or "year";
        return isWhole && close > open ? type[..open] + type[(close + 1)..] : type;
    }

    /// <summary>Why some values of the source's type would not fit; null when all do.</summary>
    private static string? Narrows(ColumnSchema from, MyTargetColumn to, bool isSame)
    {
        var isText = from.Type.Kind is TypeKind.Text or TypeKind.Json or TypeKind.Native;
        // The same column of the same charset holds the same.
        if (isSame && (to.Charset.Length == 0 || from.Collation?.Split('_')[0] == to.Charset)) return null;
        return (from.Type.Kind, to.Base) switch
        {
            (TypeKind.Integer or TypeKind.Bool, "tinyint" or "smallint" or "mediumint" or "int" or "bigint" or "year" or "bit"
                or "decimal") => NarrowsWhole(from, to),
            (TypeKind.UnsignedInteger, "tinyint" or "smallint" or "mediumint" or "int" or "bigint" or "bit" or "decimal")
                when Range(to).Most < ulong.MaxValue => "it holds fewer digits",
            (TypeKind.Float64, "float") => "it holds four bytes",
            (TypeKind.Float32 or TypeKind.Float64, "float" or "double") when to.Type.Contains('(') => "it would be rounded",
            (TypeKind.Float32 or TypeKind.Float64, "float" or "double") when to.IsUnsigned => "it holds no negative numbers",
            (TypeKind.Decimal, "decimal") when (from.Type.Precision > 0 ? from.Type.Scale > to.Scale
                || from.Type.Precision - from.Type.Scale > to.Precision - to.Scale : !IsWidest(to)) => "it would be rounded",
            (TypeKind.Decimal, "decimal") when to.IsUnsigned => "it holds no negative numbers",
            (_, "char") when isText => "it does not keep blanks at the end",
            (_, "varchar") when isText && !(from.Type.Kind == TypeKind.Text && from.Type.Length > 0 && from.Type.Length <= to.Characters) =>
                $"it holds {to.Characters} characters",
            (_, "tinytext" or "text" or "mediumtext") when isText && !(from.Type.Kind == TypeKind.Text && from.Type.Length > 0
                && from.Type.Length * 4L <= to.Octets) => $"it holds {to.Octets} bytes",
            (TypeKind.Uuid, "char" or "varchar") when to.Characters < 36 => "it holds fewer characters",
            (TypeKind.Interval, "varchar") when to.Characters < 60 => "it holds fewer characters",
            (TypeKind.Bytes, "binary") => "it pads what is shorter",
            (TypeKind.Bytes, "varbinary" or "tinyblob" or "blob" or "mediumblob")
                when !(from.Type.Length > 0 && from.Type.Length <= to.Octets) => $"it holds {to.Octets} bytes",
            (TypeKind.Time or TypeKind.DateTime or TypeKind.Instant, "time" or "datetime" or "timestamp")
                when to.Fraction < 6 && !(from.Type.Precision > 0 && from.Type.Precision <= to.Fraction) =>
                $"it holds {to.Fraction} digits after the second",
            _ => null,
        };
    }

    private static bool IsWidest(MyTargetColumn to) => to is { Precision: MyTargetTypes.MostDigits, Scale: MyTargetTypes.MostScale };

    private static string? NarrowsWhole(ColumnSchema from, MyTargetColumn to)
    {
        if (from.Type.Kind == TypeKind.Bool) return null;
        var bytes = from.Type.Length == 0 ? 8 : from.Type.Length;
        var greatest = Power(2, bytes * 8 - 1) - 1;
        if (Range(to).Most < greatest) return "it holds fewer digits";
        return Range(to).Least > -greatest - 1 ? "it holds no negative numbers" : null;
    }

    private static PawlException Unfit(TablePlan plan, ColumnSchema from, MyTargetColumn to, string? cause)
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
