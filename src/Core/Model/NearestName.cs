namespace Pawl.Model;

/// <summary>"Did you mean": the closest of some names. Thread-safe.</summary>
public static class NearestName
{
    /// <summary>The longest identifier of the usual systems; the work grows with the square of the length.</summary>
    private const int Longest = 128;

    /// <summary>
    /// The closest candidate within a third of the length (at least one change), case and <c>-</c> for <c>_</c> not counted; null = none is
    /// close. Ties go to the first.
    /// </summary>
    public static string? Of(string written, IEnumerable<string> candidates)
    {
        if (written.Length is 0 or > Longest) return null;
        string? best = null;
        var least = Math.Max(1, written.Length / 3) + 1;
        foreach (var candidate in candidates)
        {
            if (candidate.Length > Longest || Math.Abs(candidate.Length - written.Length) >= least) continue;
            var distance = Distance(Plain(written), Plain(candidate));
            if (distance < least) (best, least) = (candidate, distance);
        }
        return best;
    }

    /// <summary>But for case, and <c>-</c> in place of <c>_</c>.</summary>
    internal static bool IsSame(string a, string b) => Plain(a) == Plain(b);

    private static string Plain(string name) => name.ToLowerInvariant().Replace('-', '_');

    /// <summary>Changes of one letter, or of two neighbours swapped, that turn one into the other.</summary>
    private static int Distance(string a, string b)
    {
        var older = new int[b.Length + 1];
        var previous = new int[b.Length + 1];
        var current = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++) previous[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = a[i - 1] == b[j - 1] ? 0 : 1;
                current[j] = Math.Min(Math.Min(previous[j] + 1, current[j - 1] + 1), previous[j - 1] + cost);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) current[j] = Math.Min(current[j], older[j - 2] + 1);
            }
            (older, previous, current) = (previous, current, older);
        }
        return previous[b.Length];
    }
}
