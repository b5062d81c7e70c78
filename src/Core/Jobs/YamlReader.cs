using Pawl.Model;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Pawl.Jobs;

/// <summary>
/// One YAML 1.2 document as a tree with places. Stricter than YAML: no aliases, anchors, tags, second documents or characters that cannot
/// be seen; bounded in depth and number of nodes. One instance reads one text.
/// </summary>
internal sealed class YamlReader(SourceText source, ProblemList problems)
{
    private const int DeepestLevel = 32;
    private const int MostNodes = 100_000;
    private readonly List<Span> blocks = [];
    /// <summary>Brackets opened and not closed yet, outermost first.</summary>
    private readonly Stack<Span> brackets = [];
    private int nodes;

    /// <summary>Thrown inside to leave a document that cannot be read further; its problem is already noted.</summary>
    private sealed class StopReading : Exception;

    /// <summary>Null when the document could not be read; the problems say why.</summary>
    public YamlMap? Read()
    {
        if (HasUnseenCharacters()) return null;
        var before = problems.Count;
        var scanner = new Scanner(new StringReader(source.Text));
        try
        {
            var root = ReadDocument(new Parser(scanner));
            CheckTabs();
            return problems.Count == before ? root : null;
        }
        catch (StopReading)
        {
            return null;
        }
        catch (YamlException e)
        {
            AddSyntax(e);
            return null;
        }
        catch (InvalidOperationException)
        {
            // YamlDotNet 16.3 throws this, without a place, for plain text over several lines where a key may stand: mostly open brackets.
            var here = new Span((int)scanner.CurrentPosition.Index, 1);
            var open = brackets.Count > 0;
            problems.Add(Codes.JobSyntax, open ? brackets.Peek() : here, "", open ? JobReasons.Brackets : JobReasons.Yaml);
            return null;
        }
    }

    private YamlMap? ReadDocument(Parser parser)
    {
        parser.MoveNext();
        parser.MoveNext();
        if (parser.Current is StreamEnd)
        {
            problems.Add(Codes.JobSyntax, Span.None, "", JobReasons.Empty);
            return null;
        }
        var start = (DocumentStart)parser.Current!;
        if (start.Version is { } v && (v.Version.Major, v.Version.Minor) != (1, 2)) Stop(At(start), JobReasons.Directive, "%YAML 1.2");
        if (start.Tags is { } tags && tags.Any(t => t.Handle is not ("!" or "!!"))) Stop(At(start), JobReasons.Directive);
        parser.MoveNext();
        var root = ReadNode(parser, "", 0);
        parser.MoveNext();
        if (parser.Current is DocumentEnd) parser.MoveNext();
        if (parser.Current is DocumentStart second) Stop(At(second), JobReasons.SecondDocument);
        if (root is YamlMap map) return map;
        problems.Add(Codes.JobSyntax, root.At, "", root is YamlScalar { IsNull: true } ? JobReasons.Empty : JobReasons.Type,
            details: ("expected", "map"));
        return null;
    }

    /// <summary>On entry and on return the parser stands on the node's (last) event.</summary>
    private YamlNode ReadNode(Parser parser, string path, int depth)
    {
        if (++nodes > MostNodes) Stop(At(parser.Current!), JobReasons.TooMany);
        if (depth > DeepestLevel) Stop(At(parser.Current!), JobReasons.TooDeep);
        CheckPlain(parser.Current!);
        switch (parser.Current)
        {
            case Scalar scalar:
                var at = At(scalar);
                if (scalar.Style != ScalarStyle.Plain) blocks.Add(at);
                return new YamlScalar(at, scalar.Value, scalar.Style == ScalarStyle.Plain);
            case SequenceStart list:
                return ReadList(parser, list, path, depth);
            case MappingStart map:
                return ReadMap(parser, map, path, depth);
            default:
                throw Stopped(At(parser.Current!), JobReasons.Yaml);
        }
    }

    private YamlList ReadList(Parser parser, SequenceStart start, string path, int depth)
    {
        var items = new List<YamlNode>();
        if (start.Style == SequenceStyle.Flow) brackets.Push(new Span((int)start.Start.Index, 1));
        parser.MoveNext();
        while (parser.Current is not SequenceEnd)
        {
            items.Add(ReadNode(parser, path, depth + 1));
            parser.MoveNext();
        }
        if (start.Style == SequenceStyle.Flow) brackets.Pop();
        return new YamlList(Whole(start, parser.Current), items);
    }

    private YamlMap ReadMap(Parser parser, MappingStart start, string path, int depth)
    {
        var entries = new List<YamlEntry>();
        var seen = new Dictionary<string, Span>();
        if (start.Style == MappingStyle.Flow) brackets.Push(new Span((int)start.Start.Index, 1));
        parser.MoveNext();
        while (parser.Current is not MappingEnd)
        {
            var name = ReadNode(parser, path, depth + 1);
            if (name is not YamlScalar key) throw Stopped(name.At, JobReasons.KeyNotText);
            var below = path.Length == 0 ? key.Text : path + "." + key.Text;
            parser.MoveNext();
            var value = ReadNode(parser, below, depth + 1);
            parser.MoveNext();
            if (!seen.TryAdd(key.Text, key.At))
            {
                var (line, column) = problems.Locate(seen[key.Text]);
                problems.Add(Codes.JobSyntax, key.At, below, JobReasons.DuplicateKey, null, ("name", key.Text),
                    ("line", FormattableString.Invariant($"{line}")), ("column", FormattableString.Invariant($"{column}")));
            }
            else entries.Add(new YamlEntry(key, value));
        }
        if (start.Style == MappingStyle.Flow) brackets.Pop();
        return new YamlMap(Whole(start, parser.Current), entries);
    }

