using Pawl.Cli.Output;
using Pawl.Contracts;

namespace Pawl.Cli.Verbs;

/// <summary>What an address may say in its query: <c>pawl explain postgres</c>, <c>pawl explain csv.delimiter</c>.</summary>
internal static class ExplainOptions
{
    /// <summary>Every name that <see cref="Tell"/> knows, for suggestions.</summary>
    public static IEnumerable<string> Names(IReadOnlyList<Connector> connectors) =>
        connectors.SelectMany(c => c.Spec.Options.Select(o => $"{c.Spec.Schemes[0]}.{o.Name}").Append(c.Spec.Schemes[0]));

    /// <summary>False when the topic is neither a connector nor one of its options.</summary>
    public static bool Tell(Shell shell, IReadOnlyList<Connector> connectors, string topic)
    {
        var dot = topic.IndexOf('.', StringComparison.Ordinal);
        var (name, option) = dot < 0 ? (topic, null) : (topic[..dot], topic[(dot + 1)..]);
        var spec = connectors.Select(c => c.Spec).FirstOrDefault(s => s.Schemes.Contains(name.ToLowerInvariant()));
        var chosen = spec?.Options.Where(o => option is null || o.Name == option).ToArray() ?? [];
        if (spec is null || (option is not null && chosen.Length == 0)) return false;
        var schemes = string.Join(", ", spec.Schemes.Select(s => s + ":"));
        shell.Say($"{shell.OutPaint.Bold(spec.Name)}  {Both($"options of addresses {schemes}…", $"地址 {schemes}… 的选项")}");
        foreach (var one in chosen)
        {
            shell.Say();
            shell.Say($"{shell.OutPaint.Bold(one.Name)}{(one.Secret ? Both("  secret", "  机密") : "")}");
            foreach (var line in Cells.Wrap(Both(one.Description, one.Chinese), Math.Max(40, shell.Width - 4))) shell.Say("  " + line);
            if (one.Allowed is { } allowed) ExplainVerb.Paragraph(shell, Both("one of", "可选值"), string.Join(" | ", allowed));
            if (one.Default is { } value) ExplainVerb.Paragraph(shell, Both("default", "默认值"), value);
        }
        shell.Data["topic"] = topic;
        shell.Data["options"] = chosen.Select(o => new Pairs
        {
            ["name"] = o.Name, ["text"] = Both(o.Description, o.Chinese), ["default"] = o.Default, ["allowed"] = o.Allowed,
            ["secret"] = o.Secret,
        }).ToArray();
        return true;
    }
}
