namespace Pawl.Simulation;

/// <summary>What happened, as a rolling hash; as text too when asked for. Two runs of one seed must give the same hash.</summary>
internal sealed class Trace(bool keepText)
{
    private readonly List<string> lines = [];

    public ulong Hash { get; private set; } = 0xCBF29CE484222325UL;
    public bool KeepsText => keepText;
    public IReadOnlyList<string> Lines => lines;

    public void Number(long value) => Hash = (Hash ^ (ulong)value) * 0x100000001B3UL + 0x9E37UL;

    public void Add(long now, int process, string what)
    {
        Number(now);
        Number(process);
        foreach (var c in what) Number(c);
        if (keepText) lines.Add(Line(now, process, what));
    }

    /// <summary>Only in the text: too much detail to hash.</summary>
    public void Note(long now, int process, string what)
    {
        if (keepText) lines.Add(Line(now, process, what));
    }

    private static string Line(long now, int process, string what) =>
        FormattableString.Invariant($"{TimeSpan.FromTicks(now).TotalSeconds,12:F6} {(process < 0 ? "world" : "p" + process),-6} {what}");
}
