namespace Pawl.Model;

/// <summary>
/// Why a row was rejected, by the plain names that job files use. One name for one code of a rejected row; a name is never given to
/// another code. Thread-safe.
/// </summary>
public static class RejectCause
{
    public const string Other = "other";

    /// <summary>The word for: write the row with a null in place of the cell.</summary>
    public const string SetNull = "set_null";

    private static readonly (string Name, string Code)[] Known =
    [
        ("not_null", Codes.NullRefused), ("duplicate", Codes.DuplicateRefused), ("foreign_key", Codes.ReferenceMissing),
        ("check", Codes.CheckFailed), ("overflow", Codes.ValueBeyond), ("type", Codes.TypeMismatch), ("too_large", Codes.ValueTooLarge),
        ("text", Codes.TextUnfit), ("record", Codes.RecordBroken), (Other, Codes.RowRefused),
    ];

    public static IReadOnlyList<string> All { get; } = [.. Known.Select(k => k.Name)];

    /// <summary>Those where one cell is at fault, so that the row could be kept without it.</summary>
    public static IReadOnlyList<string> Cellwise { get; } = ["overflow", "type", "too_large", "text"];

    /// <summary>The name of a rejected row's code; <see cref="Other"/> for a code without one.</summary>
    public static string Of(string code)
    {
        foreach (var known in Known)
        {
            if (known.Code == code) return known.Name;
        }
        return Other;
    }

    /// <summary>The code of a name of <see cref="All"/>.</summary>
    public static string Code(string name) => Known.First(k => k.Name == name).Code;
}
