namespace Pawl.Cli.Output;

/// <summary>
/// A table in plain text: two spaces between columns, a rule under the head, no frame. Where it would be wider than allowed, columns marked
/// as optional go first, from the right, then the widest name columns are cut in the middle.
/// </summary>
public sealed class TextTable(params TextTable.Head[] heads)
{
    private readonly List<string[]> rows = [];
    private readonly List<Func<string, string>?> paints = [];
    private string[]? total;

    /// <param name="Right">Figures stand right.</param>
    /// <param name="Optional">May be left out on a narrow terminal; the highest number goes first, 0 = stays.</param>
    public sealed record Head(string En, string Zh, bool Right = false, int Optional = 0)
    {
        public string Text => Both(En, Zh);
    }

    public int Count => rows.Count;

    public void Add(params string[] cells) => AddPainted(null, cells);

    /// <param name="paint">Colours the last cell, the one that says how it went.</param>
    public void AddPainted(Func<string, string>? paint, params string[] cells)
    {
        rows.Add(cells);
        paints.Add(paint);
    }

    /// <summary>A last line under a rule of its own.</summary>
    public void Total(params string[] cells) => total = cells;

    public IEnumerable<string> Lines(int width, Paint paint)
    {
        var shown = Enumerable.Range(0, heads.Length).Where(i => All.Any(r => r[i].Length > 0)).ToList();
        while (Needed(shown) > width && shown.Any(i => heads[i].Optional > 0))
        {
            shown.Remove(shown.Where(i => heads[i].Optional > 0).MaxBy(i => heads[i].Optional));
        }
        var widths = shown.ToDictionary(i => i, Widest);
        while (widths.Values.Sum() + 2 * (shown.Count - 1) > width)
        {
            var text = shown.Where(i => !heads[i].Right && widths[i] > 8).DefaultIfEmpty(-1).MaxBy(i => i < 0 ? 0 : widths[i]);
            if (text < 0) break;
            widths[text]--;
        }
        yield return paint.Dim(Line(heads.Select(h => h.Text).ToArray(), shown, widths).TrimEnd());
        for (var r = 0; r < rows.Count; r++) yield return Painted(rows[r], paints[r], shown, widths);
        if (total is null) yield break;
        yield return paint.Dim(new string('─', Math.Min(width, widths.Values.Sum() + 2 * (shown.Count - 1))));
        yield return paint.Bold(Line(total, shown, widths).TrimEnd());
    }

    private IEnumerable<string[]> All => total is null ? rows : rows.Append(total);

    private int Widest(int column) => Math.Max(Cells.Width(heads[column].Text), All.Max(r => (int?)Cells.Width(r[column])) ?? 0);

    private int Needed(List<int> shown) => shown.Sum(Widest) + 2 * (shown.Count - 1);

    private string Line(string[] cells, List<int> shown, Dictionary<int, int> widths) =>
        string.Join("  ", shown.Select(i => Cells.Pad(Cells.Shorten(cells[i], widths[i]), widths[i], heads[i].Right)));

    private string Painted(string[] cells, Func<string, string>? paint, List<int> shown, Dictionary<int, int> widths)
    {
        var line = Line(cells, shown, widths);
        if (paint is null || shown[^1] != heads.Length - 1) return line.TrimEnd();
        var lead = Line(cells, shown[..^1], widths);
        return lead + "  " + paint(Cells.Shorten(cells[^1], widths[shown[^1]]).TrimEnd());
    }
}
