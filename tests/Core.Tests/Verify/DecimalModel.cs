using System.Globalization;
using System.Numerics;

namespace Pawl.Core.Tests.Verify;

/// <summary>What a decimal text means, worked out another way than the product does: as a big whole number and a power of ten.</summary>
internal static class DecimalModel
{
    public static string Meaning(string text)
    {
        switch (text.TrimStart('+', '-').ToLowerInvariant())
        {
            case "nan": return "D:nan";
            case "inf" or "infinity": return text[0] == '-' ? "D:-inf" : "D:inf";
        }
        var parts = text.ToLowerInvariant().Split('e');
        var power = parts.Length > 1 ? long.Parse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : 0;
        var point = parts[0].IndexOf('.', StringComparison.Ordinal);
        if (point >= 0) power -= parts[0].Length - point - 1;
        var number = BigInteger.Parse(parts[0].Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        if (number.IsZero) return "E:0";
        while ((number % 10).IsZero) (number, power) = (number / 10, power + 1);
        if (power is >= 0 and < 20)
        {
            var whole = number * BigInteger.Pow(10, (int)power);
            if (whole >= long.MinValue && whole <= long.MaxValue) return "E:" + whole;
        }
        return FormattableString.Invariant($"D:{number}e{power}");
    }
}
