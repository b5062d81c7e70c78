using System.Runtime.InteropServices;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Sqlite;

/// <summary>Looks at a file without changing it. Reports what it finds; throws for nothing that can be found.</summary>
internal static partial class SqliteProbe
{
    private const int MayWrite = 2;
    private const int MostNames = 5;

    public static unsafe string Product =>
        $"SQLite {Marshal.PtrToStringUTF8((nint)SqliteNative.Version())}";

    public static ProbeReport Look(ProbeRequest request)
    {
        try
        {
            var options = SqliteOptions.Parse(request.At);
            var path = SqliteIdentity.Resolve(request.At.Path);
            if (File.Exists(path)) return Existing(path, options, request);
            if (Directory.Exists(path)) throw new PawlException(Fault.Configuration, Codes.FileIsDirectory, ("file", path));
            if (request.Role == ProbeRole.Source) throw new PawlException(Fault.Configuration, Codes.FileMissing, ("file", path));
            var folder = Path.GetDirectoryName(path);
            if (!Directory.Exists(folder)) throw new PawlException(Fault.Configuration, Codes.FileMissing, ("file", folder));
            return new ProbeReport(true, Product, [ProbeFinding.Good(FindingCodes.FileNew, ("file", path)), .. Writing(path, request)]);
        }
        catch (PawlException e)
        {
            return new ProbeReport(false, Product, [ProbeFinding.Of(e)]);
        }
    }

    /// <exception cref="PawlException">The file cannot be opened.</exception>
    public static Discovery Discover(Endpoint at, TablePattern pattern)
    {
        using var file = SqliteFile.OpenToLook(SqliteIdentity.Resolve(at.Path), SqliteOptions.Parse(at).Busy);
        return new Discovery([],
        [
            .. SqliteCatalog.Tables(file, pattern).Select(name => SqliteCatalog.Describe(file, name)).Select(t => new FoundTable(t.Name,
                t.EstimatedRows, -1, t.Key.Kind, [.. t.Key.Columns.Select(i => t.Columns[i].Name)], true)),
        ]);
    }

    private static ProbeReport Existing(string path, SqliteOptions options, ProbeRequest request)
    {
        using var file = SqliteFile.OpenToLook(path, options.Busy);
        if (request.AnswersOnly) return new ProbeReport(file.Number("select count(*) from sqlite_schema") >= 0, Product, []);
        var all = SqliteCatalog.Tables(file, new TablePattern("*"));
        var wanted = request.Tables.Select(t => t.Name.ToString()).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var tables = all.Where(t => wanted.Count == 0 || wanted.Contains(t)).ToArray();
        var bytes = (file.Number("pragma page_count") - file.Number("pragma freelist_count")) * file.Number("pragma page_size");
        var findings = new List<ProbeFinding>
        {
            ProbeFinding.Good(FindingCodes.Reached, ("file", path)),
            ProbeFinding.Note(FindingCodes.Journal, ("mode", SqliteFile.KeepsLog(path) ? "wal" : file.Text("pragma journal_mode"))),
        };
        if (request.Role != ProbeRole.Target) findings.AddRange(Reading(file, tables, bytes));
        if (request.Role != ProbeRole.Source)
        {
            var triggers = tables.Where(t => SqliteShape.Required(SqliteCatalog.Describe(file, t)).HasTriggers).ToArray();
            if (triggers.Length > 0) findings.Add(ProbeFinding.Note(FindingCodes.Triggers, ("tables", Names(triggers))));
        }
        if (request.Role == ProbeRole.Target) findings.AddRange(Writing(path, request));
        // How much of the file a table fills is told by no catalogue: the whole is the most it can be.
        return new ProbeReport(true, Product, findings) { Bytes = bytes };
    }

    private static IEnumerable<ProbeFinding> Reading(SqliteFile file, string[] tables, long bytes)
    {
        yield return ProbeFinding.Note(FindingCodes.Tables, ("tables", tables.Length), ("bytes", bytes));
        var keyless = new List<string>();
        foreach (var table in tables)
        {
            var schema = SqliteCatalog.Describe(file, table);
            if (SqliteShape.Required(schema).FloatKeys is [var column, ..])
            {
                yield return ProbeFinding.Of(new PawlException(Fault.Schema, Codes.KeyUnfit, ("table", table), ("column", column),
                    ("type", "REAL"), ("cause", "a float is no place to go on from")));
            }
            else if (schema.Key.Kind == KeyKind.None) keyless.Add(table);
        }
        if (keyless.Count > 0) yield return ProbeFinding.Warning(FindingCodes.Keyless, ("tables", Names(keyless)));
    }

    /// <summary>File and folder can be written (journal and lock files lie beside the database), and there is room.</summary>
    private static IEnumerable<ProbeFinding> Writing(string path, ProbeRequest request)
    {
        var folder = Path.GetDirectoryName(path)!;
        var refused = new[] { folder, path }.Where(p => Path.Exists(p) && !IsWritable(p)).ToArray();
        foreach (var place in refused)
        {
            yield return ProbeFinding.Of(new PawlException(Fault.Permission, Codes.AccessDenied, ("file", place), ("right", "write")));
        }
        if (refused.Length == 0) yield return ProbeFinding.Good(FindingCodes.RightsWrite, ("tables", request.Tables.Count));
        if (FreeBytes(folder) is not { } free) yield break;
        var there = File.Exists(path) ? new FileInfo(path).Length : 0;
        (string, object?)[] details =
        [
            ("needed_bytes", request.IncomingBytes < 0 ? null : request.IncomingBytes), ("used_bytes", there), ("free_bytes", free),
            ("folder", folder),
        ];
        // A job that goes on finds its rows there already: what is there counts as room.
        yield return request.IncomingBytes > free + there ? ProbeFinding.Warning(FindingCodes.SpaceShort, details)
            : ProbeFinding.Good(FindingCodes.Space, details);
    }

    private static string Names(IReadOnlyCollection<string> names) => names.Count <= MostNames ? string.Join(", ", names)
        : FormattableString.Invariant($"{string.Join(", ", names.Take(MostNames))} … (+{names.Count - MostNames})");

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

    /// <summary>The system is asked; nothing is opened for writing.</summary>
    private static bool IsWritable(string path) => OperatingSystem.IsWindows() || Access(path, MayWrite) == 0;

    [LibraryImport("libc", EntryPoint = "access", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Access(string path, int mode);
}
