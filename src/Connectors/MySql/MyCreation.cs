using System.Globalization;
using System.Text;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// How the target table of a plan is made: with the source's own types, defaults and indexes where it is MySQL or MariaDB too, else from
/// the common schema. What names columns comes along as far as its columns do. The key is there from the start, all other indexes come
/// after the rows. Always InnoDB.
/// </summary>
internal sealed class MyCreation
{
    /// <summary>Stands in the comment of a table that Pawl made and has yet to finish.</summary>
    public const string Unfinished = "pawl: its keys and indexes come after the rows";

    private readonly TablePlan plan;
    private readonly MyServerFacts server;
    private readonly IReadOnlyList<ColumnSchema> columns;
    private readonly MyShape? shape;
    /// <summary>Source and target are of one kind, so that collations, expressions and defaults mean the same.</summary>
    private readonly bool isKin;
    /// <summary>Every column comes along under its name, so that expressions still hold.</summary>
    private readonly bool isWhole;

    public MyCreation(TablePlan plan, MyServerFacts server)
    {
        (this.plan, this.server) = (plan, server);
        columns = plan.TargetSchema.Columns;
        shape = MyShape.From(plan.SourceSchema) is { IsView: false } own ? own : null;
        isKin = shape is not null && shape.MariaDb == server.IsMariaDb;
        isWhole = isKin && shape!.Columns.All(c => Origin(c.Name)?.Name == c.Name);
    }

    /// <summary>The table's comment when it is finished.</summary>
    public string Comment => shape?.Comment ?? "";

    /// <summary>Numbers that the source has given are not given again; null = it gives none.</summary>
    public ulong? AutoIncrement => shape is not null && columns.Any(c => IsNumbered(c.Name)) ? shape!.AutoIncrement : null;

    public string CreateTable()
    {
        var text = new StringBuilder($"create table if not exists {MyQuote.Name(plan.Target)} (");
        text.AppendJoin(", ", columns.Select(Column));
        var kind = plan.TargetSchema.Key.Kind == KeyKind.Primary ? "primary" : "unique";
        if (Key is [_, ..]) text.Append($", {kind} key ({MyQuote.Names(Key)})");
        foreach (var check in isWhole ? shape!.Checks.Where(c => JsonOf(c) is null) : [])
        {
            text.Append($", check ({MyDefaults.Expression(check.Condition, server.IsMariaDb)})");
        }
        var collation = isKin && shape!.Collation is { } own ? own : MyQuote.Exact(server);
        return text.Append($") engine=InnoDB {(isKin ? "" : "row_format=dynamic ")}default character set {collation.Split('_')[0]} "
            + $"collate {collation} comment={MyNames.Literal(Unfinished)}").ToString();
    }

    /// <summary>The planned columns as the table would hold them.</summary>
    public IReadOnlyList<ColumnSchema> Foresee() => [.. columns.Select(c => Origin(c.Name) is { } own && IsTypeKnown(own)
        ? c with { NativeType = own.Type } : c with { NativeType = Declared(c), Type = MyTargetTypes.HeldAs(c.Type) })];

    /// <summary>What is made once the rows are there: the columns of an index that is unique, and ALTER TABLE's words.</summary>
    public IEnumerable<(IReadOnlyList<string>? Unique, string? Name, string Sql)> AfterRows()
    {
        if (shape is not null)
        {
            foreach (var index in shape.Indexes)
            {
                if (index.IsPrimary || Parts(index) is not { } parts) continue;
                var isPlain = index.Parts.All(p => p.Prefix == 0);
                string[] names = [.. Slice(index.Unique), .. index.Parts.Select(p => Carried(p.Column!)!)];
                if (index.Unique && isPlain && IsKey(names)) continue;
                var kind = index.Kind is "FULLTEXT" or "SPATIAL" ? index.Kind.ToLowerInvariant() + " " : index.Unique ? "unique " : "";
                var list = string.Join(", ", Slice(index.Unique).Select(MyQuote.Name).Concat(parts));
                yield return (index.Unique && isPlain ? names : null, index.Name, $"add {kind}key {MyQuote.Name(index.Name)} ({list})");
            }
            yield break;
        }
        foreach (var set in Sets()) yield return (set, null, $"add unique key ({MyQuote.Names(set)})");
    }

