using System.Runtime.CompilerServices;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Files;

/// <summary>
/// Tables of a folder of files. Every blocking call runs on the thread pool; a read is one batch ahead of its consumer. Thread-safe: each
/// call opens its files for itself.
/// </summary>
internal sealed class FilesSource(FilesCatalog catalog) : ISource, IKnowsPlace, ICountsRows
{
    /// <summary>More files than a table may have splits.</summary>
    private const int MostFiles = 4096;

    public SourceIdentity Identity => catalog.Identity;

    public ValueTask<string?> PlaceAsync(CancellationToken ct) => ValueTask.FromResult(FileStat.Of(catalog.Folder)?.Identity);

    public async ValueTask<IReadOnlyList<TableSchema>> DescribeAsync(TablePattern pattern, CancellationToken ct) =>
        await Task.Run<IReadOnlyList<TableSchema>>(() => [.. catalog.Tables(pattern).Select(Describe)], ct).ConfigureAwait(false);

    /// <summary>A split a file, each with the end that the file has now.</summary>
    public async ValueTask<IReadOnlyList<Split>> PlanAsync(TableSchema table, ReadOptions options, CancellationToken ct)
    {
        if (options.Where is not null)
        {
            throw new PawlException(Fault.Configuration, Codes.ExpressionInvalid, ("table", table.Name), ("expression", options.Where),
                ("cause", "files know no conditions"));
        }
        return await Task.Run<IReadOnlyList<Split>>(() =>
        {
            var found = catalog.Table(table.Name);
            var files = found.Files;
            // A table that Pawl wrote may have any number of parts: they are read one after another.
            if (files.Count == 0 || (found.Card is not null && files.Count > MostFiles)) return [new Split { Index = 0 }];
            if (files.Count > MostFiles)
            {
                throw FilesOptions.Invalid("files", catalog.Options.Files.Text, $"at most {MostFiles} files a table, not {files.Count}");
            }
            return [.. files.Select((file, i) => Plan(table, file, i, files.Count))];
        }, ct).ConfigureAwait(false);
    }

    public async IAsyncEnumerable<SourceEvent> ReadAsync(TableSchema table, ReadOptions options, Split split, Position? after,
        Position? through, BatchBudget budget, [EnumeratorCancellation] CancellationToken ct)
    {
        using var reader = await Task.Run(() => new FilesReader(catalog, table, options,
            FileRange.Of(catalog, table.Name, after ?? split.After, through ?? split.Through), budget), ct).ConfigureAwait(false);
        Task<FilesRead?>? ahead = null;
        try
        {
            ahead = Task.Run(() => reader.Next(ct), CancellationToken.None);
            while (await ahead.ConfigureAwait(false) is { } read)
            {
                ahead = Task.Run(() => reader.Next(ct), CancellationToken.None);
                var broken = read.Rejected.Count > 0;
                if (read.Batch is not null) yield return new RowsEvent(table.Name, 0, read.Batch, broken ? null : read.Last);
                if (broken) yield return new RejectsEvent(table.Name, read.Rejected, read.Last);
            }
            ahead = null;
        }
        finally
        {
            if (ahead is not null) await DropAsync(ahead).ConfigureAwait(false);
        }
    }

    /// <summary>Quickly where Pawl wrote the files; else record by record, those that are no rows too.</summary>
    public async ValueTask<long> CountAsync(TableSchema table, ReadOptions options, CancellationToken ct)
    {
        var found = await Task.Run(() => catalog.Table(table.Name), ct).ConfigureAwait(false);
        if (found.Card is not null) return await Task.Run(() => RecordCounter.Count(catalog, found, ct), ct).ConfigureAwait(false);
        long rows = 0;
        var narrow = options with { Columns = [table.Columns[0].Name] };
        var events = ReadAsync(table, narrow, new Split { Index = 0 }, null, null, new BatchBudget(10_000, 1 << 22), ct);
        await foreach (var e in events.ConfigureAwait(false))
        {
            rows += (e as RejectsEvent)?.Rejected.Count ?? 0;
            if (e is not RowsEvent arrived) continue;
            rows += arrived.Batch.Rows;
            arrived.Batch.Dispose();
        }
        return rows;
    }

    public ValueTask<PositionOrder> CompareAsync(TableSchema table, Position a, Position b, CancellationToken ct) =>
        ValueTask.FromResult(FilePosition.Compare(FilePosition.Read(a), FilePosition.Read(b)));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private TableSchema Describe(FilesTable table)
    {
        var name = new TableName(null, table.Name);
        if (table.Files.Count == 0) return Schema(table, new FileLayout(catalog.Options.Encoding, Named(table.Card!), 0, 0, 0));
        using var first = OpenedFile.Open(catalog, name, table.Files.FirstOrDefault(f => f.Stat.Size > 0) ?? table.Files[0], null);
        var layout = FileLayout.Of(first, catalog.OptionsFor(first.File), name, sample: true);
        return Schema(table, catalog.Options.IsJson && table.Card is { } card ? layout with { Columns = Named(card) } : layout);
    }

    private static string[] Named(TableCard card) => [.. card.Columns.Select(c => c.Name)];

    private TableSchema Schema(FilesTable table, FileLayout layout)
    {
        int[] key = [.. catalog.Options.Key.Select(k => layout.Columns.ToList().IndexOf(k))];
        var isKeyed = key.Length > 0 && !key.Contains(-1);
        return new TableSchema
        {
            Name = new TableName(null, table.Name),
            Columns = [.. layout.Columns.Select((c, i) => Column(table, c, isKeyed && key.Contains(i)))],
            Key = isKeyed ? new KeySchema(key, KeyKind.Primary) : new KeySchema([], KeyKind.RowId),
            Identity = table.Identity,
            EstimatedRows = Rows(table, layout),
        };
    }

    /// <summary>As it is declared in the address, else by the card, else text.</summary>
    private ColumnSchema Column(FilesTable table, string name, bool isKey)
    {
        var types = catalog.Options.Types;
        var known = types.Declares(table.Name, name) ? null : table.Card?.Columns.FirstOrDefault(c => c.Name == name);
        return known is null ? types.Column(table.Name, name, isKey) : TableCard.AsRead(known) with { Nullable = !isKey };
    }

    /// <summary>What is packed does not tell how much it is.</summary>
    private static long Rows(FilesTable table, FileLayout layout) => table.Files.Any(f => f.IsPacked) ? -1
        : layout.RecordBytes == 0 ? 0
        : (long)Math.Round(table.Files.Sum(f => Math.Max(0, f.Stat.Size - layout.Start)) / layout.RecordBytes);

    private Split Plan(TableSchema table, TableFile file, int index, int files)
    {
        using var opened = OpenedFile.Open(catalog, table.Name, file, null);
        return new Split
        {
            Index = index,
            Through = opened.End().Write(),
            EstimatedRows = files == 1 ? table.EstimatedRows : -1,
        };
    }

    /// <summary>A batch nobody will take any more: waited for and given back.</summary>
    private static async ValueTask DropAsync(Task<FilesRead?> ahead)
    {
        await ((Task)ahead).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (ahead.IsCompletedSuccessfully) (await ahead.ConfigureAwait(false))?.Batch?.Dispose();
    }
}
