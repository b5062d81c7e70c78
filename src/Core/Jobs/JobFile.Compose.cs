using System.Globalization;
using System.Text;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Jobs;

public static partial class JobFile
{
    /// <summary>
    /// The text of a new job file. Passwords and secret options written in an address become placeholders; what is left reads back as the
    /// same job.
    /// </summary>
    /// <param name="sourceUrl">As it would stand in the file: a relative path starts at the folder the file will be in.</param>
    /// <param name="targetUrl">Likewise.</param>
    /// <param name="tables">Names and globs; empty = all tables.</param>
    /// <param name="folder">Absolute; the folder the file will be in.</param>
    /// <param name="environment">Looks up a variable for a placeholder that is written in an address.</param>
    /// <param name="connectors">The systems there are.</param>
    /// <param name="name">Name of the job; null = made from the addresses.</param>
    /// <param name="language">Of the comments: <c>en</c> or <c>zh-CN</c>.</param>
    /// <param name="book">Saved connections; null = none are known.</param>
    /// <exception cref="PawlException">An address is not one, or a name cannot stand in a job file.</exception>
    public static ComposedJob Compose(string sourceUrl, string targetUrl, IReadOnlyList<string> tables, string folder,
        Func<string, string?> environment, IReadOnlyList<ConnectorSpec> connectors, string? name = null, string language = "en",
        IConnectionBook? book = null)
    {
        var secrets = new List<ComposedSecret>();
        var (source, sourceName) = Safe(sourceUrl, "source");
        var (target, targetName) = Safe(targetUrl, "target");
        var text = Written(name ?? $"{sourceName}-to-{targetName}", source, target, tables.Count == 0 ? ["*"] : tables, language);
        var values = secrets.ToDictionary(s => s.Variable, _ => "x");
        var check = Parse(text, Path.Combine(folder, "job.yaml"), n => values.GetValueOrDefault(n) ?? environment(n), connectors,
            book);
        return check.Problems.Count == 0 ? new ComposedJob(text, secrets) : throw check.Problems[0].ToException();

        (string Url, string Name) Safe(string url, string field)
        {
            var read = EndpointParser.Parse(url, folder, environment, connectors, book);
            if (read.Endpoint is not { } endpoint) throw read.Problems[0].ToException(field);
            var label = SecretText.Placeholders(url).Any() ? field : ShortName(endpoint.Path, field);
            var spec = connectors.First(c => c.Schemes.Contains(endpoint.Scheme));
            return (WithoutSecrets(url, field, spec, secrets), label);
        }
    }

    /// <summary>File or database name, without folder and ending.</summary>
    private static string ShortName(string path, string field)
    {
        var name = Path.GetFileNameWithoutExtension(path.TrimEnd('/'));
        return string.IsNullOrWhiteSpace(name) || name.Length > 60 ? field : name;
    }

    private static string WithoutSecrets(string url, string field, ConnectorSpec spec, List<ComposedSecret> secrets)
    {
        if (url.StartsWith("${", StringComparison.Ordinal)) return url;
        var question = url.IndexOf('?');
        var body = question < 0 ? url : url[..question];
        var server = body.IndexOf("://", StringComparison.Ordinal);
        var at = server < 0 ? -1 : body.LastIndexOf('@');
        var colon = at < 0 ? -1 : body.IndexOf(':', server + 3, at - server - 3);
        if (colon >= 0 && at > colon + 1) body = $"{body[..(colon + 1)]}{Hidden(body[(colon + 1)..at], "password")}{body[at..]}";
        if (question < 0) return body;
        var options = url[(question + 1)..].Split('&').Select(pair =>
        {
            var option = spec.Options.FirstOrDefault(o => o.Secret && pair.StartsWith(o.Name + "=", StringComparison.Ordinal));
            return option is null ? pair : $"{option.Name}={Hidden(pair[(option.Name.Length + 1)..], option.Name)}";
        });
        return body + "?" + string.Join('&', options);

        string Hidden(string value, string what)
        {
            if (SecretText.IsOnePlaceholder(value)) return value;
            var letters = what.ToUpperInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_');
            var variable = $"{field.ToUpperInvariant()}_{string.Concat(letters)}";
            secrets.Add(new ComposedSecret(variable, field, what));
            return $"${{{variable}}}";
        }
    }

    private static string Written(string name, string source, string target, IReadOnlyList<string> tables, string language)
    {
        var chinese = language.StartsWith("zh", StringComparison.OrdinalIgnoreCase);
        var text = new StringBuilder();
        text.Append(chinese ? "# Pawl 作业。先用 pawl plan 看它会做什么，再用 pawl run 运行；中断后再次运行即可继续。\n"
            : "# A Pawl job: pawl plan shows what it would do, pawl run does it, and pawl run again goes on after any interruption.\n");
        text.Append("version: 1\n");
        text.Append(CultureInfo.InvariantCulture, $"name: {Quoted(SecretText.Escape(name))}\n");
        text.Append(CultureInfo.InvariantCulture, $"source: {Quoted(source)}\n");
        text.Append(CultureInfo.InvariantCulture, $"target: {Quoted(target)}\n");
        text.Append(chinese ? "# 表名或通配模式。orders: dw_orders 表示改名；{write: upsert} 表示按主键更新。\n"
            : "# Names or globs. orders: dw_orders renames on the way; {write: upsert} updates rows of the same key.\n");
        text.Append("tables:\n");
        foreach (var table in tables.Distinct()) text.Append(CultureInfo.InvariantCulture, $"  {Quoted(SecretText.Escape(table))}: {{}}\n");
        text.Append(chinese ? "# 运行后比对每个值的摘要，而不只是行数：\n# verify: {level: digest}\n"
            : "# Compare a hash of every value after a run, not only counts:\n# verify: {level: digest}\n");
        return text.ToString();
    }

    /// <summary>In double quotes unless it is plainly a word.</summary>
    private static string Quoted(string text)
    {
        var plain = text.Length > 0 && char.IsAsciiLetterOrDigit(text[0]) && text[^1] != ':'
            && text.All(c => char.IsAsciiLetterOrDigit(c) || "_-./:@?=&+%${}".Contains(c)) && text.ToLowerInvariant() is not "null";
        if (plain) return text;
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
        {
            if (c is '"' or '\\') quoted.Append('\\').Append(c);
            else if (!char.IsControl(c) && c is not ('\u2028' or '\u2029' or '\uFEFF')) quoted.Append(c);
            else quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
        }
        return quoted.Append('"').ToString();
    }
}
