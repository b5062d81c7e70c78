using Pawl.Model;

namespace Pawl.Connectors.Files;

/// <summary>
/// Counts the records of files that Pawl wrote, without looking into them: there a line end within a value stands between quotes, and a
/// quote within a value is doubled. Blocking.
/// </summary>
internal static class RecordCounter
{
    private const int Chunk = 1 << 18;

    public static long Count(FilesCatalog catalog, FilesTable table, CancellationToken ct)
    {
        var (bytes, records) = (new byte[Chunk], 0L);
        foreach (var file in table.Files)
        {
            using var opened = OpenedFile.Open(catalog, new TableName(null, table.Name), file, null);
            using var content = opened.Read(0);
            records += Count(content, catalog.Options, bytes, ct);
        }
        return records;
    }

    private static long Count(FileBytes content, FilesOptions options, byte[] bytes, CancellationToken ct)
    {
        var (lines, isQuoted, isOpen) = (options.Header ? -1L : 0, false, false);
        while (content.Read(bytes) is > 0 and var read)
        {
            ct.ThrowIfCancellationRequested();
            var text = bytes.AsSpan(0, read);
            isOpen = text[^1] != '\n';
            if (options.IsJson || options.Quote == 0)
            {
                lines += text.Count((byte)'\n');
                continue;
            }
            while (text.IndexOfAny(options.Quote, (byte)'\n') is >= 0 and var at)
            {
                if (text[at] == options.Quote) isQuoted = !isQuoted;
                else if (!isQuoted) lines++;
                text = text[(at + 1)..];
            }
        }
        return Math.Max(0, lines + (isOpen ? 1 : 0));
    }
}
