using System.CommandLine;
using Pawl.Cli.Hosting;
using Pawl.Cli.Output;
using Pawl.Contracts;
using Pawl.Jobs;
using Pawl.Model;
using Pawl.Telemetry;

namespace Pawl.Cli.Verbs;

/// <summary><c>pawl init</c>: looks into the source and writes a short job file with real table names and no password.</summary>
internal static class InitVerb
{
    public static Command Create()
    {
        var from = new Option<string>("--from")
        {
            Description = Both("Address of the source, as sqlite:shop.db.", "源端的地址，如 sqlite:shop.db。"), Required = true, HelpName = "url",
        };
        var to = new Option<string>("--to")
        {
            Description = Both("Address of the target, as sqlite:copy.db.", "目标端的地址，如 sqlite:copy.db。"), Required = true, HelpName = "url",
        };
        var tables = VerbRun.TablesOption();
        var name = new Option<string?>("--name") 
        {
            Description = Both("Name of the job. Default: made from the source's name.", "作业名称。默认：由源端的名字得来。"),
        };
        var output = new Option<string>("--output", "-o") 
        {
            Description = Both("File to write; - prints to stdout.", "写入的文件；- 表示打印到标准输出。"), DefaultValueFactory = _ => "job.yaml",
        };
        var force = new Option<bool>("--force") { Description = Both("Write over a file that is there.", "覆盖已存在的文件。") };
        return new Command("init", Both("Look into a source and write a job file for it.", "查看源端，为它写出作业文件。"))
        {
            from, to, tables, name, output, force,
        }
            .Does("init", (shell, parse, ct) => InitAsync(shell, new Wish(parse.GetValue(from)!, parse.GetValue(to)!,
                parse.GetValue(tables) ?? [],
                parse.GetValue(name), parse.GetValue(output)!, parse.GetValue(force)), ct));
    }

    private const int MostNames = 100;

    private sealed record Wish(string From, string To, string[] Tables, string? Name, string Output, bool Force);

    private static async Task<int> InitAsync(Shell shell, Wish wish, CancellationToken ct)
    {
        var connectors = new ConnectorScan();
        var folder = wish.Output == "-" ? Environment.CurrentDirectory : Path.GetDirectoryName(Path.GetFullPath(wish.Output))!;
        if (wish.Output != "-" && File.Exists(wish.Output) && !wish.Force)
        {
            throw new PawlException(Fault.Configuration, Codes.ConfirmationNeeded,
                ("action", Both($"Writing over {wish.Output}", $"覆盖 {wish.Output}")),
                ("command", $"pawl init … -o {Quoting.Word(wish.Output)}"), ("answer", "--force"));
        }
        // What a user types counts from where he stands; what the file says, from where the file is.
        var source = Addresses.Read(wish.From, Environment.CurrentDirectory, connectors);
        var target = Addresses.Read(wish.To, Environment.CurrentDirectory, connectors);
        var found = await TablesAsync(shell, connectors, source, Patterns(wish), ct);
        // Many tables stay patterns: a file is written to be read.
        IReadOnlyList<string> names = found.Count > MostNames ? Patterns(wish) : [.. found.Select(t =>
            TablePattern.Literal(t.Name.ToString()).Text)];
        var composed = JobFile.Compose(Relative(wish.From, source, folder), Relative(wish.To, target, folder), names, folder,
            Environment.GetEnvironmentVariable, [.. connectors.All.Select(c => c.Spec)], wish.Name, Tag, book: SavedConnections.InHome());
        var text = composed.Text;
        foreach (var secret in composed.Secrets)
        {
            var what = DetailTexts.Value("what", secret.What);
            shell.Note(Both($"The {what} of the {secret.Field} is not in the file; set it before running: export {secret.Variable}=…",
                $"文件中没有 {secret.Field} 的{what}；运行前请设置：export {secret.Variable}=…"));
        }
        shell.Data["tables"] = found.Select(t => t.Name.ToString()).ToArray();
        if (wish.Output == "-")
        {
            shell.Raw(text);
            shell.Data["text"] = text;
            return ExitCode.Done;
        }
        await File.WriteAllTextAsync(wish.Output, text, ct);
        shell.Data["file"] = Path.GetFullPath(wish.Output);
        var count = Figures.Plural(found.Count, Noun.Table);
        shell.Say(Both($"Wrote {wish.Output}: {count} of {source.Display}.", $"已写出 {wish.Output}：{source.Display} 的 {count}。"));
        shell.Note(Both("Next: ", "下一步：") + $"pawl plan {Quoting.Word(wish.Output)}");
        return ExitCode.Done;
    }

    private static string[] Patterns(Wish wish) => wish.Tables.Length == 0 ? ["*"] : wish.Tables;

    private static async Task<IReadOnlyList<TableSchema>> TablesAsync(Shell shell, ConnectorScan connectors, Endpoint source,
        string[] patterns,
        CancellationToken ct)
    {
        if (connectors.For(source) is not IReadsTables reads)
        {
            throw new PawlException(Fault.Configuration, Codes.SchemeUnknown, ("scheme", source.Scheme), ("role", "source"));
        }
        await using var opened = await reads.OpenSourceAsync(source, new OpenContext(shell.Time, Hosts.NewIds(), NoCrashPoints.Instance),
            ct);
        var found = new Dictionary<TableName, TableSchema>();
        foreach (var pattern in patterns)
        {
            var matched = await opened.DescribeAsync(new TablePattern(pattern), ct);
            if (matched.Count == 0)
            {
                var all = await opened.DescribeAsync(new TablePattern("*"), ct);
                throw new PawlException(Fault.Configuration, Codes.PatternEmpty, ("pattern", pattern), ("source", source.Display),
                    ("suggestion", NearestName.Of(pattern, all.Select(t => t.Name.ToString()))));
            }
            foreach (var table in matched) found.TryAdd(table.Name, table);
        }
        return [.. found.Values];
    }

    /// <summary>
    /// A relative file path is written as seen from the job file's folder; placeholders and full addresses stay as typed.
    /// </summary>
    private static string Relative(string typed, Endpoint at, string folder)
    {
        var colon = typed.IndexOf(':', StringComparison.Ordinal);
        if (typed.Contains("${", StringComparison.Ordinal) || at.Host is not null || colon < 0 || !Path.IsPathRooted(at.Path)) return typed;
        var rest = typed[(colon + 1)..];
        var query = rest.IndexOf('?', StringComparison.Ordinal) is >= 0 and var q ? rest[q..] : "";
        return Path.IsPathRooted(rest) ? typed : typed[..(colon + 1)] + Path.GetRelativePath(folder, at.Path).Replace('\\', '/') + query;
    }
}
