namespace Pawl.EndToEnd.Tests.Harness;

/// <summary>A folder of its own for one test, with a PAWL_HOME in it. Gone when disposed; kept when PAWL_KEEP is set.</summary>
internal sealed class Scratch : IDisposable
{
    public Scratch(string? parent = null)
    {
        Folder = parent is null ? Directory.CreateTempSubdirectory("pawl-e2e-").FullName
            : Directory.CreateDirectory(Path.Combine(parent, Guid.NewGuid().ToString("N")[..12])).FullName;
        Home = Path.Combine(Folder, "home");
    }

    /// <summary>Absolute path.</summary>
    public string Folder { get; }
    public string Home { get; }

    public string At(string name) => Path.Combine(Folder, name);

    /// <summary>Writes a text file and returns its path.</summary>
    public string Write(string name, string text)
    {
        var file = At(name);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
        return file;
    }

    /// <summary>Copies a closed database with its log, so that looking at the copy leaves the original as it is.</summary>
    public string CopyDatabase(string file, string name)
    {
        var copy = At(name);
        foreach (var part in new[] { "", "-wal", "-journal" })
        {
            File.Delete(copy + part);
            if (File.Exists(file + part)) File.Copy(file + part, copy + part);
        }
        File.Delete(copy + "-shm");
        return copy;
    }

    public void Dispose()
    {
        if (Environment.GetEnvironmentVariable("PAWL_KEEP") is { Length: > 0 }) return;
        Directory.Delete(Folder, recursive: true);
    }
}
