using System.Globalization;
using Pawl.Model;

namespace Pawl.Jobs;

/// <summary>
/// Checks and converts single values. YAML 1.2 core schema: only what stands without quotes is a number, a boolean or null.
/// </summary>
internal sealed class ScalarReader(ProblemList problems)
{
    /// <summary>What a field takes, for people: words, or the form of a quantity with its range.</summary>
    public string Expected(JobField field) => field.Kind switch
    {
        FieldKind.Choice => string.Join(" | ", field.Allowed),
        FieldKind.Flag => "true | false",
        FieldKind.Count or FieldKind.Size or FieldKind.Duration =>
            string.Concat(field.Allowed.Select(word => word + " | ")) + $"{field.Min}..{field.Max}",
        FieldKind.DurationRange => field.Default ?? "1s..60s",
        _ => "text",
    };

    public (object? Value, bool Ok) Read(YamlScalar scalar, JobField field, string path)
    {
        // A null without quotes is the same as nothing in YAML: it is no word for anything.
        if (scalar.Text == "null" && field.Allowed.Contains(RejectCause.SetNull))
            return No(scalar, field, path, JobReasons.Choice, RejectCause.SetNull);
        if (scalar.IsNull) return No(scalar, field, path, JobReasons.Empty);
        switch (field.Kind)
        {
            case FieldKind.Url:
                return scalar.Text.Length is > 0 && scalar.Text.Length <= field.MaxLength ? (scalar.Text, true)
                    : No(scalar, field, path, scalar.Text.Length == 0 ? JobReasons.Empty : JobReasons.TooLong);
            case FieldKind.Text:
                return IsName(scalar, path, field.MaxLength) ? (SecretText.Unescape(scalar.Text), true) : (null, false);
            case FieldKind.Code:
                return IsCode(scalar, field, path) ? (SecretText.Unescape(scalar.Text), true) : (null, false);
            case FieldKind.Choice:
                return Choice(scalar, field, path);
            case FieldKind.Flag:
                if (Flag(scalar) is { } flag) return (flag, true);
                return No(scalar, field, path, JobReasons.Type, MeantFlag(scalar.Text));
            case FieldKind.Count when field.Allowed.Contains(scalar.Text):
                return (-(long)field.Allowed.ToList().IndexOf(scalar.Text), true);
            case FieldKind.Count:
                return Bounded(scalar, field, path, Quantity.Count);
            case FieldKind.Size:
                return Bounded(scalar, field, path, Quantity.Size);
            case FieldKind.Duration:
                return Bounded(scalar, field, path, Quantity.Duration);
            case FieldKind.DurationRange:
                return Range(scalar, field, path);
            default:
                throw new PawlException(Fault.Bug, Codes.ContractBroken, ("field", field.Path));
        }
    }

    /// <summary>A name, pattern or other text of one line: not empty, no control characters, no placeholder.</summary>
    public bool IsName(YamlScalar scalar, string path, int longest)
    {
        var reason = scalar.IsNull || string.IsNullOrWhiteSpace(scalar.Text) ? JobReasons.Empty
            : scalar.Text.Length > longest ? JobReasons.TooLong
            : scalar.Text.Any(char.IsControl) || HasHalfPair(scalar.Text) ? JobReasons.ControlCharacter : null;
        if (reason is not null)
        {
            problems.Add(Codes.JobValueInvalid, scalar.At, path, reason, null, ("expected", "text"), ("most", Text(longest)));
            return false;
        }
        return HasNoPlaceholder(scalar, path);
    }

