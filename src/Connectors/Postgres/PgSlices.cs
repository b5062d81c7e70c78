using Pawl.Contracts;

namespace Pawl.Connectors.Postgres;

/// <summary>Conditions on the rows that one of several source tables brought. Pure.</summary>
internal static class PgSlices
{
    /// <summary>Null where there is no slice, or the table has no such column of text: then every row counts.</summary>
    public static string? Where(PgTarget target, Slice? slice) => Has(target, slice) ? Where(slice!) : null;

    public static string Where(Slice slice) => $"{PgNames.Quote(slice.Column)} = {PgNames.Literal(slice.Value)}";

    /// <summary>Rows of none of these slices.</summary>
    public static string? Beside(PgTarget target, Slice slice, IReadOnlyCollection<string> known)
    {
        if (known.Count == 0 || !Has(target, slice)) return null;
        var column = PgNames.Quote(slice.Column);
        return $"{column} is null or {column} not in ({string.Join(", ", known.Select(PgNames.Literal))})";
    }

    private static bool Has(PgTarget target, Slice? slice) =>
        slice is not null && target.Column(slice.Column) is { Kind.Wire: PgWire.Text };
}
