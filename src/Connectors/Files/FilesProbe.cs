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
            if (request.Role == ProbeRole.Target) return Target(request, product);
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

    /// <summary>What may be a target's folder: it is there, or can be made.</summary>
    /// <exception cref="PawlException">It cannot.</exception>
    public static void CheckFolder(string root)
    {
        if (Directory.Exists(root)) return;
        var endings = new[] { ".csv", ".jsonl", ".gz" };
        if (File.Exists(root) || endings.Any(e => root.EndsWith(e, StringComparison.OrdinalIgnoreCase)))
        {
            throw new PawlException(Fault.Configuration, Codes.FolderExpected, ("file", root));
        }
        var parent = Path.GetDirectoryName(root);
        if (!Directory.Exists(parent)) throw new PawlException(Fault.Configuration, Codes.FileMissing, ("file", parent));
    }

    private static ProbeReport Target(ProbeRequest request, string product)
    {
        var target = new FilesTarget(FilesTarget.RootOf(request.At), FilesOptions.ParseTarget(request.At));
        CheckFolder(target.Root);
        if (request.AnswersOnly) return new ProbeReport(true, product, []);
        var isThere = Directory.Exists(target.Root);
        var folder = isThere ? target.Root : Path.GetDirectoryName(target.Root)!;
        var findings = new List<ProbeFinding>
        {
            ProbeFinding.Good(isThere ? FindingCodes.Reached : FindingCodes.FileNew, ("file", target.Root)),
        };
        var places = request.Tables.Select(t => target.FolderOf(t.Name)).Append(Path.Combine(target.Root, FilesNames.Control))
            .Where(Directory.Exists).Prepend(folder);
        var refused = places.Where(place => !FilesDisk.IsWritable(place)).ToArray();
        findings.AddRange(refused.Select(place =>
            ProbeFinding.Of(new PawlException(Fault.Permission, Codes.AccessDenied, ("file", place), ("right", "write")))));
        if (refused.Length == 0) findings.Add(ProbeFinding.Good(FindingCodes.RightsWrite, ("tables", request.Tables.Count)));
        if (FreeBytes(folder) is { } free)
        {
            (string, object?)[] details =
            [
                ("needed_bytes", request.IncomingBytes < 0 ? null : request.IncomingBytes), ("used_bytes", 0), ("free_bytes", free),
                ("folder", folder),
            ];
            findings.Add(request.IncomingBytes > free ? ProbeFinding.Warning(FindingCodes.SpaceShort, details)
                : ProbeFinding.Good(FindingCodes.Space, details));
        }
        return new ProbeReport(true, product, findings);
    }

    private static long? FreeBytes(string folder)
    {
        try
        {
            return new DriveInfo(folder).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // A file system that does not tell: nothing is said of it.
            return null;
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
