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
        < 0 => $"0 {Second}",
        < 9.995 => string.Create(Plain, $"{time.TotalSeconds:0.00} {Second}"),
        < 59.95 => string.Create(Plain, $"{time.TotalSeconds:0.0} {Second}"),
        < 3600 => string.Create(Plain, $"{(int)time.TotalMinutes} {Both("min", "分")} {time.Seconds:00} {Second}"),
        _ => string.Create(Plain, $"{(int)time.TotalHours} {Both("h", "小时")} {time.Minutes:00} {Both("min", "分")}"),
    };

    private static string Second => Both("s", "秒");

    /// <summary><c>00:56</c>, <c>1:02:03</c>; <c>--:--</c> when unknown or beyond 99 hours.</summary>
    public static string Clock(TimeSpan? time) => time is not { } exact || exact.TotalHours >= 99 || exact < TimeSpan.Zero ? "--:--"
        : TimeSpan.FromSeconds(Math.Round(exact.TotalSeconds)) is var t && t.TotalHours >= 1 ? string.Create(Plain,
            $"{(int)t.TotalHours}:{t.Minutes:00}:{t.Seconds:00}")
        : string.Create(Plain, $"{t.Minutes:00}:{t.Seconds:00}");

    /// <summary><c>2 s ago</c>, <c>8 min ago</c>, <c>3 h ago</c>, <c>4 days ago</c>.</summary>
    public static string Ago(TimeSpan age) => age.TotalSeconds switch
    {
        < 1 => Both("just now", "刚刚"),
        < 90 => string.Create(Plain, $"{age.TotalSeconds:0} {Both("s ago", "秒前")}"),
        < 5400 => string.Create(Plain, $"{age.TotalMinutes:0} {Both("min ago", "分钟前")}"),
        < 129_600 => string.Create(Plain, $"{age.TotalHours:0} {Both("h ago", "小时前")}"),
        _ => string.Create(Plain, $"{age.TotalDays:0} {Both("days ago", "天前")}"),
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

    public static string Plural(long n, Noun noun) => noun.Of(n);

    /// <summary>The first digits of a run's id, as shown to people and accepted by <c>pawl runs</c>.</summary>
    public static string RunName(Guid run) => run.ToString("N")[..4];
}
