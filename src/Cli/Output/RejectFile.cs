using System.Text;
using Pawl.Cli.Hosting;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Cli.Output;

/// <summary>
/// Rejected rows in a file: JSON lines, or CSV (RFC 4180, UTF-8). The row stands in it as it was stored, which is lossless. The file is
/// whole or not there; memory does not grow with it.
/// </summary>
internal static class RejectFile
{
    /// <summary>The form by the file's ending.</summary>
    /// <exception cref="PawlException"><see cref="Codes.Usage"/> for another ending.</exception>
    public static bool IsCsv(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".csv" => true,
        ".jsonl" => false,
        _ => throw new PawlException(Fault.Configuration, Codes.Usage, ("cause",
            Both($"{path} ends neither with .jsonl nor with .csv.", $"{path} 既不以 .jsonl 也不以 .csv 结尾。"))),
    };

    /// <returns>Rows written.</returns>
    public static async Task<long> WriteAsync(string path, IAsyncEnumerable<StoredReject> rejects)
    {
        var isCsv = IsCsv(path);
        long rows = 0;
        try
        {
            await DurableFile.ReplaceAsync(path, async stream =>
            {
                await using var text = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true)
                {
                    NewLine = isCsv ? "\r\n" : "\n",
                };
                if (isCsv) await text.WriteLineAsync(Line(RejectView.Names.Append("row")));
                await foreach (var reject in rejects)
                {
                    var data = RejectView.Data(reject);
                    await text.WriteLineAsync(isCsv ? Line(data.Select(d => Cell(d.Value)).Append(reject.Row.Row))
                        : $"{JsonLine.Object(data)[..^1]},\"row\":{reject.Row.Row}}}");
                    rows++;
                }
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PawlException(Fault.Configuration, Codes.InputOutput, e, ("file", path), ("cause", e.Message));
        }
        return rows;
    }

    private static string Cell(object? value) => value switch
    {
        null => "",
        DateTimeOffset at => at.ToUniversalTime().ToString("O", System.Globalization.CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)!,
    };

    private static string Line(IEnumerable<string> cells) => string.Join(',', cells.Select(cell =>
        cell.AsSpan().IndexOfAny(",\"\r\n") < 0 ? cell : $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\""));
}
