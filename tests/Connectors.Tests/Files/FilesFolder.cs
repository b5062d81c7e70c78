using System.IO.Compression;
using System.Text;
using Pawl.Connectors.Files;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Telemetry;
using Xunit;

namespace Pawl.Connectors.Tests.Files;

/// <summary>A folder of its own with files in it.</summary>
internal sealed class FilesFolder : IDisposable
{
    private static int number;

    public FilesFolder()
    {
        var name = FormattableString.Invariant($"pawl-files-{Environment.ProcessId}-{Interlocked.Increment(ref number)}");
        Root = Path.Combine(Path.GetTempPath(), name);
        Directory.CreateDirectory(Root);
    }

    public string Root { get; }

    public static OpenContext Context => new(TimeProvider.System, new IdSource(new Random(1)), NoCrashPoints.Instance);

    public static Endpoint At(string path, string scheme = "csv", params (string Name, string Value)[] options) => new()
    {
        Scheme = scheme,
        Path = path,
        Display = $"{scheme}:{path}",
        Options = options.ToDictionary(o => o.Name, o => o.Value),
    };

    public string Write(string name, string text, Encoding? encoding = null) => Write(name, (encoding ?? new UTF8Encoding(false)).GetBytes(text));

    public string Write(string name, byte[] bytes)
    {
        var path = Path.Combine(Root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    public void Append(string name, string text) => File.AppendAllText(Path.Combine(Root, name), text);

    public static byte[] Gzip(string text) => Gzip(Encoding.UTF8.GetBytes(text));

    public static byte[] Gzip(byte[] content)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(content);
        return packed.ToArray();
    }

    public Task<ISource> OpenAsync(params (string Name, string Value)[] options) => OpenAsync("csv", options);

    public async Task<ISource> OpenAsync(string scheme, params (string Name, string Value)[] options) => scheme == "csv"
        ? await new CsvConnector().OpenSourceAsync(At(Root, scheme, options), Context, default)
        : await new JsonlConnector().OpenSourceAsync(At(Root, scheme, options), Context, default);

    public static async Task<TableSchema> TableAsync(ISource source, string name) =>
        Assert.Single(await source.DescribeAsync(TablePattern.Literal(name), default));

    /// <summary>Rows as JSON, and rejects as <c>where: cause</c>, of the whole table as it is now.</summary>
    public async Task<(List<string> Rows, List<string> Broken)> ReadAsync(string table, string scheme = "csv",
        params (string Name, string Value)[] options)
    {
        await using var source = await OpenAsync(scheme, options);
        var schema = await TableAsync(source, table);
        var (rows, broken) = (new List<string>(), new List<string>());
        foreach (var split in await source.PlanAsync(schema, new ReadOptions(), default))
        {
            await foreach (var e in source.ReadAsync(schema, new ReadOptions(), split, null, null, new BatchBudget(1000, 1 << 20), default))
            {
                if (e is RejectsEvent rejects) broken.AddRange(rejects.Rejected.Select(r => $"{r.Where}: {r.Cause}"));
                if (e is not RowsEvent arrived) continue;
                using var batch = arrived.Batch;
                for (var row = 0; row < batch.Rows; row++) rows.Add(RowJson.Write(batch, row));
            }
        }
        return (rows, broken);
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
