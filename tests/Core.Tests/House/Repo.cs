using System.Diagnostics;

namespace Pawl.Core.Tests.House;

/// <summary>The checkout the tests were built from: its root and the files that belong to it.</summary>
internal static class Repo
{
    public static readonly string Root = FindRoot();

    /// <summary>Files git knows or would add, as relative paths with forward slashes; without git, everything but build output.</summary>
    public static readonly IReadOnlyList<string> Files = ListFiles();

    public static string Full(string path) => Path.Combine(Root, path);
    public static string Read(string path) => File.ReadAllText(Full(path));
    public static bool Has(string path) => File.Exists(Full(path)) || Directory.Exists(Full(path));

    /// <summary>Files under a folder with one of the endings.</summary>
    public static IEnumerable<string> Under(string folder, params string[] endings) => Files.Where(f =>
        f.StartsWith(folder, StringComparison.Ordinal) && endings.Any(e => f.EndsWith(e, StringComparison.Ordinal)));

    private static string FindRoot()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Directory.Packages.props"))) return at.FullName;
        }
        throw new InvalidOperationException("the tests run outside a checkout");
    }

    private static IReadOnlyList<string> ListFiles()
    {
        if (Directory.Exists(Full(".git")) || File.Exists(Full(".git")))
        {
            var info = new ProcessStartInfo("git") { WorkingDirectory = Root, RedirectStandardOutput = true };
            foreach (var word in new[] { "ls-files", "-co", "--exclude-standard", "-z" }) info.ArgumentList.Add(word);
            using var git = Process.Start(info)!;
            var listed = git.StandardOutput.ReadToEnd();
            git.WaitForExit();
            if (git.ExitCode == 0)
            {
                var names = listed.Split('\0', StringSplitOptions.RemoveEmptyEntries).Distinct();
                return [.. names.Where(f => File.Exists(Full(f))).Order(StringComparer.Ordinal)];
            }
        }
        return [.. Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(Root, f).Replace('\\', '/'))
            .Where(f => !f.StartsWith("artifacts/", StringComparison.Ordinal) && !f.StartsWith(".git/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)];
    }
}
