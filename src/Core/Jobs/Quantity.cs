using System.Globalization;

namespace Pawl.Jobs;

/// <summary>Counts, sizes and durations as people write them. Pure functions; null = not one.</summary>
public static class Quantity
{
    public const string CountPattern = @"^[0-9]+(\.[0-9]+)?[kKM]?$";
    public const string SizePattern = "^[0-9]+(\\.[0-9]+)?([Kk]|[Mm]|[Gg]|[Tt])?[Bb]$|^[0-9]+$";
    public const string DurationPattern = @"^[0-9]+(\.[0-9]+)?(ms|s|m|h|d)$";
    public const string DurationRangePattern = @"^[0-9]+(\.[0-9]+)?(ms|s|m|h|d)\.\.[0-9]+(\.[0-9]+)?(ms|s|m|h|d)$";

    /// <summary><c>250</c>, <c>100k</c> (thousands), <c>2M</c> (millions).</summary>
    public static long? Count(string text) => Split(text) switch
    {
        (var n, "") => Whole(n, 1),
        (var n, "k" or "K") => Whole(n, 1_000),
        (var n, "M") => Whole(n, 1_000_000),
        _ => null,
    };

    /// <summary>Bytes: <c>4096</c>, <c>512KB</c>, <c>64MB</c>, <c>1GB</c>, <c>1TB</c>; powers of 1024.</summary>
    public static long? Size(string text)
    {
        var (n, unit) = Split(text);
        return unit.ToUpperInvariant() switch
        {
            "" or "B" => Whole(n, 1),
            "KB" => Whole(n, 1L << 10),
            "MB" => Whole(n, 1L << 20),
            "GB" => Whole(n, 1L << 30),
            "TB" => Whole(n, 1L << 40),
            _ => null,
        };
    }

    /// <summary><c>500ms</c>, <c>10s</c>, <c>5m</c>, <c>1h</c>, <c>1d</c>. Whole milliseconds.</summary>
    public static TimeSpan? Duration(string text)
    {
        var (n, unit) = Split(text);
        long? ms = unit switch
        {
            "ms" => Whole(n, 1),
            "s" => Whole(n, 1_000),
            "m" => Whole(n, 60_000),
            "h" => Whole(n, 3_600_000),
            "d" => Whole(n, 86_400_000),
            _ => null,
        };
        return ms is >= 0 and <= 3_650L * 86_400_000 ? TimeSpan.FromMilliseconds(ms.Value) : null;
    }

    /// <summary><c>1s..60s</c>, both ends included. The order of the ends is not looked at.</summary>
    public static DurationRange? Range(string text)
    {
        var dots = text.IndexOf("..", StringComparison.Ordinal);
        if (dots < 0) return null;
        return Duration(text[..dots]) is { } min && Duration(text[(dots + 2)..]) is { } max ? new DurationRange(min, max) : null;
    }

    /// <summary>The shortest exact way to write a count.</summary>
    public static string WriteCount(long n) =>
        n != 0 && n % 1_000_000 == 0 ? Text(n / 1_000_000) + "M" : n != 0 && n % 1_000 == 0 ? Text(n / 1_000) + "k" : Text(n);

    /// <summary>The shortest exact way to write a size.</summary>
    public static string WriteSize(long bytes)
    {
        string[] units = ["B", "KB", "MB", "GB", "TB"];
        var unit = 0;
        while (unit < 4 && bytes != 0 && bytes % 1024 == 0) (bytes, unit) = (bytes / 1024, unit + 1);
        return Text(bytes) + units[unit];
    }

    /// <summary>The shortest exact way to write a duration of whole milliseconds.</summary>
    public static string WriteDuration(TimeSpan time)
    {
        var ms = (long)time.TotalMilliseconds;
        if (ms == 0) return "0s";
        if (ms % 3_600_000 == 0) return Text(ms / 3_600_000) + "h";
        if (ms % 60_000 == 0) return Text(ms / 60_000) + "m";
        return ms % 1_000 == 0 ? Text(ms / 1_000) + "s" : Text(ms) + "ms";
    }

    private static string Text(long n) => n.ToString(CultureInfo.InvariantCulture);

    private static (decimal? Number, string Unit) Split(string text)
    {
        var end = 0;
        while (end < text.Length && (char.IsAsciiDigit(text[end]) || (text[end] == '.' && end > 0))) end++;
        if (end is 0 or > 20 || text[end - 1] == '.') return (null, text[end..]);
        var ok = decimal.TryParse(text[..end], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number);
        return (ok ? number : null, text[end..]);
    }

    private static long? Whole(decimal? n, long unit)
    {
        if (n is not { } value || value > long.MaxValue / unit) return null;
        var product = value * unit;
        return product == decimal.Truncate(product) ? (long)product : null;
    }
}

/// <summary>From–to, both included.</summary>
public sealed record DurationRange(TimeSpan Min, TimeSpan Max);
