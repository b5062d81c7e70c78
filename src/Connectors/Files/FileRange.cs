using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Files;

/// <summary>What is read of one file.</summary>
/// <param name="End">The planned end; null = where the file ends now.</param>
/// <param name="After">The place to go on from, strictly after; null = the first record.</param>
/// <param name="Stop">Offset at which no further record begins to be read.</param>
internal sealed record FileRange(TableFile File, FilePosition? End, FilePosition? After, long Stop = long.MaxValue)
{
    /// <summary>The files of a split in the order of reading; where it has no end, those that are there now.</summary>
    /// <exception cref="PawlException">A file is not there any more.</exception>
    public static IReadOnlyList<FileRange> Of(FilesCatalog catalog, TableName table, Position? after, Position? through)
    {
        var from = after is null ? null : FilePosition.Read(after);
        var to = through is null ? null : FilePosition.Read(through);
        if (to is { IsEnd: true })
        {
            return from is { IsEnd: true } ? [] : [new FileRange(catalog.Find(table, to), to, from)];
        }
        var ranges = new List<FileRange>();
        foreach (var file in catalog.Table(table).Files)
        {
            var isFirst = from is not null && file.Stat.Identity == from.Identity;
            var isLast = to is not null && file.Stat.Identity == to.Identity;
            if (from is not null && !isFirst && ranges.Count == 0) continue;
            ranges.Add(new FileRange(file, null, isFirst ? from : null, isLast ? to!.Offset : long.MaxValue));
            if (isLast) break;
        }
        // Whoever is not among them under any name says so.
        if (from is not null && ranges.Count == 0) catalog.Find(table, from);
        return ranges;
    }
}
