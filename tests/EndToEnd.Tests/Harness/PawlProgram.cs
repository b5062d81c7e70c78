namespace Pawl.EndToEnd.Tests.Harness;

/// <summary>
/// The program under test: the executable of the same checkout and configuration as the tests, or the one that <c>PAWL_PROGRAM</c> names.
/// </summary>
internal static class PawlProgram
{
    /// <summary>Absolute path.</summary>
    public static readonly string File = Find();

    /// <summary>Root of the checkout.</summary>
    public static readonly string Root = FindRoot();

    private static string Find()
    {
        if (Environment.GetEnvironmentVariable("PAWL_PROGRAM") is { Length: > 0 } named) return named;
        // artifacts/bin/EndToEnd.Tests/release/ → artifacts/bin/Cli/release/pawl
        var here = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var name = OperatingSystem.IsWindows() ? "pawl.exe" : "pawl";
        var file = Path.Combine(here.Parent!.Parent!.FullName, "Cli", here.Name, name);
        return System.IO.File.Exists(file) ? file : throw new FileNotFoundException("pawl is not built beside the tests", file);
    }

    private static string FindRoot()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (System.IO.File.Exists(Path.Combine(at.FullName, "Directory.Packages.props"))) return at.FullName;
        }
        throw new InvalidOperationException("the tests run outside a checkout");
    }
}