    /// <summary>long, double, string, bool or null, by the core schema.</summary>
    public (object? Value, bool Ok) Constant(YamlScalar scalar, string path)
    {
        if (!scalar.Plain)
        {
            var good = !scalar.Text.Contains('\0') && !HasHalfPair(scalar.Text);
            if (!good) problems.Add(Codes.JobValueInvalid, scalar.At, path, JobReasons.ControlCharacter);
            return (SecretText.Unescape(scalar.Text), good && HasNoPlaceholder(scalar, path));
        }
        if (scalar.IsNull) return (null, true);
        if (Flag(scalar) is { } flag) return (flag, true);
        var text = scalar.Text;
        if (IsWhole(text))
        {
            if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)) return (whole, true);
            problems.Add(Codes.JobValueInvalid, scalar.At, path, JobReasons.Range, $"\"{text}\"",
                ("expected", $"{long.MinValue}..{long.MaxValue}"), ("value", problems.Raw(scalar.At)));
            return (null, false);
        }
        if (IsBased(text) is { } based)
        {
            if (based.Ok) return (based.Value, true);
            problems.Add(Codes.JobValueInvalid, scalar.At, path, JobReasons.Range, null, ("value", problems.Raw(scalar.At)));
            return (null, false);
        }
        return IsReal(text, out var real) ? (real, true) : (SecretText.Unescape(text), HasNoPlaceholder(scalar, path));
    }

    private (object?, bool) Choice(YamlScalar scalar, JobField field, string path)
    {
        if (field.Allowed.Contains(scalar.Text)) return (scalar.Text, true);
        if (field.LaterWords.Contains(scalar.Text))
        {
            problems.Add(Codes.JobFieldLater, scalar.At, path, null, null, ("name", field.Name), ("value", scalar.Text),
                ("capability", $"{field.Name}: {scalar.Text}"), ("expected", Expected(field)));
            return (null, false);
        }
        var near = NearestName.Of(scalar.Text, field.Allowed) ?? (field.Allowed.Count == 1 ? field.Allowed[0] : null);
        return No(scalar, field, path, JobReasons.Choice, near);
    }

    private (object?, bool) Bounded<T>(YamlScalar scalar, JobField field, string path, Func<string, T?> parse)
        where T : struct, IComparable<T>
    {
        if (parse(scalar.Text) is not { } value)
            return No(scalar, field, path, JobReasons.Unit, Repaired(scalar.Text, field, s => parse(s) is not null));
        if (field.Min is { } min && value.CompareTo(parse(min)!.Value) < 0) return No(scalar, field, path, JobReasons.Range, min);
        if (field.Max is { } max && value.CompareTo(parse(max)!.Value) > 0) return No(scalar, field, path, JobReasons.Range, max);
        return (value, true);
    }

    private (object?, bool) Range(YamlScalar scalar, JobField field, string path)
    {
        if (Quantity.Range(scalar.Text) is not { } range)
        {
            var widest = Quantity.Range(field.Default!)!.Max;
            var single = Quantity.Duration(scalar.Text) is { } s && s <= widest;
            return No(scalar, field, path, JobReasons.Unit, single ? $"{scalar.Text}..{Quantity.WriteDuration(widest)}" : field.Default);
        }
        if (range.Min > range.Max)
        {
            var turned = $"{Quantity.WriteDuration(range.Max)}..{Quantity.WriteDuration(range.Min)}";
            return No(scalar, field, path, JobReasons.RangeOrder, turned);
        }
        var inside = range.Min >= Quantity.Duration(field.Min!) && range.Max <= Quantity.Duration(field.Max!);
        return inside ? (range, true) : No(scalar, field, path, JobReasons.Range, field.Default);
    }

    /// <summary>A number without its unit, a unit in the wrong case or with a space before it.</summary>
    private static string? Repaired(string text, JobField field, Func<string, bool> fits)
    {
        var tight = text.Replace(" ", "").Replace("_", "").Replace(",", "");
        string[] tries =
        [
            tight, tight.ToLowerInvariant(), tight.ToUpperInvariant(), tight + "s", tight + "B", tight.Replace("iB", "B"),
            tight.Replace("sec", "s").Replace("min", "m"),
        ];
        return tries.FirstOrDefault(t => t != text && fits(t)) ?? field.Default;
    }

    private bool IsCode(YamlScalar scalar, JobField field, string path)
    {
        var bad = scalar.Text.Contains('\0') || HasHalfPair(scalar.Text);
        var reason = string.IsNullOrWhiteSpace(scalar.Text) ? JobReasons.Empty : scalar.Text.Length > field.MaxLength ? JobReasons.TooLong
            : bad ? JobReasons.ControlCharacter : null;
        if (reason is null) return HasNoPlaceholder(scalar, path);
        No(scalar, field, path, reason);
        return false;
    }

    /// <summary>Outside of addresses a placeholder would be carried as text, or a secret would be shown: neither is meant.</summary>
    private bool HasNoPlaceholder(YamlScalar scalar, string path)
    {
        if (SecretText.Placeholders(scalar.Text).FirstOrDefault() is not { } part) return true;
        var at = problems.Within(scalar.At, part);
        problems.Add(Codes.JobValueInvalid, at, path, JobReasons.PlaceholderHere, "$" + part, ("value", part));
        return false;
    }

    private (object?, bool) No(YamlScalar scalar, JobField field, string path, string reason, string? suggestion = null)
    {
        var value = field.Secret ? null : problems.Raw(scalar.At);
        problems.Add(Codes.JobValueInvalid, scalar.At, path, reason, suggestion,
            ("expected", Expected(field)), ("value", value), ("most", Text(field.MaxLength)));
        return (null, false);
    }

    private static string? MeantFlag(string text) => text.ToLowerInvariant() switch
    {
        "yes" or "on" or "true" or "1" => "true",
        "no" or "off" or "false" or "0" => "false",
        _ => null,
    };

    private static bool? Flag(YamlScalar scalar) => !scalar.Plain ? null : scalar.Text switch
    {
        "true" or "True" or "TRUE" => true,
        "false" or "False" or "FALSE" => false,
        _ => null,
    };

    private static bool IsWhole(string text)
    {
        var digits = text.AsSpan(text.Length > 0 && text[0] is '+' or '-' ? 1 : 0);
        return digits.Length > 0 && !digits.ContainsAnyExceptInRange('0', '9');
    }

    /// <summary>0o17 and 0x1F.</summary>
    private static (long Value, bool Ok)? IsBased(string text)
    {
        if (text.Length < 3 || text[0] != '0' || text[1] is not ('o' or 'x')) return null;
        var based = text[1] == 'x' ? 16 : 8;
        var value = 0UL;
        foreach (var c in text.AsSpan(2))
        {
            if (!char.IsAsciiHexDigit(c) || Convert.ToInt32(c.ToString(), 16) >= based) return null;
            if (value > (ulong)long.MaxValue / (ulong)based) return (0, false);
            value = value * (ulong)based + (ulong)Convert.ToInt32(c.ToString(), 16);
        }
        return ((long)value, value <= long.MaxValue);
    }

    private static bool IsReal(string text, out double real)
    {
        real = text switch
        {
            ".inf" or ".Inf" or ".INF" or "+.inf" or "+.Inf" or "+.INF" => double.PositiveInfinity,
            "-.inf" or "-.Inf" or "-.INF" => double.NegativeInfinity,
            ".nan" or ".NaN" or ".NAN" => double.NaN,
            _ => 0,
        };
        if (real != 0) return true;
        var shape = text.Any(char.IsAsciiDigit) && !text.AsSpan().ContainsAnyExcept("0123456789+-.eE") && text[0] is not ('e' or 'E');
        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return shape && double.TryParse(text, Style, CultureInfo.InvariantCulture, out real) && double.IsFinite(real);
    }

    private static bool HasHalfPair(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogatePair(text, i)) i++;
            else if (char.IsSurrogate(text[i])) return true;
        }
        return false;
    }

    private static string Text(int n) => n.ToString(CultureInfo.InvariantCulture);
}
