using Pawl.Contracts;
using Pawl.Jobs;
using Xunit;

namespace Pawl.Core.Tests.Jobs;

/// <summary>Short ways to read job files in tests, with connectors and an environment of their own.</summary>
internal static class JobText
{
    public const string Folder = "/jobs";
    public const string File = "/jobs/job.yaml";

    /// <summary>The smallest job, up to and including its tables line.</summary>
    public const string Head = "version: 1\nname: n\nsource: sqlite:a.db\ntarget: sqlite:b.db\n";

    public static readonly IReadOnlyList<ConnectorSpec> Connectors =
    [
        new ConnectorSpec
        {
            Name = "sqlite", Schemes = ["sqlite"], Description = "files", Limits = new ConnectorLimits { HasSchemas = false },
            Options =
            [
                new OptionSpec("busy", "wait", "5s"), new OptionSpec("journal", "mode", "wal", ["wal", "delete"]),
                new OptionSpec("key", "secret", Secret: true),
            ],
        },
        new ConnectorSpec
        {
            Name = "postgres", Schemes = ["postgres", "postgresql"], Description = "servers",
            Limits = new ConnectorLimits { CopiesWithin = true, DefaultSchema = "public" },
            Options =
            [
                new OptionSpec("tls", "tls", "on", ["on", "off"]), new OptionSpec("x", "any"),
                new OptionSpec("sslpassword", "secret", Secret: true),
            ],
        },
    ];

    public static JobFileResult Parse(string text, Dictionary<string, string>? environment = null) =>
        JobFile.Parse(text, File, n => environment?.GetValueOrDefault(n), Connectors);

    /// <summary>The job of a text without problems.</summary>
    public static JobSpec Job(string text, Dictionary<string, string>? environment = null)
    {
        var result = Parse(text, environment);
        Assert.Empty(result.Problems.Select(p => $"{p.Code} {p.Line}:{p.Column} {p.Field} {string.Join(",", p.Details)}"));
        return result.Job!;
    }

    /// <summary>The only problem of a text.</summary>
    public static JobProblem Problem(string text, Dictionary<string, string>? environment = null)
    {
        var result = Parse(text, environment);
        Assert.Null(result.Job);
        return Assert.Single(result.Problems);
    }

    /// <summary>What the caret points at.</summary>
    public static string Marked(this JobProblem problem) => problem.SourceLine!.Substring(problem.Column - 1, problem.CaretLength);

    public static EndpointResult Endpoint(string text, Dictionary<string, string>? environment = null) =>
        EndpointParser.Parse(text, Folder, n => environment?.GetValueOrDefault(n), Connectors);
}
