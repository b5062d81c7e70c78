using Pawl.Contracts;

namespace Pawl.Connectors.MySql;

/// <summary>Conditions on the rows that one of several source tables brought, byte by byte whatever the column's collation. Pure.</summary>
internal static class MySlices
{
    public static string Where(Slice slice) => $"{Same(slice.Column)} = {Bytes(slice.Value)}";

    /// <summary>Rows of none of these slices; null where none are known.</summary>
    public static string? Beside(Slice slice, IReadOnlyCollection<string> known) => known.Count == 0 ? null
        : $"{MyNames.Quote(slice.Column)} is null or {Same(slice.Column)} not in ({string.Join(", ", known.Select(Bytes))})";

    /// <summary>Collations let a and A, and blanks at the end, be the same.</summary>
    private static string Same(string column) => $"cast(convert({MyNames.Quote(column)} using utf8mb4) as binary)";

    private static string Bytes(string value) => $"x'{Convert.ToHexStringLower(System.Text.Encoding.UTF8.GetBytes(value))}'";
}
