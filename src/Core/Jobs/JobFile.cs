using System.Text;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Jobs;

/// <summary>
/// Reads job files. Throws nothing for what a file holds: every fault of it is a <see cref="JobProblem"/>. Pure but for the files it
/// reads.
/// </summary>
public static partial class JobFile
{
    /// <summary>A job file is written by people; anything longer is another file.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>Reads and checks a job file.</summary>
    /// <param name="path">Relative paths start at the current folder.</param>
    /// <param name="environment">Looks up a variable for <c>${NAME}</c>; null = not set.</param>
    /// <param name="connectors">The systems there are.</param>
    /// <param name="book">Saved connections; null = none are known.</param>
    public static JobFileResult Load(string path, Func<string, string?> environment, IEnumerable<ConnectorSpec> connectors,
        IConnectionBook? book = null)
    {
        var (text, problem) = ReadText(path);
        return problem is null ? Parse(text!, path, environment, connectors, book) : new JobFileResult(null, [problem]);
    }

    /// <summary>Checks the text of a job file.</summary>
    /// <param name="text">The whole file; a byte order mark in front is left out.</param>
    /// <param name="filePath">Where it stands, or would: relative paths in it start at its folder. Need not exist.</param>
    /// <param name="environment">Looks up a variable for <c>${NAME}</c>; null = not set.</param>
    /// <param name="connectors">The systems there are.</param>
    /// <param name="book">Saved connections; null = none are known.</param>
    public static JobFileResult Parse(string text, string filePath, Func<string, string?> environment,
        IEnumerable<ConnectorSpec> connectors, IConnectionBook? book = null)
    {
        var file = Path.GetFullPath(filePath);
        var source = new SourceText(text.StartsWith('\uFEFF') ? text[1..] : text);
        var systems = connectors.ToList();
        var problems = new ProblemList(source, file, new SecretMask(systems));
        if (text.Length > MaxBytes)
        {
            problems.Add(Codes.JobSyntax, Span.None, "", JobReasons.TooLarge, null, ("most", Quantity.WriteSize(MaxBytes)));
            return new JobFileResult(null, problems.Sorted);
        }
        var root = new YamlReader(source, problems).Read();
        var fields = root is null ? null : new FieldReader(problems).Read(root);
        var job = fields is null ? null : new JobBuilder(problems, file, environment, systems, book).Build(fields);
        return new JobFileResult(job, problems.Sorted);
    }

    private static (string? Text, JobProblem? Problem) ReadText(string path)
    {
        if (path.Length == 0 || path.Contains('\0')) return (null, Failed(Codes.JobFileMissing, path.Replace("\0", "")));
        var file = Path.GetFullPath(path);
        try
        {
            if (Directory.Exists(file)) return (null, Failed(Codes.FileIsDirectory, file));
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var bytes = new byte[MaxBytes + 1];
            var length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length > MaxBytes)
                return (null, Failed(Codes.JobSyntax, file, null, ("reason", JobReasons.TooLarge), ("most", Quantity.WriteSize(MaxBytes))));
            return Decoded(bytes.AsSpan(0, length), file);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return (null, Failed(Codes.JobFileMissing, file, Similar(file)));
        }
        catch (UnauthorizedAccessException)
        {
            return (null, Failed(Codes.AccessDenied, file));
        }
        catch (IOException e)
        {
            return (null, Failed(Codes.InputOutput, file, null, ("cause", e.Message)));
        }
    }

    private static (string?, JobProblem?) Decoded(ReadOnlySpan<byte> bytes, string file)
    {
        var text = Encoding.UTF8.GetString(bytes);
        var first = System.Text.Unicode.Utf8.IsValid(bytes) ? -1 : text.IndexOf('\uFFFD');
        if (first < 0) return (text, null);
        var problems = new ProblemList(new SourceText(text), file, new SecretMask([]));
        problems.Add(Codes.JobSyntax, new Span(first, 1), "", JobReasons.Encoding);
        return (null, problems.Sorted[0]);
    }

    private static JobProblem Failed(string code, string file, string? suggestion = null, params (string Name, string? Value)[] details) =>
        new()
        {
            Code = code, File = file, Suggestion = suggestion,
            Details = details.Append(("file", file)).ToDictionary(d => d.Item1, d => d.Item2),
        };

    private static string? Similar(string file)
    {
        var folder = Path.GetDirectoryName(file);
        if (!Directory.Exists(folder)) return null;
        try
        {
            var names = Directory.EnumerateFiles(folder).Take(1_000).Select(f => Path.GetFileName(f)!)
                .Where(n => Path.GetExtension(n).ToLowerInvariant() is ".yaml" or ".yml");
            return NearestName.Of(Path.GetFileName(file), names.Order(StringComparer.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A hint is not worth an error of its own.
            return null;
        }
    }
}
