using Pawl.Model;

namespace Pawl.Connectors.Files;

/// <summary>The one place where what the file system says becomes faults.</summary>
internal static class FilesFaults
{
    public static PawlException Classify(Exception e, string file) => e switch
    {
        PawlException known => known,
        FileNotFoundException or DirectoryNotFoundException => new PawlException(Fault.Configuration, Codes.FileMissing, ("file", file)),
        UnauthorizedAccessException => new PawlException(Fault.Permission, Codes.AccessDenied, e, ("file", file), ("cause", e.Message)),
        InvalidDataException => Damaged(file, e.Message),
        IOException => new PawlException(Fault.Transient, Codes.InputOutput, e, ("file", file), ("cause", e.Message)),
        _ => new PawlException(Fault.Bug, Codes.Unexpected, e, ("file", file), ("cause", e.Message)),
    };

    public static PawlException Damaged(string file, string cause) =>
        new(Fault.Configuration, Codes.FileDamaged, ("file", file), ("cause", cause));

    /// <summary>What lies there is not what was being read.</summary>
    public static PawlException Replaced(string table, string file, string cause) =>
        new(Fault.PositionLost, Codes.FileReplaced, ("table", table), ("file", file), ("cause", cause));
}
