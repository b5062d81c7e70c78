using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Files;

/// <summary>Names of folders and files that a target makes: safe in any file system, whatever a table is called. Pure.</summary>
internal static class FilesNames
{
    public const string Control = ".pawl", Success = "_SUCCESS";
    private const string Odd = "/\\%:*?\"<>|";
    private const int MostBytes = 200, KeptBytes = 150;

    private static readonly HashSet<string> Devices = new(
        ["con", "prn", "aux", "nul", .. Enumerable.Range(0, 10).SelectMany(i => new[] { $"com{i}", $"lpt{i}" })],
        StringComparer.OrdinalIgnoreCase);

    /// <summary>The folder of a table; two tables never share one (where the file system tells cases apart).</summary>
    public static string Folder(TableName table)
    {
        var name = table.ToString();
        var safe = new StringBuilder();
        var at = 0;
        foreach (var rune in name.EnumerateRunes())
        {
            var isFirst = at == 0;
            at += rune.Utf16SequenceLength;
            var isOdd = Rune.IsControl(rune) || Odd.Contains(rune.ToString(), StringComparison.Ordinal)
                || (isFirst && rune.Value is '.' or '_') || ((isFirst || at == name.Length) && rune.Value is '.' or ' ');
            if (isOdd) Escape(safe, rune.ToString());
            else safe.Append(rune);
        }
        var folder = safe.ToString();
        if (Devices.Contains(folder.Split('.')[0])) folder = $"%{(int)folder[0]:X2}{folder[1..]}";
        if (Encoding.UTF8.GetByteCount(folder) <= MostBytes) return folder;
        var kept = folder.Length;
        while (Encoding.UTF8.GetByteCount(folder.AsSpan(0, kept)) > KeptBytes || char.IsHighSurrogate(folder[kept - 1])) kept--;
        return folder[..kept] + "%" + Hash(name);
    }

    /// <summary>
    /// What the files of a lane begin with: whose they are, their generation and split, so that names sort as they were written.
    /// </summary>
    public static string Stem(LaneId lane, TablePlan plan)
    {
        var at = lane.Name.LastIndexOf("/s", StringComparison.Ordinal);
        var isSplit = at >= 0 && int.TryParse(lane.Name.AsSpan(at + 2), NumberStyles.None, CultureInfo.InvariantCulture, out var split)
            && plan.Lane(lane.Job, split) == lane;
        var tail = isSplit ? "s" + lane.Name[(at + 2)..].PadLeft(4, '0') : "x" + Hash(lane.Name)[..8];
        return string.Create(CultureInfo.InvariantCulture, $"{Owner(lane.Job.ToString("D"))}g{plan.Generation:D4}-{tail}-");
    }

    public static string Part(string stem, long number, string ending) =>
        string.Create(CultureInfo.InvariantCulture, $"{stem}{number:D6}{ending}");

    /// <summary>What all files of a job begin with.</summary>
    public static string Owner(string job) => $"part-{job[..8]}-";

    private static void Escape(StringBuilder to, string text)
    {
        foreach (var b in Encoding.UTF8.GetBytes(text)) to.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));
}
