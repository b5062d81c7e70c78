using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Jobs;

/// <summary>
/// Reads <c>scheme:path?option=value</c> and <c>scheme://user:password@host:port/database?option=value</c>. A placeholder at the very
/// start is read as part of the address; any other is put into its component as it is, after percent-decoding, so that a password needs
/// no encoding and cannot become anything else. Everything that can be shown is built without secrets. One instance reads one address.
/// </summary>
public sealed class EndpointParser
{
    /// <summary>Stand-ins for placeholders while parsing: characters that no text may hold.</summary>
    private const char FirstMark = '\uFDD0';
    private const int MostMarks = 32;
    private readonly List<EndpointProblem> problems = [];
    private readonly List<SecretText.Piece> marks = [];
    private readonly IReadOnlyList<ConnectorSpec> connectors;
    private readonly string folder;
    private readonly Func<string, string?> environment;
    private readonly IConnectionBook? book;
    private bool hidden;

    private EndpointParser(string folder, Func<string, string?> environment, IEnumerable<ConnectorSpec> connectors,
        IConnectionBook? book) =>
        (this.folder, this.environment, this.connectors, this.book) = (folder, environment, [.. connectors], book);

    /// <param name="text">The address as written.</param>
    /// <param name="folder">Absolute; where relative file paths start.</param>
    /// <param name="environment">Looks up a variable for a placeholder; null = not set.</param>
    /// <param name="connectors">The systems there are; their schemes and options are what is accepted.</param>
    /// <param name="book">Saved connections: a name in place of an address; null = none are known.</param>
    public static EndpointResult Parse(string text, string folder, Func<string, string?> environment,
        IEnumerable<ConnectorSpec> connectors, IConnectionBook? book = null)
    {
        var parser = new EndpointParser(folder, environment, connectors, book);
        var secret = SecretText.Resolve(text, folder, environment);
        Endpoint? endpoint = null;
        if (secret.Problem is { } missing) parser.Add(missing.Code, missing.Reason, missing.Part, null, ("name", missing.Part));
        else if (parser.Marked(secret) is { } marked) endpoint = parser.Read(marked);
        return new EndpointResult(parser.problems.Count == 0 ? endpoint : null, parser.problems);
    }

    private string? Marked(SecretText secret)
    {
        var marked = new StringBuilder();
        for (var i = 0; i < secret.Pieces.Count; i++)
        {
            var piece = secret.Pieces[i];
            hidden |= i == 0 && piece.IsSecret;
            var inline = !piece.IsSecret || i == 0;
            if (inline && piece.Value.Any(c => c is >= FirstMark and < (char)(FirstMark + MostMarks)))
                return Refuse<string>(Codes.JobValueInvalid, JobReasons.ControlCharacter, piece.Shown);
            if (!inline && marks.Count == MostMarks) return Refuse<string>(Codes.JobValueInvalid, JobReasons.TooMany, piece.Shown);
            if (inline) marked.Append(piece.Value);
            else
            {
                marked.Append((char)(FirstMark + marks.Count));
                marks.Add(piece);
            }
        }
        return marked.ToString();
    }

