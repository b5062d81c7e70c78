using System.Globalization;
using System.Text;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>Exact decimals; what would be rounded is refused. Of cells of no fixed type the numbers.</summary>
internal sealed class MyTargetDecimalCell(int precision, int scale, bool isUnsigned) : MyTargetCell
{
    private BytesColumn? values;

    public override MyType Wire => MyType.Char;

    protected override void Take(Column of) => values = (BytesColumn)of;

    protected override MyUnfit? PutValue(MyRowBuffer to, int row, MyRowForm form) =>
        IsAny ? new MyUnfit(Codes.TypeMismatch, "text in a column of decimals") : PutChecked(to, values![row], form);

    protected override MyUnfit? PutStray(MyRowBuffer to, StrayCell stray, MyRowForm form) => stray.Kind switch
    {
        TypeKind.Integer when IsAny => PutChecked(to, Encoding.ASCII.GetBytes(stray.Number.ToString(CultureInfo.InvariantCulture)), form),
        // The shortest digits that mean this very number: what a decimal was before it was stored as a float.
        TypeKind.Float64 when IsAny => PutChecked(to, Encoding.ASCII.GetBytes(Digits(BitConverter.Int64BitsToDouble(stray.Number))), form),
        _ => base.PutStray(to, stray, form),
    };

    private bool IsAny => values!.Schema.Type.Kind == TypeKind.Any;

    private MyUnfit? PutChecked(MyRowBuffer to, ReadOnlySpan<byte> text, MyRowForm form)
    {
        var digits = text is [(byte)'-' or (byte)'+', ..] ? text[1..] : text;
        var point = digits.IndexOf((byte)'.');
        var before = point < 0 ? digits : digits[..point];
        var after = point < 0 ? [] : digits[(point + 1)..];
        if (before.Length + after.Length == 0 || before.IndexOfAnyExceptInRange((byte)'0', (byte)'9') >= 0
            || after.IndexOfAnyExceptInRange((byte)'0', (byte)'9') >= 0)
        {
            return new MyUnfit(Codes.TypeMismatch, "one MySQL cannot hold (NaN or an infinity)");
        }
        if (before.TrimStart((byte)'0').Length > precision - scale) return new MyUnfit(Codes.ValueBeyond, "it holds fewer digits");
        if (after.TrimEnd((byte)'0').Length > scale) return new MyUnfit(Codes.ValueBeyond, "it would be rounded");
        if (isUnsigned && text[0] == '-') return new MyUnfit(Codes.ValueBeyond, "it holds no negative numbers");
        PutPlain(to, text, form);
        return null;
    }

    /// <summary>Without an exponent.</summary>
    private static string Digits(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        var at = text.IndexOf('E', StringComparison.Ordinal);
        if (at < 0) return text;
        var sign = text[0] == '-' ? "-" : "";
        var body = text[sign.Length..at];
        var point = body.IndexOf('.', StringComparison.Ordinal);
        var all = body.Replace(".", "", StringComparison.Ordinal);
        var place = (point < 0 ? body.Length : point) + int.Parse(text.AsSpan(at + 1), NumberStyles.AllowLeadingSign,
            CultureInfo.InvariantCulture);
        if (place <= 0) return $"{sign}0.{new string('0', -place)}{all}";
        return place >= all.Length ? sign + all.PadRight(place, '0') : $"{sign}{all[..place]}.{all[place..]}";
    }
}