    private string Column(ColumnSchema column)
    {
        var text = new StringBuilder($"{MyQuote.Name(column.Name)} {Declared(column)}");
        var own = Origin(column.Name);
        if (own?.Generated is { } expression && isWhole)
        {
            var made = MyDefaults.Expression(expression, server.IsMariaDb);
            return text.Append($" generated always as ({made}) {(own.IsStored ? "stored" : "virtual")}").ToString();
        }
        text.Append(column.Nullable ? " null" : " not null");
        if (own is null) return text.ToString();
        if (isKin && own.IsInvisible) text.Append(" invisible");
        if (IsNumbered(column.Name)) return text.Append(" auto_increment").ToString();
        if (IsTypeKnown(own)) text.Append(MyDefaults.Of(own, shape!.MariaDb, server.IsMariaDb));
        // MariaDB's json is a text with this check, and is known by it.
        if (isKin && shape!.Checks.Any(c => JsonOf(c) == own.Name)) text.Append($" check (json_valid({MyQuote.Name(column.Name)}))");
        return text.ToString();
    }

    /// <summary>The column that the check makes a json; null for any other check.</summary>
    private string? JsonOf(MyCheck check) => shape!.MariaDb
        ? shape.Columns.FirstOrDefault(c => check.Condition == $"json_valid({MyQuote.Name(c.Name)})")?.Name : null;

    public string Declared(ColumnSchema column)
    {
        if (Origin(column.Name) is not { } own || !IsTypeKnown(own)) return MyTargetTypes.Declare(column, Keyed(column.Name), server);
        if (own.Charset is null || own.Charset == "binary" || own.Base == "json" && own.Type == "json") return own.Type;
        return $"{own.Type} character set {own.Charset}{(isKin && own.Collation is { } collation ? " collate " + collation : "")}";
    }

    /// <summary>Both kinds have it.</summary>
    private bool IsTypeKnown(MyTableColumn own) => isKin || own.Base is not ("uuid" or "inet4" or "inet6" or "vector" or "json");

    private IReadOnlyList<string> Key => plan.TargetSchema.Key.Kind is KeyKind.Primary or KeyKind.Unique
        ? [.. plan.TargetSchema.Key.Columns.Select(c => columns[c].Name)] : [];

    private bool IsKey(IReadOnlyCollection<string> names) => names.Count == Key.Count && names.All(Key.Contains);

    /// <summary>Such a column has to lead an index that is there from the start.</summary>
    private bool IsNumbered(string name) => Origin(name) is { IsAutoIncrement: true } own && Key is [var first, ..] && first == name
        && (isKin || own.Base is "tinyint" or "smallint" or "mediumint" or "int" or "bigint");

    /// <summary>What is to be unique beside the key.</summary>
    private IEnumerable<IReadOnlyList<string>> Sets() => plan.TargetSchema.UniqueSets
        .Where(set => set.Count > 0 && set.All(name => plan.TargetSchema.IndexOf(name) >= 0) && !IsKey(set.ToArray()))
        .Select(set => Slice(isUnique: true).Where(s => !set.Contains(s)).Concat(set).ToArray());

    /// <summary>What is unique in one table is unique among several only together with where it comes from.</summary>
    private string[] Slice(bool isUnique) => isUnique && plan.Slice is { } slice ? [slice.Column] : [];

    /// <summary>Null when a column did not come along as it was.</summary>
    private string[]? Parts(MyIndex index)
    {
        var parts = new List<string>();
        foreach (var part in index.Parts)
        {
            if (part.Column is null || Carried(part.Column) is not { } name) return null;
            var prefix = part.Prefix > 0 && index.Kind is not ("FULLTEXT" or "SPATIAL")
                ? string.Create(CultureInfo.InvariantCulture, $"({part.Prefix})") : "";
            parts.Add($"{MyQuote.Name(name)}{prefix}{(part.Descending ? " desc" : "")}");
        }
        return [.. parts];
    }

    /// <summary>Columns of text or bytes in the largest set the column is in: they share the room of an index.</summary>
    private int Keyed(string name)
    {
        var most = 0;
        foreach (var set in Sets().Prepend(Key).Where(set => set.Contains(name)))
        {
            most = Math.Max(most, set.Count(n => columns[plan.TargetSchema.IndexOf(n)].Type.Kind
                is TypeKind.Text or TypeKind.Bytes or TypeKind.Any or TypeKind.Json or TypeKind.Native));
        }
        return most;
    }

    /// <summary>What a source column is called in the target; null when it did not come along as it was.</summary>
    private string? Carried(string column)
    {
        var name = plan.Columns.Rename.GetValueOrDefault(column, column);
        return Origin(name) is { } origin && origin.Name == column ? name : null;
    }

    /// <summary>The source column behind a target column; null for a constant, or where the source is another system.</summary>
    private MyTableColumn? Origin(string name)
    {
        if (shape is null || plan.Columns.Set.ContainsKey(name) || plan.TargetSchema.IndexOf(name) < 0) return null;
        var origin = plan.Columns.Rename.FirstOrDefault(r => r.Value == name).Key ?? name;
        if (origin == name && plan.Columns.Rename.ContainsKey(name)) return null;
        return shape.Columns.FirstOrDefault(c => c.Name == origin);
    }
}
