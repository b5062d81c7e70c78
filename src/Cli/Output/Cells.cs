using System.Globalization;
using System.Text;

namespace Pawl.Cli.Output;

/// <summary>Width of text on a terminal: wide East Asian characters and emoji take two cells, combining marks none.</summary>
public static class Cells
{
    /// <summary>Closing marks hang on what is before them, opening ones on what follows.</summary>
    private const string Closing = "，。；：、！？）」』》”’…", Opening = "（「『《“‘";

    public static int Width(string text)
    {
        var width = 0;
        var inColour = false;
        foreach (var rune in text.EnumerateRunes())
        {
            // A colour runs from ESC to the next m and takes no cell.
            if (rune.Value == '\u001b') inColour = true;
            else if (inColour) inColour = rune.Value != 'm';
            else width += Width(rune);
        }
        return width;
    }

    /// <summary>Cut in the middle so that start and end of a name stay legible.</summary>
    public static string Shorten(string text, int most)
    {
        if (Width(text) <= most) return text;
        if (most <= 1) return most == 1 ? "…" : "";
        var head = (most - 1 + 1) / 2;
        return Take(text, head, fromEnd: false) + "…" + Take(text, most - 1 - head, fromEnd: true);
    }

    public static string Pad(string text, int width, bool right)
    {
        var gap = Math.Max(0, width - Width(text));
        return right ? new string(' ', gap) + text : text + new string(' ', gap);
    }

    /// <summary>
    /// Breaks into lines of at most <paramref name="width"/> cells: at spaces, and beside wide characters, which are written without any;
    /// a longer word stands alone.
    /// </summary>
    public static IEnumerable<string> Wrap(string text, int width)
    {
        var line = new StringBuilder();
        var cells = 0;
        foreach (var piece in Pieces(text))
        {
            var shown = Width(piece.TrimEnd(' '));
            if (cells > 0 && cells + shown > width)
            {
                yield return line.ToString().TrimEnd();
                line.Clear();
                cells = 0;
            }
            line.Append(piece);
            cells += Width(piece);
        }
        yield return line.ToString().TrimEnd();
    }

    /// <summary>What must not be torn apart: a word with the spaces after it, or a wide character with its punctuation.</summary>
    private static IEnumerable<string> Pieces(string text)
    {
        var from = 0;
        Rune? before = null;
        var at = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (before is { } last && IsBreak(last, rune))
            {
                yield return text[from..at];
                from = at;
            }
            before = rune;
            at += rune.Utf16SequenceLength;
        }
        yield return text[from..];
    }

    private static bool IsBreak(Rune before, Rune after) => before.Value == ' ' ? after.Value != ' '
        : after.Value != ' ' && (Width(before) == 2 || Width(after) == 2) && !IsOneOf(Closing, after) && !IsOneOf(Opening, before);

    private static bool IsOneOf(string marks, Rune rune) => rune.IsBmp && marks.Contains((char)rune.Value);

    private static string Take(string text, int most, bool fromEnd)
    {
        var runes = text.EnumerateRunes().ToArray();
        var kept = new List<Rune>();
        var width = 0;
        for (var i = 0; i < runes.Length; i++)
        {
            var rune = runes[fromEnd ? runes.Length - 1 - i : i];
            if (width + Width(rune) > most) break;
            width += Width(rune);
            kept.Add(rune);
        }
        if (fromEnd) kept.Reverse();
        return string.Concat(kept);
    }

    private static int Width(Rune rune) => rune.Value switch
    {
        < 0x300 => 1,
        _ when Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark
            or UnicodeCategory.Format => 0,
        >= 0x1100 and <= 0x115F or >= 0x2E80 and <= 0xA4CF or >= 0xAC00 and <= 0xD7A3 or >= 0xF900 and <= 0xFAFF or >= 0xFE30 and <= 0xFE6F
            or >= 0xFF00 and <= 0xFF60 or >= 0xFFE0 and <= 0xFFE6 or >= 0x1F300 and <= 0x1FAFF or >= 0x20000 and <= 0x3FFFD => 2,
        _ => 1,
    };
}
