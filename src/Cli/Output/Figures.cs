using System.Globalization;

namespace Pawl.Cli.Output;

/// <summary>Numbers, sizes and times as people read them. Invariant culture; sizes in powers of 1024, as in the job file.</summary>
public static class Figures
{
    private static readonly CultureInfo Plain = CultureInfo.InvariantCulture;

    /// <summary>All digits, with thousands separators.</summary>
    public static string Full(long n) => n.ToString("N0", Plain);

    /// <summary>At most five characters: <c>812</c>, <c>9,999</c>, <c>84k</c>, <c>7.3M</c>.</summary>
    public static string Short(double n) => n switch
    {
        < 9_999.5 => Math.Round(n).ToString("N0", Plain),
        < 999_500 => Math.Round(n / 1e3).ToString("0", Plain) + "k",
        < 999_500_000 => (n / 1e6).ToString(n < 99_950_000 ? "0.0" : "0", Plain) + "M",
        _ => (n / 1e9).ToString("0.0", Plain) + "G",
    };

    /// <summary><c>812 B</c>, <c>31 MB</c>, <c>1.2 GB</c>.</summary>
    public static string Bytes(double n)
    {
        string[] units = ["B", "kB", "MB", "GB", "TB", "PB"];
        var unit = 0;
        for (; n >= 1023.5 && unit < units.Length - 1; unit++) n /= 1024;
        return n.ToString(unit > 0 && n < 9.95 ? "0.0" : "0", Plain) + " " + units[unit];
    }

    /// <summary><c>0.84 s</c>, <c>12.3 s</c>, <c>2 min 05 s</c>, <c>1 h 12 min</c>.</summary>
    public static string Took(TimeSpan time) => time.TotalSeconds switch
    {
        < 0 => "0 s",
        < 9.995 => time.TotalSeconds.ToString("0.00", Plain) + " s",
        < 59.95 => time.TotalSeconds.ToString("0.0", Plain) + " s",
        < 3600 => string.Create(Plain, $"{(int)time.TotalMinutes} min {time.Seconds:00} s"),
        _ => string.Create(Plain, $"{(int)time.TotalHours} h {time.Minutes:00} min"),
    };

    /// <summary><c>00:56</c>, <c>1:02:03</c>; <c>--:--</c> when unknown or beyond 99 hours.</summary>
    public static string Clock(TimeSpan? time) => time is not { } exact || exact.TotalHours >= 99 || exact < TimeSpan.Zero ? "--:--"
        : TimeSpan.FromSeconds(Math.Round(exact.TotalSeconds)) is var t && t.TotalHours >= 1 ? string.Create(Plain,
            $"{(int)t.TotalHours}:{t.Minutes:00}:{t.Seconds:00}")
        : string.Create(Plain, $"{t.Minutes:00}:{t.Seconds:00}");

    /// <summary><c>2 s ago</c>, <c>8 min ago</c>, <c>3 h ago</c>, <c>4 days ago</c>.</summary>
    public static string Ago(TimeSpan age) => age.TotalSeconds switch
    {
        < 1 => "just now",
        < 90 => string.Create(Plain, $"{age.TotalSeconds:0} s ago"),
        < 5400 => string.Create(Plain, $"{age.TotalMinutes:0} min ago"),
        < 129_600 => string.Create(Plain, $"{age.TotalHours:0} h ago"),
        _ => string.Create(Plain, $"{age.TotalDays:0} days ago"),
    };

    /// <summary>Local time of day; with the date when it is another day than <paramref name="now"/>.</summary>
    public static string TimeOfDay(DateTimeOffset at, DateTimeOffset now)
    {
        var local = at.ToLocalTime();
        return local.ToString(local.Date == now.ToLocalTime().Date ? "HH:mm:ss" : "yyyy-MM-dd HH:mm:ss", Plain);
    }

    public static string Moment(DateTimeOffset at) => at.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'", Plain);

    /// <summary>Whole percents, never 100 before it is all.</summary>
    public static string Percent(long done, long all) =>
        all <= 0 ? "" : done >= all ? "100%" : Math.Min(99, Math.Round(done * 100.0 / all)).ToString("0", Plain) + "%";

    public static string Plural(long n, string one, string? many = null) => $"{Full(n)} {(n == 1 ? one : many ?? one + "s")}";

    /// <summary>The first digits of a run's id, as shown to people and accepted by <c>pawl runs</c>.</summary>
    public static string RunName(Guid run) => run.ToString("N")[..4];
}
