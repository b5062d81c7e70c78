using System.CommandLine;
using Pawl.Cli.Hosting;
using Pawl.Cli.Output;
using Pawl.Contracts;
using Pawl.Engine;
using Pawl.Model;

namespace Pawl.Cli.Verbs;

/// <summary>
/// <c>pawl doctor job.yaml|URL|NAME</c>: looks at both ends of a job, or at one endpoint, and says what is missing and what gives it.
/// Changes nothing. Exit code 0 = nothing stands in the way, 2 = something must be mended, 5 = something cannot be reached just now.
/// </summary>
internal static class DoctorVerb
{
    public static Command Create()
    {
        var what = new Argument<string>("what")
        {
            Description = Both("A job file, an address, or the name of a saved connection.", "作业文件、地址，或已保存连接的名字。"), HelpName = "job.yaml",
            DefaultValueFactory = _ => "job.yaml",
        };
        return new Command("doctor", Both("Check both ends of a job: a green list, or exactly what to grant, set or install.",
            "检查作业的两端：全绿，或准确列出要授予、设置、安装什么。")) { what }
            .Does("doctor", (shell, parse, ct) => DoctorAsync(shell, parse.GetValue(what)!, ct));
    }

    private static async Task<int> DoctorAsync(Shell shell, string what, CancellationToken ct)
    {
        var connectors = new ConnectorScan();
        if (Addresses.IsAddress(what) || (!File.Exists(what) && SavedConnections.InHome().Names.Contains(what)))
        {
            return await OneAsync(shell, connectors, Addresses.Parse(what, connectors), ct);
        }
        if (!File.Exists(what) && SavedConnections.IsName(what) && NearestName.Of(what, SavedConnections.InHome().Names) is { } near)
        {
            throw new PawlException(Fault.Configuration, Codes.ConnectionUnknown, ("name", what), ("suggestion", near));
        }
        var job = VerbRun.LoadJob(shell, what, connectors);
        var found = await new JobExaminer(Hosts.Create(connectors, new NoEvents(), shell.Time)).ExamineAsync(job, ct);
        var context = VerbRun.Context(shell);
        var view = new ProbeView(shell.OutPaint, shell.Width, context);
        var between = found.Problems.Select(ProbeFinding.Of).ToArray();
        shell.Say(view.Lines(Both("source", "源端"), job.Source.Display, found.Source));
        shell.Say();
        shell.Say(view.Lines(Both("target", "目标端"), job.Target.Display, found.Target));
        var head = shell.OutPaint.Bold(Cells.Pad(Both("job", "作业"), 8, false) + what);
        if (between.Length > 0) shell.Say(["", head, .. between.SelectMany(view.Lines)]);
        shell.Say(view.Mending(job.Source.Display, found.Source));
        shell.Say(view.Mending(job.Target.Display, found.Target));
        shell.Data["source"] = ProbeView.Data(job.Source.Display, found.Source, context);
        shell.Data["target"] = ProbeView.Data(job.Target.Display, found.Target, context);
        shell.Data["job"] = between.Select(f => ProbeView.Data(f, context)).ToArray();
        shell.Data["tables"] = found.Tables.Select(t => new Pairs { ["source"] = t.Source.ToString(), ["target"] = t.Target.ToString() })
            .ToArray();
        return Conclude(shell, [.. found.Source.Findings, .. found.Target.Findings, .. between],
            $"pawl run {Quoting.Word(what)}", $"pawl doctor {Quoting.Word(what)}");
    }

    /// <summary>One endpoint, whatever it may become.</summary>
    public static async Task<int> OneAsync(Shell shell, ConnectorScan connectors, Endpoint at, CancellationToken ct)
    {
        var report = await connectors.For(at).ProbeAsync(new ProbeRequest(at), ct);
        var context = VerbRun.Context(shell);
        var view = new ProbeView(shell.OutPaint, shell.Width, context);
        shell.Say(view.Lines("", at.Display, report));
        shell.Say(view.Mending(at.Display, report));
        shell.Data["endpoint"] = ProbeView.Data(at.Display, report, context);
        return Conclude(shell, report.Findings, null, null);
    }

    private static int Conclude(Shell shell, IReadOnlyList<ProbeFinding> findings, string? next, string? again)
    {
        var broken = findings.Where(f => f.Level == FindingLevel.Broken).ToArray();
        var warnings = findings.Count(f => f.Level == FindingLevel.Warning);
        var odd = warnings == 0 ? "" : $"{Figures.Plural(warnings, Noun.Warning)}";
        shell.Say();
        shell.Say(broken.Length > 0
            ? shell.OutPaint.Alarm(Figures.Plural(broken.Length, Noun.Defect)) + (odd.Length > 0 ? Both(", ", "，") + odd : "")
            : warnings > 0 ? shell.OutPaint.Yellow(odd) + Both(", nothing that would stop a run", "，不妨碍运行")
            : shell.OutPaint.Green(Both("All is well.", "一切就绪。")));
        if (broken.Length > 0 && again is not null) shell.Note(Both($"When it is mended: {again}", $"处理之后：{again}"));
        if (broken.Length == 0 && next is not null) shell.Note(Both($"Next: {next}", $"下一步：{next}"));
        shell.Data["ok"] = broken.Length == 0;
        shell.Data["broken"] = broken.Length;
        shell.Data["warnings"] = warnings;
        return broken.Length == 0 ? ExitCode.Done
            : broken.All(f => f.Fault is Fault.Transient or Fault.Throttled) ? ExitCode.Temporary : ExitCode.Invalid;
    }
}
