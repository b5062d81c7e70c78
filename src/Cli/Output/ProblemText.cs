using Pawl.Cli.Texts;
using Pawl.Jobs;

namespace Pawl.Cli.Output;

/// <summary>What is said about one problem of a job file: the text of its reason where it has one, else of its code.</summary>
public static class ProblemText
{
    public static string What(JobProblem problem, ErrorText text)
    {
        var reason = problem.Details.GetValueOrDefault("reason");
        var template = reason is not null ? ReasonTexts.Find(reason)?.Text : null;
        return Template.Fill(template ?? text.What.Text, n => Detail(problem, n));
    }

    public static string? Detail(JobProblem problem, string name) => problem.Details.GetValueOrDefault(name) is { } value
        ? DetailTexts.Value(name, value) : name switch
    {
        "file" => problem.File,
        "field" => problem.Field,
        // The name as written is the last part; its parent is what stands before it.
        "parent" => problem.Field.Contains('.', StringComparison.Ordinal) ? problem.Field[..problem.Field.LastIndexOf('.')] : null,
        // Shown beside the caret already.
        "suggestion" when problem.Line > 0 => null,
        "suggestion" => problem.Suggestion,
        _ => null,
    };

    public static Pairs Data(JobProblem problem)
    {
        var data = new Pairs
        {
            ["code"] = problem.Code, ["file"] = problem.File, ["line"] = problem.Line, ["column"] = problem.Column,
            ["field"] = problem.Field,
        };
        if (problem.Suggestion is not null) data["suggestion"] = problem.Suggestion;
        if (ErrorTexts.Find(problem.Code) is { } text)
        {
            data["title"] = text.Title.Text;
            data["what"] = What(problem, text);
        }
        if (problem.Details.Count > 0) data["details"] = problem.Details;
        return data;
    }
}
