using Pawl.Model;

namespace Pawl.Connectors.Sqlite;

/// <summary>The one place where SQLite's result codes become faults. https://www.sqlite.org/rescode.html</summary>
internal static class SqliteFaults
{
    private const int Error = 1, Perm = 3, Abort = 4, Busy = 5, Locked = 6, NoMemory = 7, ReadOnly = 8, Interrupt = 9, InputOutput = 10,
        Corrupt = 11, Full = 13, CannotOpen = 14, Protocol = 15, Schema = 17, TooBig = 18, Constraint = 19, Mismatch = 20, NoLargeFile = 22,
        Auth = 23, NotADatabase = 26;

    private const int CorruptFileSystem = InputOutput | (33 << 8), Datatype = Constraint | (12 << 8), MovedAway = ReadOnly | (4 << 8),
        IsDirectory = CannotOpen | (2 << 8);

    /// <param name="code">Extended result code.</param>
    /// <param name="message">SQLite's own words.</param>
    /// <param name="file">Where it happened.</param>
    /// <param name="doing">The statement, or a word for the call; holds no values.</param>
    public static PawlException Classify(int code, string message, SqliteFile file, string doing)
    {
        var (fault, name) = code switch
        {
            CorruptFileSystem => (Fault.Configuration, Codes.DatabaseCorrupt),
            Datatype => (Fault.Data, Codes.TypeMismatch),
            MovedAway => (Fault.Transient, Codes.InputOutput),
            IsDirectory => (Fault.Configuration, Codes.FileIsDirectory),
            _ => (code & 0xFF) switch
            {
                Busy or Locked or Protocol => (Fault.Transient, Codes.Busy),
                Perm or ReadOnly or Auth => (Fault.Permission, Codes.AccessDenied),
                CannotOpen => Unopened(file.Path),
                Corrupt => (Fault.Configuration, Codes.DatabaseCorrupt),
                NotADatabase => (Fault.Configuration, Codes.NotADatabase),
                Full => (Fault.Transient, Codes.DiskFull),
                InputOutput or NoMemory or NoLargeFile => (Fault.Transient, Codes.InputOutput),
                Constraint => (Fault.Data, Codes.RowRefused),
                Mismatch => (Fault.Data, Codes.TypeMismatch),
                TooBig => (Fault.Data, Codes.ValueTooLarge),
                Schema => (Fault.Schema, Codes.SchemaChanged),
                Interrupt or Abort => (Fault.Transient, Codes.Unexpected),
                _ => (Fault.Bug, Codes.Unexpected),
            },
        };
        List<(string, object?)> details = [("file", file.Path), ("native", code), ("cause", message), ("sql", doing)];
        if (name == Codes.Busy && SqliteLocks.Holder(file.Path) is { } holder) details.Add(("holder", holder));
        return new PawlException(fault, name, [.. details]);
    }

    /// <summary>SQLite says "cannot open" for a file that is not there and for one that may not be opened.</summary>
    private static (Fault, string) Unopened(string path) =>
        Directory.Exists(path) ? (Fault.Configuration, Codes.FileIsDirectory)
        : Directory.Exists(Path.GetDirectoryName(path)) ? (Fault.Permission, Codes.AccessDenied)
        : (Fault.Configuration, Codes.FileMissing);

    /// <summary>The code under which a refused row is set aside.</summary>
    public static string RejectCode(PawlException e) => (e.Code, e.Details.GetValueOrDefault("native")) switch
    {
        (Codes.RowRefused, "1299") => Codes.NullRefused,
        (Codes.RowRefused, "2067" or "1555" or "2579") => Codes.DuplicateRefused,
        (Codes.RowRefused, "787") => Codes.ReferenceMissing,
        (Codes.RowRefused, "275") => Codes.CheckFailed,
        _ => e.Code,
    };

    public static bool IsConstraint(PawlException e) => e.Code is Codes.RowRefused or Codes.TypeMismatch or Codes.ValueTooLarge;

    /// <summary>The statement itself is wrong (syntax, unknown column): not a state of the file.</summary>
    public static bool IsStatement(PawlException e) => e.Details.TryGetValue("native", out var native) && native == "1";
}
