using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Files;

/// <summary>What can be said of a folder of files from outside. Blocking.</summary>
internal static class FilesProbe
{
    public static ProbeReport Look(ProbeRequest request)
    {
        const string product = "files";
        try
        {
            var catalog = new FilesCatalog(request.At);
            if (request.AnswersOnly) return new ProbeReport(true, product, []);
            var wanted = request.Tables.Select(t => t.Name.Name).ToHashSet(StringComparer.Ordinal);
            var tables = catalog.Tables(new TablePattern("*")).Where(t => wanted.Count == 0 || wanted.Contains(t.Name)).ToArray();
            foreach (var file in tables.SelectMany(t => t.Files.Select(f => (Table: t, File: f))))
            {
                OpenedFile.Open(catalog, new TableName(null, file.Table.Name), file.File, null).Dispose();
            }
            // What is packed becomes more, nobody says how much.
            var bytes = tables.SelectMany(t => t.Files).Any(f => f.IsPacked) ? -1 : tables.SelectMany(t => t.Files).Sum(f => f.Stat.Size);
            return new ProbeReport(true, product,
            [
                ProbeFinding.Good(FindingCodes.Reached, ("file", catalog.Identity.Display)),
                ProbeFinding.Note(FindingCodes.Tables, ("tables", tables.Length), ("bytes", bytes < 0 ? null : bytes)),
            ])
            {
                Bytes = bytes,
            };
        }
        catch (PawlException e)
        {
            return new ProbeReport(false, product, [ProbeFinding.Of(e)]);
        }
    }

    /// <exception cref="PawlException">The folder cannot be read.</exception>
    public static Discovery Discover(Endpoint at, TablePattern pattern)
    {
        var catalog = new FilesCatalog(at);
        return new Discovery([],
        [
            .. catalog.Tables(pattern).Select(t => new FoundTable(new TableName(null, t.Name), -1, t.Files.Sum(f => f.Stat.Size),
                KeyKind.RowId, [], true)),
        ]);
    }
}
