using System.Globalization;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Sqlite;

/// <summary>What a SQLite URL may say in its query.</summary>
internal sealed record SqliteOptions
{
    public static readonly OptionSpec BusySpec = new("busy",
        "How long to wait for a lock that another process or connection holds: a duration such as 500ms or 5s, from 0 to 10 minutes.",
        "5s")
    {
        Chinese = "等待其他进程或连接所持锁的时间：如 500ms 或 5s，从 0 到 10 分钟。",
    };

    public static readonly IReadOnlyList<OptionSpec> Specs = [BusySpec];

    /// <summary>Longest wait for a lock, 0–10 minutes. Default 5 s.</summary>
    public TimeSpan Busy { get; init; } = TimeSpan.FromSeconds(5);

    /// <exception cref="PawlException"><see cref="Codes.OptionUnknown"/> or <see cref="Codes.OptionInvalid"/>.</exception>
    public static SqliteOptions Parse(Endpoint at)
    {
        var options = new SqliteOptions();
        foreach (var (name, value) in at.Options)
        {
            options = name switch
            {
                "busy" => options with { Busy = Duration(name, value) },
                _ => throw new PawlException(Fault.Configuration, Codes.OptionUnknown, ("option", name), ("known", "busy"),
                    ("endpoint", at.Display)),
            };
        }
        return options;
    }

    private static TimeSpan Duration(string option, string text)
    {
        var (digits, factor) = text switch
        {
            _ when text.EndsWith("ms", StringComparison.Ordinal) => (text[..^2], 1),
            _ when text.EndsWith('s') => (text[..^1], 1_000),
            _ when text.EndsWith('m') => (text[..^1], 60_000),
            _ => (text, 0),
        };
        if (factor == 0 || !long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || number > 600_000 / factor)
        {
            throw new PawlException(Fault.Configuration, Codes.OptionInvalid, ("option", option), ("value", text),
                ("expected", "a duration from 0s to 10m, such as 500ms or 5s"));
        }
        return TimeSpan.FromMilliseconds(number * factor);
    }
}
