using System.Runtime.InteropServices;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Sqlite;

/// <summary>Looks at a file without changing it. Reports what it finds; throws for nothing that can be found.</summary>
internal static class SqliteProbe
{
    public static unsafe string Product =>
        $"SQLite {Marshal.PtrToStringUTF8((nint)SqliteNative.Version())}";

    public static ProbeReport Look(Endpoint at)
    {
        try
        {
            var options = SqliteOptions.Parse(at);
            var path = SqliteIdentity.Resolve(at.Path);
            return File.Exists(path) ? Existing(path, options) : Absent(path);
        }
        catch (PawlException e)
        {
            return new ProbeReport(false, Product, [new ProbeFinding(false, Words(e), $"pawl explain {e.Code}")]);
        }
    }

    private static ProbeReport Absent(string path)
    {
        var folder = Path.GetDirectoryName(path);
        return Directory.Exists(path)
            ? new ProbeReport(false, Product, [new ProbeFinding(false, $"{path} is a directory", "name the file inside it")])
            : Directory.Exists(folder)
                ? new ProbeReport(true, Product, [new ProbeFinding(true, $"{path} does not exist yet; as a target it will be created")])
                : new ProbeReport(false, Product, [new ProbeFinding(false, $"the folder {folder} does not exist", "create the folder")]);
    }

    private static ProbeReport Existing(string path, SqliteOptions options)
    {
        using var file = SqliteFile.Open(path, SqliteAccess.Read, options.Busy);
        var findings = new List<ProbeFinding>();
        var tables = SqliteCatalog.Tables(file, new TablePattern("*"));
        findings.Add(new ProbeFinding(true, FormattableString.Invariant($"{path}: {tables.Count} tables")));
        var journal = file.Text("pragma journal_mode") ?? "";
        findings.Add(journal == "wal"
            ? new ProbeFinding(true, "journal mode wal: readers and a writer do not wait for each other")
            : new ProbeFinding(true,
                $"journal mode {journal}: while a split is read, writers of this file wait; as a target it is changed to wal"));
        foreach (var table in tables)
        {
            var schema = SqliteCatalog.Describe(file, table);
            var shape = SqliteShape.Required(schema);
            if (shape.HasTriggers) findings.Add(new ProbeFinding(true, $"table {table} has triggers: they fire for rows written to it"));
            if (shape.FloatKeys.Count > 0)
            {
                findings.Add(new ProbeFinding(false, $"table {table}: its key column {shape.FloatKeys[0]} is REAL and cannot be a cursor",
                    "leave the table out, or give it another key"));
            }
            if (schema.Key.Kind == KeyKind.None)
            {
                findings.Add(new ProbeFinding(false, $"table {table}: nothing orders its rows, so it is read in one piece",
                    "declare a PRIMARY KEY, or rename a column called rowid, _rowid_ or oid"));
            }
        }
        return new ProbeReport(true, Product, findings);
    }

    private static string Words(PawlException e) => string.Join(": ",
        new[] { e.Details.GetValueOrDefault("file"), e.Details.GetValueOrDefault("cause") }.Where(w => !string.IsNullOrEmpty(w)));
}
