using System.Text;
using Pawl.Connectors.Files;
using Pawl.Contracts;
using Pawl.Model;
using Xunit;

namespace Pawl.Connectors.Tests.Files;

/// <summary>Records and fields, whatever the pieces are in which the bytes come.</summary>
public sealed class CsvParserTests
{
    [Theory]
    [InlineData("a,b\n", "[a|b]")]
    [InlineData("a,b\r\nc,d\r\n", "[a|b][c|d]")]
    [InlineData("a,b", "[a|b]")]
    [InlineData("a,", "[a|∅]")]
    [InlineData("a,\n,b\n", "[a|∅][∅|b]")]
    [InlineData("a,\"\"\n", "[a|]")]
    [InlineData("\"x\"\"y\",\"\"\"\"\n", "[x\"y|\"]")]
    [InlineData("\"line\none\",\"two\r\nlines\"\n", "[line\none|two\r\nlines]")]
    [InlineData("5\" pipe,a\"b\"\n", "[5\" pipe|a\"b\"]")]
    [InlineData("\"a,b\",\"c\"\r\n\"d\",\"e\"", "[a,b|c][d|e]")]
    [InlineData("a,b\n\nc,d\n\n", "[a|b][c|d]")]
    [InlineData("a\rb,c\n", "[a\rb|c]")]
    [InlineData("a,b,c\nd\ne,f\n", "!!" + "[e|f]")]
    [InlineData("\"a\"x,b\nc,d\n", "![c|d]")]
    [InlineData("a,b\n\"c,d\ne,f\n", "[a|b]!")]
    [InlineData("a,\0\nc,d\n", "![c|d]")]
    [InlineData("é,中\n🦀,\u00a0\n", "[é|中][🦀|\u00a0]")]
    public void Fields_are_what_stands_between_delimiters_and_quotes(string text, string expected)
    {
        foreach (var chunk in new[] { 1, 2, 3, 4, 5, 8, 13, 4096 }) Assert.Equal(expected, Read(text, chunk));
    }

    [Theory]
    [InlineData("'a\\'b';'c\\\\'\n", "[a'b|c\\]")]
    [InlineData("'a''b';x\n", "[a'b|x]")]
    [InlineData("'a\\\nb';x\n", "[a\nb|x]")]
    [InlineData("a\\;b\n", "[a\\|b]")]
    [InlineData("NULL;'NULL'\n;\n", "[∅|NULL][|]")]
    public void Quote_escape_delimiter_and_null_text_are_what_the_options_say(string text, string expected)
    {
        var at = FilesFolder.At("/", "csv", ("delimiter", ";"), ("quote", "'"), ("escape", "\\"), ("null", "NULL"));
        foreach (var chunk in new[] { 1, 2, 3, 4096 }) Assert.Equal(expected, Read(text, chunk, FilesOptions.Parse(at)));
    }

