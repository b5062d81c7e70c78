namespace Pawl.Jobs;

/// <summary>Collects problems with their places. One file, one thread.</summary>
internal sealed class ProblemList(SourceText source, string file, SecretMask mask)
{
    /// <summary>More would not be read by anybody.</summary>
    private const int Most = 200;
    /// <summary>A longer line fits no screen.</summary>
    private const int LongestLine = 2_000;
    private readonly List<(int At, JobProblem Problem)> found = [];

    public int Count => found.Count;

    public IReadOnlyList<JobProblem> Sorted => [.. found.OrderBy(f => f.At).Select(f => f.Problem)];

    public void Add(string code, Span at, string field, string? reason = null, string? suggestion = null,
        params (string Name, string? Value)[] details)
    {
        if (found.Count >= Most) return;
        var all = new Dictionary<string, string?>();
        if (reason is not null) all["reason"] = reason;
        foreach (var (name, value) in details) all[name] = value;
        var problem = new JobProblem { Code = code, File = file, Field = field, Suggestion = suggestion, Details = all };
        found.Add((at.Start, at.Start < 0 ? problem : Placed(problem, at)));
    }

    private JobProblem Placed(JobProblem problem, Span at)
    {
        var (line, column) = source.Locate(at.Start);
        var text = source.Line(line);
        var length = Math.Clamp(at.Length, 1, Math.Max(1, text.Length - column + 1));
        var shown = text.Length > LongestLine ? null : mask.Apply(text).Replace('\t', ' ');
        return problem with { Line = line, Column = column, SourceLine = shown, CaretLength = length };
    }

    /// <summary>As written in the file, cut to a length that can be shown, passwords out.</summary>
    public string Raw(Span at)
    {
        var end = Math.Min(source.Text.Length, at.Start + Math.Min(at.Length, LongestLine));
        var shown = mask.Apply(source.Text[at.Start..end]);
        return shown.Length <= 200 ? shown : shown[..200] + "…";
    }

    /// <summary>
    /// Where <paramref name="part"/> stands inside <paramref name="whole"/>; the whole when it cannot be found (escapes, folding).
    /// </summary>
    public Span Within(Span whole, string part)
    {
        if (part.Length == 0 || whole.Start < 0) return whole;
        var at = source.Text.IndexOf(part, whole.Start, Math.Min(whole.Length, source.Text.Length - whole.Start), StringComparison.Ordinal);
        return at < 0 ? whole : new Span(at, part.Length);
    }

    public (int Line, int Column) Locate(Span at) => source.Locate(at.Start);
}
