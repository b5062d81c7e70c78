using Pawl.EndToEnd.Tests.Crash;

namespace Pawl.EndToEnd.Tests.Harness;

/// <summary>
/// A database at one end of a job, spoken to through a program of its own (<c>sqlite3</c>, <c>psql</c>, <c>mariadb</c>) and never through
/// Pawl's code. Disposing removes it.
/// </summary>
internal abstract class TestStore : IAsyncDisposable
{
    /// <summary>As it stands in a job file.</summary>
    public abstract string Address { get; }

    /// <summary>Statements, one after another.</summary>
    public abstract Task ExecuteAsync(string script);

    /// <summary>Rows of a script, cell by cell.</summary>
    public abstract Task<IReadOnlyList<string[]>> RowsAsync(string script);

    public async Task<long> NumberAsync(string query) =>
        long.Parse((await RowsAsync(query + ";")).Single().Single(), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>
    /// An SQL value as one text: <c>NULL</c>, <c>12</c>, <c>'it''s'</c>, <c>X'00FF'</c>; the same text in every kind of database.
    /// </summary>
    public abstract string Cell(string sql);

    public string Row(IEnumerable<string> cells) => string.Join("||','||", cells.Select(Cell));

    /// <summary>A table's name as the ledger has it.</summary>
    public abstract string LedgerName(string table);

    /// <summary>A position of the ledger as SQL literals: of the key's columns, or of the first few.</summary>
    public abstract IReadOnlyList<string> Literals(string position);

    /// <summary>Rows of source tables that satisfy a condition each, as the target should hold them; in one go.</summary>
    public async Task<IReadOnlyList<RowCounts>> WantedAsync(IReadOnlyList<(CopiedTable Table, string Condition)> asked)
    {
        var rows = await RowsAsync(string.Join("\n", asked.Select((a, i) => FormattableString.Invariant($"""
            select '{i}', {Row(a.Table.Columns.Select(c => c.Sql))} from {Sqlite3.Name(a.Table.Source)}
              where ({a.Table.Where ?? "true"}) and ({a.Condition});
            """))));
        var found = rows.ToLookup(r => int.Parse(r[0], System.Globalization.CultureInfo.InvariantCulture), r => r[1]);
        return [.. asked.Select((_, i) => new RowCounts(found[i]))];
    }

    /// <summary>Control tables and rows as of one moment.</summary>
    public abstract Task<TargetImage> ReadAsync(IReadOnlyList<CopiedTable> tables);

    /// <summary>Whether the process (stopped) has a transaction open that may write.</summary>
    public abstract Task<bool> HoldsTransactionAsync(PawlProcess pawl);

    /// <summary>What to look at so that the next run meets the target as the last one left it.</summary>
    public abstract TestStore ToLookAt(Scratch scratch);

    /// <summary>What a clean end should not leave behind.</summary>
    public abstract Task<IReadOnlyList<string>> ResidueAsync(IReadOnlyList<CopiedTable> tables);

    public abstract ValueTask DisposeAsync();

    /// <summary>What <see cref="LedgerView"/> is made of. The same SQL everywhere.</summary>
    protected const string LedgerScript = """
        select 'job', coalesce(max(epoch), 0), count(holder) from pawl_job;
        select 'plan', job, source_table, generation, phase, plan from pawl_plan;
        select 'entry', job || '/' || lane, seq, coalesce(position, ''), final, totals from pawl_ledger l
          where seq = (select max(seq) from pawl_ledger m where m.job = l.job and m.lane = l.lane);
        """;

    protected string HeldScript(CopiedTable table)
    {
        var row = Row(table.Columns.Select(c => Sqlite3.Name(c.Column)));
        return $"select 'row', {Sqlite3.Text(table.Target)}, {row} from {Sqlite3.Name(table.Target)};";
    }

    protected static TargetImage Image(IReadOnlyList<string[]> rows) => new(
        LedgerView.Of([.. rows.Where(r => r[0] != "row")]),
        rows.Where(r => r[0] == "row").GroupBy(r => r[1]).ToDictionary(g => g.Key, g => new RowCounts(g.Select(r => r[2]))));
}

/// <summary>What a target holds.</summary>
/// <param name="Rows">Target table → its rows; a table that is not there or empty is missing.</param>
internal sealed record TargetImage(LedgerView Ledger, IReadOnlyDictionary<string, RowCounts> Rows)
{
    public RowCounts Of(CopiedTable table) => Rows.GetValueOrDefault(table.Target) ?? new RowCounts([]);
}

/// <summary>Rows as texts, every one with how often it is there.</summary>
internal sealed class RowCounts
{
    private readonly Dictionary<string, int> counts = new(StringComparer.Ordinal);

    public RowCounts(IEnumerable<string> rows)
    {
        foreach (var row in rows)
        {
            counts[row] = counts.GetValueOrDefault(row) + 1;
            Total++;
        }
    }

    public long Total { get; }

    /// <summary>Rows that are here not as often as there.</summary>
    public IReadOnlyList<(string Row, int Here)> Except(RowCounts there) =>
        [.. counts.Where(c => there.counts.GetValueOrDefault(c.Key) != c.Value).Select(c => (c.Key, c.Value))];
}
