using Pawl.EndToEnd.Tests.Crash;

namespace Pawl.EndToEnd.Tests.Harness;

/// <summary>A SQLite file.</summary>
/// <param name="readOnly">Looking at it never writes, not even what is left of its log.</param>
internal sealed class SqliteStore(string file, bool readOnly = false) : TestStore
{
    private readonly string opened = readOnly
        ? $"file:{Uri.EscapeDataString(file).Replace("%2F", "/", StringComparison.Ordinal)}?mode=ro" : file;

    public string File => file;

    public override string Address => "sqlite:" + file;

    public override Task ExecuteAsync(string script) => Sqlite3.RunAsync(file, script);

    public override async Task<IReadOnlyList<string[]>> RowsAsync(string script) =>
        [.. (await Sqlite3.OutputAsync(opened, ".mode list\n.separator \"\\037\" \"\\036\"\n" + script))
            .Split('\x1e', StringSplitOptions.RemoveEmptyEntries).Select(r => r.Split('\x1f'))];

    public override string Cell(string sql) => $"quote({sql})";

    public override string LedgerName(string table) => table;

    public override IReadOnlyList<string> Literals(string position) => PositionText.Sqlite(position);

    public override async Task<TargetImage> ReadAsync(IReadOnlyList<CopiedTable> tables)
    {
        if (!System.IO.File.Exists(file)) return Image([]);
        var there = (await RowsAsync("select name from sqlite_schema where type = 'table';")).Select(r => r[0]).ToHashSet();
        var script = string.Join("\n", tables.Where(t => there.Contains(t.Target)).Select(HeldScript));
        return Image(await RowsAsync($"begin;\n{(there.Contains("pawl_plan") ? LedgerScript : "")}\n{script}\ncommit;"));
    }

    public override Task<bool> HoldsTransactionAsync(PawlProcess pawl) => LockTable.HoldsWriteLockAsync(pawl.Id, file);

    /// <summary>A copy: looking at the file itself would do the recovery that the next run is to do.</summary>
    public override TestStore ToLookAt(Scratch scratch) =>
        System.IO.File.Exists(file) ? new SqliteStore(scratch.CopyDatabase(file, "copy.db")) : this;

    public override Task<IReadOnlyList<string>> ResidueAsync(IReadOnlyList<CopiedTable> tables) =>
        Task.FromResult(TargetCheck.Residue(file));

    /// <summary>It goes with its folder.</summary>
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