    /// <summary>What YAML allows and a job file does not: it would hide what is meant.</summary>
    private void CheckPlain(ParsingEvent now)
    {
        if (now is AnchorAlias alias) Stop(At(alias), JobReasons.Alias, Quoted(At(alias)));
        if (now is not NodeEvent node) return;
        if (!node.Anchor.IsEmpty) Stop(At(node), JobReasons.Anchor, Quoted(At(node)));
        if (!node.Tag.IsEmpty) Stop(At(node), JobReasons.Tag, Quoted(At(node)));
    }

    /// <summary>A <c>*</c>, <c>&amp;</c> or <c>!</c> is mostly meant as itself: then it must stand in quotes.</summary>
    private string Quoted(Span at)
    {
        var end = at.Start;
        while (end < source.Text.Length && end - at.Start < 80 && !":, \t\n\r]}".Contains(source.Text[end])) end++;
        return $"\"{source.Text[at.Start..end]}\"";
    }

    /// <summary>
    /// YAML counts U+0085, U+2028 and U+2029 as line breaks in one version and not in the other; NUL ends the text for some readers.
    /// </summary>
    private bool HasUnseenCharacters()
    {
        var text = source.Text;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (char.IsSurrogatePair(text, i)) { i++; continue; }
            var control = char.IsControl(c) && c is not ('\t' or '\n' or '\r');
            var unseen = c is '\u2028' or '\u2029' or '\uFEFF' or (>= '\uFDD0' and <= '\uFDEF') or '\uFFFE' or '\uFFFF';
            if (!control && !unseen && !char.IsSurrogate(c)) continue;
            var named = FormattableString.Invariant($"U+{(int)c:X4}");
            problems.Add(Codes.JobSyntax, new Span(i, 1), "", JobReasons.ControlCharacter, null, ("character", named));
            return true;
        }
        return false;
    }

    /// <summary>Tabs that indent are refused even where the parser would guess; inside quotes and blocks they are text.</summary>
    private void CheckTabs()
    {
        var block = 0;
        for (var line = 1; line <= source.Lines; line++)
        {
            if (LeadingTab(line) is not { } at) continue;
            while (block < blocks.Count && blocks[block].Start + blocks[block].Length <= at) block++;
            var inside = block < blocks.Count && at > blocks[block].Start;
            if (!inside) problems.Add(Codes.JobSyntax, new Span(at, 1), "", JobReasons.Tab);
        }
    }

    private int? LeadingTab(int line)
    {
        var from = source.StartOf(line);
        for (var i = from; i < source.Text.Length && source.Text[i] is ' ' or '\t'; i++)
        {
            if (source.Text[i] == '\t') return string.IsNullOrWhiteSpace(source.Line(line)) ? null : i;
        }
        return null;
    }

    private void AddSyntax(YamlException e)
    {
        var start = (int)Math.Min(e.Start.Index, source.Text.Length);
        var line = source.Locate(start).Line;
        foreach (var near in (int[])[line, line + 1])
        {
            if (near > source.Lines || LeadingTab(near) is not { } tab) continue;
            problems.Add(Codes.JobSyntax, new Span(tab, 1), "", JobReasons.Tab);
            return;
        }
        if (start < source.Text.Length && source.Text[start] == '*')
        {
            problems.Add(Codes.JobSyntax, new Span(start, 1), "", JobReasons.Alias, Quoted(new Span(start, 1)));
            return;
        }
        if (brackets.Count > 0 && string.IsNullOrWhiteSpace(source.Text[start..]))
        {
            problems.Add(Codes.JobSyntax, brackets.Peek(), "", JobReasons.Brackets);
            return;
        }
        var length = (int)Math.Clamp(e.End.Index - e.Start.Index, 1, 80);
        problems.Add(Codes.JobSyntax, new Span(start, length), "", JobReasons.Yaml, null, ("parser", e.Message));
    }

    private void Stop(Span at, string reason, string? suggestion = null) => throw Stopped(at, reason, suggestion);

    private StopReading Stopped(Span at, string reason, string? suggestion = null)
    {
        problems.Add(Codes.JobSyntax, at, "", reason, suggestion);
        return new StopReading();
    }

    private static Span At(ParsingEvent e) => new((int)e.Start.Index, (int)Math.Max(0, e.End.Index - e.Start.Index));

    private static Span Whole(ParsingEvent first, ParsingEvent? last) =>
        new((int)first.Start.Index, (int)Math.Max(1, (last?.End.Index ?? first.End.Index) - first.Start.Index));
}
