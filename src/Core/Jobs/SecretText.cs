using System.Text;
using Pawl.Model;

namespace Pawl.Jobs;

/// <summary>
/// Text with <c>${NAME}</c> and <c>${file:path}</c> in it, cut into pieces; <c>$${</c> stands for <c>${</c>. Values are looked up once
/// and kept apart from what may be shown.
/// </summary>
internal sealed class SecretText
{
    /// <summary>A secret is a line, not a document.</summary>
    private const int MostBytes = 64 * 1024;
    private readonly List<Piece> pieces = [];

    /// <param name="Shown">As written in the file.</param>
    /// <param name="Value">What stands for it; the text itself when <paramref name="IsSecret"/> is not set.</param>
    public readonly record struct Piece(string Shown, string Value, bool IsSecret);

    public IReadOnlyList<Piece> Pieces => pieces;

    /// <summary>The piece of text that could not be read, with code and reason; the first one found.</summary>
    public (string Code, string Reason, string Part)? Problem { get; private set; }

    /// <param name="text">As written.</param>
    /// <param name="folder">Where relative <c>file:</c> paths start.</param>
    /// <param name="environment">Looks up a variable; null = not set.</param>
    public static SecretText Resolve(string text, string folder, Func<string, string?> environment)
    {
        var all = new SecretText();
        foreach (var (shown, plain, name) in Cut(text))
        {
            if (name is null) all.pieces.Add(new Piece(shown, plain, false));
            else all.Look(shown, name, folder, environment);
        }
        return all;
    }

    /// <summary>The placeholders of a text, as written; for fields that do not take any.</summary>
    public static IEnumerable<string> Placeholders(string text) => Cut(text).Where(p => p.Name is not null).Select(p => p.Shown);

    /// <summary>Text of a field that takes no placeholders: only the escape is undone.</summary>
    public static string Unescape(string text) => text.Replace("$${", "${");

    public static bool IsOnePlaceholder(string text) => Cut(text).Count(p => p.Shown.Length > 0) == 1 && Placeholders(text).Any();

    /// <summary>The text with every <c>${</c> escaped, so that it reads back as itself.</summary>
    public static string Escape(string text) => text.Replace("${", "$${");

    /// <summary>Name is null for plain text, empty for a placeholder that is not one.</summary>
    private static IEnumerable<(string Shown, string Plain, string? Name)> Cut(string text)
    {
        var plain = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (Has(text, i, "$${"))
            {
                plain.Append("${");
                i += 2;
            }
            else if (Has(text, i, "${"))
            {
                if (plain.Length > 0) yield return (plain.ToString(), plain.ToString(), null);
                plain.Clear();
                var end = text.IndexOf('}', i);
                var shown = end < 0 ? text[i..] : text[i..(end + 1)];
                yield return (shown, "", end < 0 ? "" : text[(i + 2)..end]);
                i += shown.Length - 1;
            }
            else plain.Append(text[i]);
        }
        if (plain.Length > 0) yield return (plain.ToString(), plain.ToString(), null);
    }

    private static bool Has(string text, int at, string part) => string.CompareOrdinal(text, at, part, 0, part.Length) == 0;

    private void Look(string shown, string name, string folder, Func<string, string?> environment)
    {
        var file = name.StartsWith("file:", StringComparison.Ordinal) ? name[5..] : null;
        if (file is null && !IsVariable(name)) Note(Codes.JobValueInvalid, JobReasons.Placeholder, shown);
        else if (file is { Length: 0 }) Note(Codes.JobValueInvalid, JobReasons.Placeholder, shown);
        else if (file is not null) LookInFile(shown, file, folder);
        else
        {
            var value = environment(name);
            if (string.IsNullOrEmpty(value)) Note(Codes.SecretMissing, value is null ? JobReasons.NotSet : JobReasons.Empty, shown);
            else pieces.Add(new Piece(shown, value, true));
        }
    }

    private void LookInFile(string shown, string file, string folder)
    {
        try
        {
            var path = Path.GetFullPath(file, folder);
            if (!File.Exists(path))
            {
                Note(Codes.SecretMissing, Directory.Exists(path) ? JobReasons.FileUnreadable : JobReasons.FileAbsent, shown);
                return;
            }
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var bytes = new byte[MostBytes + 1];
            var length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length > MostBytes) { Note(Codes.SecretMissing, JobReasons.TooLarge, shown); return; }
            var value = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes, 0, length);
            if (value.EndsWith('\n')) value = value[..^(value.EndsWith("\r\n", StringComparison.Ordinal) ? 2 : 1)];
            if (value.Length == 0) Note(Codes.SecretMissing, JobReasons.Empty, shown);
            else pieces.Add(new Piece(shown, value, true));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            // DecoderFallbackException is an ArgumentException: the file is no text.
            Note(Codes.SecretMissing, e is DecoderFallbackException ? JobReasons.Encoding : JobReasons.FileUnreadable, shown);
        }
    }

    private void Note(string code, string reason, string part)
    {
        Problem ??= (code, reason, part);
        pieces.Add(new Piece(part, "", true));
    }

    private static bool IsVariable(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
