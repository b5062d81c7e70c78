namespace Pawl.Jobs;

/// <summary>"Did you mean": the closest of some names.</summary>
public static class NearestName
{
    /// <summary>Longer texts are not compared: nobody mistypes them by a letter.</summary>
    private const int Longest = 64;

    /// <summary>
    /// The closest candidate within a third of the length (at least one change); null = none is close. Ties go to the first.
    /// </summary>
    public static string? Of(string written, IEnumerable<string> candidates)
    {
        if (written.Length is 0 or > Longest) return null;
        string? best = null;
        var least = Math.Max(1, written.Length / 3) + 1;
        foreach (var candidate in candidates)
        {
            if (candidate.Length > Longest) continue;
            var distance = Distance(Plain(written), Plain(candidate));
            if (distance < least) (best, least) = (candidate, distance);
        }
        return best;
    }

    /// <summary>But for case, and <c>-</c> in place of <c>_</c>.</summary>
    internal static bool IsSame(string a, string b) => Plain(a) == Plain(b);

    private static string Plain(string name) => name.ToLowerInvariant().Replace('-', '_');

    /// <summary>Changes of one letter, or of two neighbours swapped, that turn one into the other.</summary>
    internal static int Distance(string a, string b)
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
