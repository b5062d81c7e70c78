using Pawl.Model;

namespace Pawl.Connectors.Files;

/// <summary>The one place where what the file system says becomes faults.</summary>
internal static class FilesFaults
{
    /// <summary>errno of Linux and of macOS alike, and EDQUOT of Linux.</summary>
    private const int NoSpace = 28, ReadOnly = 30, Quota = 122;

    public static PawlException Classify(Exception e, string file) => e switch
    {
        PawlException known => known,
        FileNotFoundException or DirectoryNotFoundException => new PawlException(Fault.Configuration, Codes.FileMissing, ("file", file)),
        UnauthorizedAccessException => new PawlException(Fault.Permission, Codes.AccessDenied, e, ("file", file), ("cause", e.Message)),
        InvalidDataException => Damaged(file, e.Message),
        IOException { HResult: NoSpace or Quota } =>
            new PawlException(Fault.Transient, Codes.DiskFull, e, ("file", file), ("cause", e.Message)),
        IOException { HResult: ReadOnly } =>
            new PawlException(Fault.Permission, Codes.AccessDenied, e, ("file", file), ("cause", e.Message)),
        IOException => new PawlException(Fault.Transient, Codes.InputOutput, e, ("file", file), ("cause", e.Message)),
        _ => new PawlException(Fault.Bug, Codes.Unexpected, e, ("file", file), ("cause", e.Message)),
    };

    public static PawlException Damaged(string file, string cause) =>
        new(Fault.Configuration, Codes.FileDamaged, ("file", file), ("cause", cause));

    /// <summary>What lies there is not what was being read.</summary>
    public static PawlException Replaced(string table, string file, string cause) =>
        new(Fault.PositionLost, Codes.FileReplaced, ("table", table), ("file", file), ("cause", cause));

    /// <summary>A target's journal does not say what it has to.</summary>
    public static PawlException Inconsistent(string journal, string cause) =>
        new(Fault.PositionLost, Codes.LedgerInconsistent, ("file", journal), ("cause", cause));
}