    private Endpoint? Read(string text)
    {
        var colon = text.IndexOf(':');
        var scheme = colon < 0 ? "" : text[..colon];
        var well = colon > 0 && char.IsAsciiLetter(text[0]) && scheme.All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '.');
        if (!well) return NoScheme(text);
        var spec = connectors.FirstOrDefault(c => c.Schemes.Contains(scheme.ToLowerInvariant()));
        if (spec is null)
        {
            var known = connectors.SelectMany(c => c.Schemes).ToList();
            return Refuse<Endpoint>(Codes.SchemeUnknown, null, scheme, hidden ? null : NearestName.Of(scheme, known),
                ("scheme", scheme), ("known", string.Join(", ", known)));
        }
        var question = text.IndexOf('?', colon);
        var body = question < 0 ? text[(colon + 1)..] : text[(colon + 1)..question];
        var query = question < 0 ? null : text[(question + 1)..];
        var start = new Endpoint { Scheme = scheme.ToLowerInvariant() };
        var server = body.StartsWith("//", StringComparison.Ordinal) && body.Length > 2 && body[2] != '/';
        // An @ behind the authority means that the password holds a / or ? that is not percent-encoded: what follows would be a part of it.
        var authority = server && body.IndexOf('/', 2) is var slash and > 0 ? slash : body.Length;
        if (server && text.IndexOf('@', colon + 1 + authority) >= 0) return Refuse<Endpoint>(Codes.JobValueInvalid, JobReasons.AtSign, "");
        var file = body.StartsWith("//", StringComparison.Ordinal) ? body[2..] : body;
        var place = server ? ReadServer(body[2..], start) : ReadFile(file, start);
        var (options, shown) = ReadOptions(query, spec);
        return place is null ? null : place with { Options = options, Display = place.Display + shown };
    }

    private Endpoint? NoScheme(string text)
    {
        var name = text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');
        if (name && book?.Find(text) is { } saved) return Open(saved);
        if (name && !hidden && !File.Exists(Path.Combine(folder, text)))
        {
            return Refuse<Endpoint>(Codes.ConnectionUnknown, null, text, NearestName.Of(text, book?.Names ?? []), ("name", text));
        }
        var schemes = connectors.SelectMany(c => c.Schemes).ToList();
        var only = connectors.Count == 1 && !hidden && marks.Count == 0 ? $"{schemes[0]}:{text}" : null;
        var suggestion = only is null ? null : new SecretMask(connectors).Apply(only);
        return Refuse<Endpoint>(Codes.SchemeUnknown, JobReasons.NoScheme, "", suggestion, ("known", string.Join(", ", schemes)));
    }

    /// <summary>What is wrong with a saved address is told of its name: it stands nowhere in this text.</summary>
    private Endpoint? Open(SavedConnection saved)
    {
        var read = Parse(saved.Address, saved.Folder, environment, connectors);
        foreach (var problem in read.Problems) problems.Add(problem with { Part = hidden ? "" : saved.Name, Suggestion = null });
        return read.Endpoint is { } at && saved.Password is { } password ? at with { Password = password } : read.Endpoint;
    }

    private Endpoint? ReadFile(string body, Endpoint start)
    {
        if (body.Length == 0) return Refuse<Endpoint>(Codes.JobValueInvalid, JobReasons.NoPath, "");
        if (Decode(body) is not { } path) return null;
        var filled = Fill(path);
        if (filled.Any(char.IsControl)) return Refuse<Endpoint>(Codes.JobValueInvalid, JobReasons.ControlCharacter, body);
        return start with { Path = Path.GetFullPath(filled, folder), Display = $"{start.Scheme}:{Path.GetFullPath(Show(path), folder)}" };
    }

    private Endpoint? ReadServer(string body, Endpoint start)
    {
        var slash = body.IndexOf('/');
        var authority = slash < 0 ? body : body[..slash];
        var path = slash < 0 ? "" : body[(slash + 1)..];
        var at = authority.LastIndexOf('@');
        var (user, password) = at < 0 ? (null, null) : Halves(authority[..at], ':');
        if (Decode(path) is not { } database || !ReadHost(authority[(at + 1)..], out var host, out var port)) return null;
        var (userText, passwordText) = (user is null ? "" : Decode(user), password is null ? "" : Decode(password));
        if (userText is null || passwordText is null) return null;
        string[] filled = [Fill(userText), Fill(host), Fill(database)];
        if (filled.Any(f => f.Any(char.IsControl)) || Fill(passwordText).Contains('\0'))
            return Refuse<Endpoint>(Codes.JobValueInvalid, JobReasons.ControlCharacter, "");
        var display = new StringBuilder($"{start.Scheme}://");
        if (userText.Length > 0) display.Append(Show(userText)).Append('@');
        display.Append(host.Contains(':') ? $"[{Show(host)}]" : Show(host));
        if (port is { } p) display.Append(CultureInfo.InvariantCulture, $":{p}");
        if (database.Length > 0) display.Append('/').Append(Show(database));
        return start with
        {
            User = userText.Length > 0 ? filled[0] : null, Password = password is null ? null : Fill(passwordText),
            Host = filled[1], Port = port, Path = filled[2], Display = display.ToString(),
        };
    }

    private bool ReadHost(string text, out string host, out int? port)
    {
        (host, port) = ("", null);
        var end = text.StartsWith('[') ? text.IndexOf(']') : -1;
        var (name, digits) = end > 0 ? (text[1..end], text[(end + 1)..] is { Length: > 0 } rest ? rest : null) : Halves(text, ':');
        if (end > 0 && digits is not null) digits = digits.StartsWith(':') ? digits[1..] : "?";
        if (digits is not null)
        {
            var whole = int.TryParse(Fill(digits), NumberStyles.None, CultureInfo.InvariantCulture, out var number);
            if (!whole || number is < 1 or > 65_535) return Fails(Codes.JobValueInvalid, JobReasons.Port, "", ("expected", "1..65535"));
            port = number;
        }
        if (Decode(name) is not { } decoded) return false;
        host = decoded;
        var filled = Fill(decoded);
        var six = IPAddress.TryParse(filled, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6;
        if (filled.Length > 0 && (end > 0 ? six : !filled.AsSpan().ContainsAny(" :@[]"))) return true;
        return Fails(Codes.JobValueInvalid, JobReasons.Host, "");
    }

    private (Dictionary<string, string> Options, string Shown) ReadOptions(string? query, ConnectorSpec spec)
    {
        var options = new Dictionary<string, string>();
        var shown = new List<string>();
        if (string.IsNullOrEmpty(query)) return (options, "");
        var number = 0;
        foreach (var pair in query.Split('&'))
        {
            number++;
            var (name, value) = Halves(pair, '=');
            if (Decode(name) is not { } key) continue;
            var option = spec.Options.FirstOrDefault(o => o.Name == key);
            if (option is null)
            {
                var near = NearestName.Of(key, spec.Options.Select(o => o.Name));
                Add(Codes.OptionUnknown, null, name, near, ("option", Show(key)), ("number", number.ToString(CultureInfo.InvariantCulture)),
                    ("scheme", spec.Schemes[0]), ("known", string.Join(", ", spec.Options.Select(o => o.Name))));
            }
            else if (value is null) Add(Codes.OptionInvalid, JobReasons.NoValue, name, null, ("option", option.Name));
            else if (options.ContainsKey(key)) Add(Codes.OptionInvalid, JobReasons.DuplicateOption, name, null, ("option", option.Name));
            else if (Decode(value) is { } text && IsAllowed(option, text, pair))
            {
                options[key] = Fill(text);
                shown.Add($"{key}={(option.Secret ? "***" : Show(text))}");
            }
        }
        return (options, shown.Count == 0 ? "" : "?" + string.Join('&', shown));
    }

    private bool IsAllowed(OptionSpec option, string text, string pair)
    {
        var value = Fill(text);
        if (value.Length == 0) return Fails(Codes.OptionInvalid, JobReasons.NoValue, pair, ("option", option.Name));
        if (value.Any(char.IsControl))
            return Fails(Codes.OptionInvalid, JobReasons.ControlCharacter, option.Secret ? option.Name : pair, ("option", option.Name));
        if (option.Allowed is null || option.Allowed.Contains(value)) return true;
        var quiet = option.Secret || value != text;
        Add(Codes.OptionInvalid, JobReasons.Choice, quiet ? option.Name : pair, quiet ? null : NearestName.Of(value, option.Allowed),
            ("option", option.Name), ("value", quiet ? null : Show(text)), ("expected", string.Join(" | ", option.Allowed)));
        return false;
    }

    /// <summary>Percent-decoding, strict: two hex digits, valid UTF-8. Null when it is not, with the problem noted.</summary>
    private string? Decode(string text)
    {
        if (!text.Contains('%')) return text;
        var bytes = new List<byte>();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '%')
            {
                var hex = i + 2 < text.Length ? text.AsSpan(i + 1, 2) : text.AsSpan(i + 1);
                if (hex.Length != 2 || !char.IsAsciiHexDigit(hex[0]) || !char.IsAsciiHexDigit(hex[1]))
                    return Refuse<string>(Codes.JobValueInvalid, JobReasons.Percent, "");
                bytes.Add(byte.Parse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                i += 2;
                continue;
            }
            var pair = char.IsSurrogatePair(text, i);
            bytes.AddRange(Encoding.UTF8.GetBytes(text.Substring(i, pair ? 2 : 1)));
            if (pair) i++;
        }
        try
        {
            var decoded = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString([.. bytes]);
            var same = decoded.Count(IsMark) == text.Count(IsMark);
            return same ? decoded : Refuse<string>(Codes.JobValueInvalid, JobReasons.Percent, "");
        }
        catch (DecoderFallbackException)
        {
            return Refuse<string>(Codes.JobValueInvalid, JobReasons.Percent, "");
        }
    }

    private static bool IsMark(char c) => c is >= FirstMark and < (char)(FirstMark + MostMarks);

    private string Fill(string marked) => Replaced(marked, m => m.Value);

    private string Show(string marked) => Replaced(marked, m => m.Shown);

    private string Replaced(string marked, Func<SecretText.Piece, string> with)
    {
        if (marks.Count == 0) return marked;
        var text = new StringBuilder();
        foreach (var c in marked)
        {
            if (IsMark(c) && c - FirstMark < marks.Count) text.Append(with(marks[c - FirstMark]));
            else text.Append(c);
        }
        return text.ToString();
    }

    private static (string, string?) Halves(string text, char at) =>
        text.IndexOf(at) is var i and >= 0 ? (text[..i], text[(i + 1)..]) : (text, null);

    private T? Refuse<T>(string code, string? reason, string part, string? suggestion = null,
        params (string Name, string? Value)[] details) where T : class
    {
        Add(code, reason, part, suggestion, details);
        return null;
    }

    private bool Fails(string code, string reason, string part, params (string Name, string? Value)[] details)
    {
        Add(code, reason, part, null, details);
        return false;
    }

    /// <summary>Where the address itself came out of a secret nothing read from it is told, only what is known anyway.</summary>
    private void Add(string code, string? reason, string part, string? suggestion, params (string Name, string? Value)[] details)
    {
        string[] safe = ["known", "expected", "number", "capability"];
        var told = details.Where(d => !hidden || safe.Contains(d.Name) || (d.Name == "option" && reason is not null));
        problems.Add(new EndpointProblem
        {
            Code = code, Reason = reason, Part = hidden ? "" : Show(part), Suggestion = suggestion,
            Details = told.ToDictionary(d => d.Name, d => d.Value),
        });
    }
}