    [Fact]
    public void Any_bytes_in_pieces_of_any_size_are_read_as_the_plain_reading_of_the_rules_says()
    {
        var random = new Random(20261126);
        string[] parts = ["a", "bc", ",", ",", "\"", "\"", "\"\"", "\n", "\r\n", "\r", " ", "é", "中", ",\"", "\",", "\"\n"];
        for (var trial = 0; trial < 20_000; trial++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 24)).Select(_ => parts[random.Next(parts.Length)]));
            var expected = Plain(text);
            var chunk = random.Next(1, 12);
            Assert.True(expected == Read(text, chunk), $"{Shown(text)} in pieces of {chunk}: {Shown(Read(text, chunk))}, not {Shown(expected)}");
        }
    }

    [Fact]
    public void What_was_written_by_the_rules_is_what_is_read()
    {
        var random = new Random(7);
        string?[] values = [null, "", "a", "a,b", "x\"y", "line\nbreak", "cr\r\nlf", "\"", " ", "中文", "🦀", new string('w', 300)];
        for (var trial = 0; trial < 300; trial++)
        {
            var rows = Enumerable.Range(0, random.Next(1, 40)).Select(_ => (values[random.Next(values.Length)],
                values[random.Next(values.Length)])).ToArray();
            bool Bare(string value) => value.Length > 0 && !value.AsSpan().ContainsAny("\",\r\n") && random.Next(2) == 0;
            string Field(string? value) => value is null ? "" : Bare(value) ? value
                : $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
            var text = string.Concat(rows.Select(r => $"{Field(r.Item1)},{Field(r.Item2)}{(random.Next(2) == 0 ? "\n" : "\r\n")}"));
            var expected = string.Concat(rows.Select(r => $"[{r.Item1 ?? "∅"}|{r.Item2 ?? "∅"}]"));
            Assert.Equal(expected, Read(text, random.Next(1, 40)));
        }
    }

    [Fact]
    public void A_record_beyond_the_limit_is_an_error_not_a_growing_buffer()
    {
        var text = "a,\"" + new string('x', 1 << 20);
        using var window = new FileText(new Pieces(Encoding.UTF8.GetBytes(text), 4096), FileEncoding.Utf8, 0, 4096, 64 << 10);
        var parser = new CsvParser(new FilesOptions(), 2);
        var thrown = Assert.Throws<PawlException>(() =>
        {
            while (parser.Parse(window.Text, window.AtEnd) == RecordKind.More && !window.AtEnd) window.More();
        });
        Assert.Equal(Codes.ValueTooLarge, thrown.Code);
    }

    /// <summary>Rows as <c>[a|b]</c>, NULL as ∅, a broken record as <c>!</c>.</summary>
    private static string Read(string text, int chunk, FilesOptions? options = null)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        using var window = new FileText(new Pieces(bytes, chunk), FileEncoding.Utf8, 0, chunk, 1 << 20);
        var parser = new CsvParser(options ?? new FilesOptions(), 2);
        var read = new StringBuilder();
        var lines = 0;
        while (true)
        {
            var kind = parser.Parse(window.Text, window.AtEnd);
            if (kind == RecordKind.More && window.AtEnd) break;
            if (kind == RecordKind.More)
            {
                window.More();
                continue;
            }
            if (kind == RecordKind.Broken) read.Append('!');
            if (kind == RecordKind.Row)
            {
                var fields = parser.Fields.ToArray().Select(f => f.Form == FieldForm.Null ? "∅"
                    : Encoding.UTF8.GetString(parser.Value(window.Text, f)));
                read.Append('[').AppendJoin('|', fields).Append(']');
            }
            lines += parser.Lines;
            window.Take(parser.Length, parser.Lines);
        }
        Assert.Equal(bytes.Length, window.Offset);
        Assert.Equal(text.Count(c => c == '\n'), lines);
        return read.ToString();
    }

    /// <summary>The same rules, letter by letter over the whole text.</summary>
    private static string Plain(string text)
    {
        var read = new StringBuilder();
        for (var at = 0; at < text.Length;)
        {
            var (start, fields, broken, quoted) = (at, new List<string>(), false, false);
            while (true)
            {
                if (at < text.Length && text[at] == '"')
                {
                    quoted = true;
                    var value = new StringBuilder();
                    var closed = false;
                    for (at++; at < text.Length && !closed; at++)
                    {
                        if (text[at] != '"') value.Append(text[at]);
                        else if (at + 1 < text.Length && text[at + 1] == '"') value.Append(text[at++]);
                        else closed = true;
                    }
                    if (at < text.Length && text[at] == '\r' && (at + 1 == text.Length || text[at + 1] == '\n')) at++;
                    if (!closed || (at < text.Length && text[at] is not (',' or '\n')))
                    {
                        broken = true;
                        while (at < text.Length && text[at] != '\n') at++;
                    }
                    fields.Add(value.ToString());
                }
                else
                {
                    var from = at;
                    while (at < text.Length && text[at] is not (',' or '\n')) at++;
                    var value = text[from..at];
                    if ((at == text.Length || text[at] == '\n') && value.EndsWith('\r')) value = value[..^1];
                    fields.Add(value.Length == 0 ? "∅" : value);
                }
                if (broken || at >= text.Length || text[at] == '\n') break;
                at++;
            }
            at = Math.Min(at + 1, text.Length);
            if (broken) read.Append('!');
            else if (fields.Count == 2) read.Append('[').AppendJoin('|', fields).Append(']');
            else if (fields.Count > 1 || quoted || fields[0] != "∅") read.Append('!');
            Assert.True(at > start);
        }
        return read.ToString();
    }

    private static string Shown(string text) => text.Replace("\r", "\\r", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    /// <summary>Bytes that come in pieces, as from a slow pipe.</summary>
    private sealed class Pieces(byte[] bytes, int size) : FileBytes
    {
        private int at;

        public override int Read(Span<byte> to)
        {
            var count = Math.Min(Math.Min(size, to.Length), bytes.Length - at);
            bytes.AsSpan(at, count).CopyTo(to);
            at += count;
            return count;
        }
    }
}
