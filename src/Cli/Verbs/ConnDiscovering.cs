using Pawl.Cli.Hosting;
using Pawl.Cli.Output;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Cli.Verbs;

/// <summary><c>pawl conn discover</c>: what an endpoint holds, from its catalogue alone.</summary>
internal static class ConnDiscovering
{
    public static async Task<int> RunAsync(Shell shell, string name, string[] patterns, CancellationToken ct)
    {
        var connectors = new ConnectorScan();
        var at = Addresses.Parse(name, connectors);
        if (connectors.For(at) is not IListsTables lists)
        {
            throw new PawlException(Fault.Configuration, Codes.SchemeUnknown, ("scheme", at.Scheme), ("role", "source"));
        }
        var (databases, tables) = (new List<FoundDatabase>(), new List<FoundTable>());
        foreach (var pattern in patterns.Length == 0 ? ["*"] : patterns)
        {
            var found = await lists.DiscoverAsync(at, new TablePattern(pattern), ct);
            databases.AddRange(found.Databases.Where(d => databases.All(k => k.Name != d.Name)));
            tables.AddRange(found.Tables.Where(t => tables.All(k => k.Name != t.Name)));
        }
        shell.Say(shell.OutPaint.Bold(at.Display));
        if (databases.Count > 1) shell.Say(["", .. Databases(databases, shell), ""]);
        if (tables.Count > 0) shell.Say(Tables(tables, shell).Lines(shell.Width, shell.OutPaint));
        else shell.Say(Both("No table is there.", "没有任何表。"));
        if (tables.Any(t => !t.Readable))
        {
            shell.Note(Both("What gives the missing rights: ", "如何取得缺少的权限：") + $"pawl doctor {Quoting.Word(name)}");
        }
        shell.Data["address"] = at.Display;
        shell.Data["databases"] = databases.Select(d => new Pairs
        {
            ["name"] = d.Name, ["current"] = d.Current, ["bytes"] = d.Bytes < 0 ? null : d.Bytes,
        }).ToArray();
        shell.Data["tables"] = tables.Select(t => new Pairs
        {
            ["table"] = t.Name.ToString(), ["schema"] = t.Name.Schema, ["name"] = t.Name.Name, ["rows"] = t.Rows < 0 ? null : t.Rows,
            ["bytes"] = t.Bytes < 0 ? null : t.Bytes, ["key"] = t.Key.ToString(), ["key_columns"] = t.KeyColumns, ["readable"] = t.Readable,
        }).ToArray();
        return ExitCode.Done;
    }

    private static IEnumerable<string> Databases(IReadOnlyList<FoundDatabase> databases, Shell shell)
    {
        var table = new TextTable(new("database", "数据库"), new("size", "大小", true), new("", ""));
        foreach (var d in databases)
        {
            table.AddPainted(shell.OutPaint.Green, d.Name, d.Bytes < 0 ? "" : Figures.Bytes(d.Bytes),
                d.Current ? Both("this one", "当前") : "");
        }
        return table.Lines(shell.Width, shell.OutPaint);
    }

    private static TextTable Tables(IReadOnlyList<FoundTable> tables, Shell shell)
    {
        var table = new TextTable(new("table", "表"), new("rows", "行数", true), new("size", "大小", true), new("key", "键"), new("", ""));
        foreach (var t in tables)
        {
            var key = t.Key switch
            {
                KeyKind.RowId => Both("row id", "行号"),
                KeyKind.None => Both("none", "无"),
                KeyKind.Unique => string.Join(", ", t.KeyColumns) + Both(" (unique)", "（唯一）"),
                _ => string.Join(", ", t.KeyColumns),
            };
            table.AddPainted(shell.OutPaint.Red, t.Name.ToString(), t.Rows < 0 ? "" : "~" + Figures.Short(t.Rows),
                t.Bytes < 0 ? "" : Figures.Bytes(t.Bytes), key, t.Readable ? "" : Both("may not be read", "不可读"));
        }
        return table;
    }
}
