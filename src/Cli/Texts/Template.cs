using System.Text;

namespace Pawl.Cli.Texts;

/// <summary>
/// Fills <c>{name}</c> from details. A part in <c>[square brackets]</c> is left out when one of its names is absent, so that a text reads
/// well with few details and with many. Brackets do not nest; a doubled brace or bracket stands for itself. Thread-safe.
/// </summary>
public static class Template
{
    /// <summary>The filled text; a name outside brackets that is absent becomes <c>?</c>.</summary>
    public static string Fill(string template, Func<string, string?> detail)
    {
        template = Shield(template);
        var text = new StringBuilder();
        var at = 0;
        while (at < template.Length)
        {
            var open = template.IndexOf('[', at);
            if (open < 0)
            {
                text.Append(FillPart(template[at..], detail, out _));
                break;
            }
            var close = template.IndexOf(']', open);
            text.Append(FillPart(template[at..open], detail, out _));
            var part = FillPart(template[(open + 1)..close], detail, out var whole);
            if (whole) text.Append(part);
            at = close + 1;
        }
        return text.Replace('\u0001', '{').Replace('\u0002', '}').Replace('\u0003', '[').Replace('\u0004', ']').ToString();
    }

    /// <summary>Every name the template asks for.</summary>
    public static IEnumerable<string> Names(string template)
    {
        template = Shield(template);
        for (var open = template.IndexOf('{', StringComparison.Ordinal); open >= 0; open = template.IndexOf('{', open + 1))
        {
            yield return template[(open + 1)..template.IndexOf('}', open)];
        }
    }

    private static string Shield(string template) =>
        template.Replace("{{", "\u0001").Replace("}}", "\u0002").Replace("[[", "\u0003").Replace("]]", "\u0004");

    private static string FillPart(string part, Func<string, string?> detail, out bool whole)
    {
        whole = true;
        if (!part.Contains('{', StringComparison.Ordinal)) return part;
        var text = new StringBuilder();
        var at = 0;
        for (var open = part.IndexOf('{', StringComparison.Ordinal); open >= 0; open = part.IndexOf('{', at))
        {
            var close = part.IndexOf('}', open);
            var name = part[(open + 1)..close];
            var value = detail(name);
            if (string.IsNullOrEmpty(value)) whole = false;
            text.Append(part, at, open - at).Append(string.IsNullOrEmpty(value) ? "?" : value);
            at = close + 1;
        }
        return text.Append(part, at, part.Length - at).ToString();
    }
}
