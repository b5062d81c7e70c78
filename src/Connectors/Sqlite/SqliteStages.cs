using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.Sqlite;

/// <summary>
/// Staging tables in a target file: defined word for word as their target, with its unique indexes, so that a row the target would refuse
/// is refused when it is staged; published, or dropped.
/// </summary>
internal static class SqliteStages
{
    /// <summary>How the target as it is now would be replaced.</summary>
    /// <exception cref="PawlException">It is no table.</exception>
    public static Publication Foresee(SqliteFile file, TablePlan plan) => SqliteCatalog.Find(file, plan.Target.ToString()) is { } target
        ? Decide(file, plan, target, null) : new Publication(PublicationWay.Create);

    public static void Make(SqliteFile file, TablePlan plan)
    {
        var stage = plan.AsWritten();
        if (SqliteCatalog.Find(file, plan.Target.ToString()) is not { } target)
        {
            if (SqliteCatalog.Find(file, stage.Target.ToString()) is null)
            {
                SqliteTables.CheckFree(file, plan);
                file.Execute(new SqliteTarget(stage).CreateTable());
            }
        }
        else
        {
            SqliteColumns.Match(file, plan);
            if (SqliteCatalog.Find(file, stage.Target.ToString()) is null) MakeLike(file, stage, target);
        }
        SqliteColumns.Match(file, stage);
    }

    private static void MakeLike(SqliteFile file, TablePlan stage, string target)
    {
        var name = stage.Target.ToString();
        if (DefinitionOf(file, target) is { } body) file.Execute($"create table {SqliteNames.Quote(name)} {body}");
        else throw new PawlException(Fault.Schema, Codes.CannotPublish, ("table", stage.Source), ("target", target),
            ("cause", "its definition is written in a way that cannot be repeated"));
        var number = 0;
        foreach (var sql in IndexesOf(file, target).Where(i => i.IsUnique).Select(i => i.Sql))
        {
            // Without it a double would only be found when all rows are there.
            if (SqliteDefinition.OfIndex(sql) is not { } parts) continue;
            var index = FormattableString.Invariant($"{name}_u{++number}");
            file.Execute($"create unique index {SqliteNames.Quote(index)} on {SqliteNames.Quote(name)} {parts}");
        }
    }

    /// <summary>Behind the table's name; null when it is not understood.</summary>
    public static string? DefinitionOf(SqliteFile file, string table) =>
        file.Text("select sql from sqlite_schema where type = 'table' and name = ? collate nocase", table) is { } sql
            ? SqliteDefinition.OfTable(sql) : null;

    /// <summary>Indexes made by a statement of their own, in the order of their names.</summary>
    public static List<(string Name, string Sql, bool IsUnique)> IndexesOf(SqliteFile file, string table)
    {
        var found = new List<(string, string, bool)>();
        using var rows = file.Prepare("""
            select i.name, i.sql, l."unique" from sqlite_schema i join pragma_index_list(?1) l on l.name = i.name
            where i.type = 'index' and i.sql is not null and i.tbl_name = ?1 collate nocase order by i.name
            """);
        rows.Bind(1, table);
        while (rows.Step()) found.Add((rows.Text(0), rows.Text(1), rows.Int64(2) != 0));
        return found;
    }

    /// <summary>
    /// A view or a trigger anywhere in the file may name the table, and SQLite reads all of them again when a table is renamed.
    /// </summary>
    /// <param name="stage">What is to take its place; null = not made yet, it will be like the target.</param>
    public static Publication Decide(SqliteFile file, TablePlan plan, string target, string? stage)
    {
        SqliteColumns.Match(file, plan);
        if (Other(file) is var (kind, name)) return new Publication(PublicationWay.Rows, kind, name);
        if (Children(file, target) is [var child, ..]) return new Publication(PublicationWay.Rows, "foreign key", child);
        var isSame = stage is null || DefinitionOf(file, target) is { } body && body == DefinitionOf(file, stage);
        return isSame ? new Publication(PublicationWay.Rename) : new Publication(PublicationWay.Rows, "definition", target);
    }

    /// <summary>The first view or trigger of the file; null when there is none.</summary>
    public static (string Kind, string Name)? Other(SqliteFile file)
    {
        using var row = file.Prepare("select type, name from sqlite_schema where type in ('view', 'trigger') order by name limit 1");
        return row.Step() ? (row.Text(0), row.Text(1)) : null;
    }

    /// <summary>Tables with a foreign key to it; staging tables have those of their targets, and go.</summary>
    public static List<string> Children(SqliteFile file, string target)
    {
        var found = new List<string>();
        using var rows = file.Prepare("""
            select distinct t.name from pragma_table_list t join pragma_foreign_key_list(t.name) f
            where t.schema = 'main' and t.type = 'table' and t.name not like 'pawl\_stage\_%' escape '\'
                and f."table" = ? collate nocase
            order by t.name
            """);
        rows.Bind(1, target);
        while (rows.Step()) found.Add(rows.Text(0));
        return found;
    }

    /// <summary>All of them.</summary>
    public static List<TableName> All(SqliteFile file)
    {
        var found = new List<TableName>();
        using var rows = file.Prepare("select name from sqlite_schema where type = 'table' and name >= ? and name < ? order by name");
        rows.Bind(1, StageName.Start);
        rows.Bind(2, StageName.End);
        while (rows.Step()) found.Add(new TableName(null, rows.Text(0)));
        return found;
    }

    /// <summary>Those of that prefix but for one.</summary>
    public static List<string> Find(SqliteFile file, string prefix, TableName? keep) =>
        [.. All(file).Select(one => one.Name).Where(name => StageName.IsOne(prefix, name) && name != keep?.Name)];
}
