using Pawl.Contracts;

namespace Pawl.Jobs;

/// <summary>
/// Makes a piece of a job file fit to be shown: what a user wrote as a secret becomes stars of the same length, so that a caret still
/// stands right. Rather too much than too little; placeholders stay, they are no secrets. Immutable.
/// </summary>
internal sealed class SecretMask(IEnumerable<ConnectorSpec> connectors)
{
    private static readonly string[] Words = ["password", "passwd", "pwd", "secret", "token", "apikey", "api_key"];
    private readonly HashSet<string> open = [.. connectors.SelectMany(c => c.Options).Where(o => !o.Secret).Select(o => o.Name)];

    public string Apply(string text)
    {
        var shown = text.ToCharArray();
        MaskUserInfo(text, shown);
        MaskOptions(text, shown);
        foreach (var word in Words) MaskAfter(text, shown, word);
        return new string(shown);
    }

    /// <summary>Everything between the first colon of an address's authority and the last <c>@</c> of the text.</summary>
    private static void MaskUserInfo(string text, char[] shown)
    {
        var last = text.LastIndexOf('@');
        for (var at = text.IndexOf("://", StringComparison.Ordinal); at >= 0; at = text.IndexOf("://", at + 3, StringComparison.Ordinal))
        {
            var colon = text.IndexOf(':', at + 3);
            if (colon >= 0 && colon < last) Stars(text, shown, colon + 1, last);
        }
    }

    /// <summary>Values in a query, but for options known not to be secret: a mistyped name may stand before a secret.</summary>
    private void MaskOptions(string text, char[] shown)
    {
        for (var at = text.IndexOf('='); at >= 0; at = text.IndexOf('=', at + 1))
        {
            var start = text.LastIndexOfAny(['?', '&'], at);
            var name = start < 0 ? "" : text[(start + 1)..at];
            if (start < 0 || open.Contains(name) || name.AsSpan().ContainsAny(" =\"'")) continue;
            var length = text.AsSpan(at + 1).IndexOfAny(" &\"'");
            Stars(text, shown, at + 1, length < 0 ? text.Length : at + 1 + length);
        }
    }

    private static void MaskAfter(string text, char[] shown, string word)
    {
        for (var at = text.IndexOf(word, StringComparison.OrdinalIgnoreCase); at >= 0;
             at = text.IndexOf(word, at + word.Length, StringComparison.OrdinalIgnoreCase))
        {
            var from = at + word.Length;
            while (from < text.Length && text[from] is '"' or '\'' or ' ') from++;
            if (from >= text.Length || text[from] is not (':' or '=')) continue;
            from++;
            while (from < text.Length && text[from] == ' ') from++;
            var quote = from < text.Length && text[from] is '"' or '\'' ? text[from] : '\0';
            if (quote != '\0') from++;
            var length = quote != '\0' ? text.AsSpan(from).IndexOf(quote) : text.AsSpan(from).IndexOfAny(" ,&\"'}");
            Stars(text, shown, from, length < 0 ? text.Length : from + length);
        }
    }

    private static void Stars(string text, char[] shown, int from, int to)
    {
        if (SecretText.IsOnePlaceholder(text[from..to])) return;
        for (var i = from; i < to; i++) shown[i] = '*';
    }
}
