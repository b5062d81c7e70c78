using Pawl.Model;

namespace Pawl.Connectors.Sqlite;

/// <summary>
/// Cuts a table by its row number. Works by probing: the next row at or above a number, and the one a few rows further, cost one descent of
/// the tree each, however large the table is. Halving the fullest stretch again and again finds the empty ones, so that sparse, skewed and
/// negative numbers are cut by rows and not by distance. Other keys are read in one split: cutting them evenly would take a scan.
/// </summary>
internal sealed class SqlitePlanner : IDisposable
{
    /// <summary>A table of at most this many rows is simply counted.</summary>
    private const int CountedRows = 1_000;
    private const int WalkRows = 32;
    private const int MaxHalvings = 256;

    private readonly SqliteStatement next;
    private readonly SqliteStatement previous;
    private readonly SqliteStatement forward;
    private readonly SqliteStatement back;
    private readonly SqliteFile file;

    private SqlitePlanner(SqliteFile file, string table, string rowId)
    {
        this.file = file;
        var (t, k) = (SqliteNames.Quote(table), SqliteNames.Quote(rowId));
        next = file.Prepare($"select {k} from {t} not indexed where {k} >= ? order by {k} limit 1");
        previous = file.Prepare($"select {k} from {t} not indexed where {k} < ? order by {k} desc limit 1");
        forward = file.Prepare($"select {k} from {t} not indexed where {k} >= ? order by {k} limit 1 offset {WalkRows}");
        back = file.Prepare($"select {k} from {t} not indexed where {k} <= ? order by {k} desc limit 1 offset {WalkRows}");
    }

    /// <summary>A guess that costs a few probes; exact for small tables, -1 where there is nothing to go by.</summary>
    public static long EstimateRows(SqliteFile file, string table, string? rowId)
    {
        var counted = file.Number($"select count(*) from (select 1 from {SqliteNames.Quote(table)} limit {CountedRows + 1})");
        if (counted <= CountedRows) return counted;
        if (rowId is null) return FromStatistics(file, table);
        using var planner = new SqlitePlanner(file, table, rowId);
        return (long)Math.Min(long.MaxValue / 2, planner.Segments(1).Sum(s => s.Rows));
    }

    public static IReadOnlyList<Split> Plan(SqliteFile file, string table, string rowId, int splits)
    {
        using var planner = new SqlitePlanner(file, table, rowId);
        var segments = planner.Segments(splits);
        var total = segments.Sum(s => s.Rows);
        var bounds = Bounds(segments, total, splits);
        var plan = new List<Split>();
        for (var i = 0; i <= bounds.Count; i++)
        {
            plan.Add(new Split
            {
                Index = i,
                After = i == 0 ? null : SqliteKeyCodec.Write(bounds[i - 1]),
                Through = i == bounds.Count ? null : SqliteKeyCodec.Write(bounds[i]),
                EstimatedRows = (long)Math.Min(long.MaxValue / 2, total / (bounds.Count + 1)),
            });
        }
        return plan;
    }

    /// <summary>
    /// Stretches between rows that exist, ascending, none of them much fuller than a split is to be. In one read transaction: hundreds of
    /// probes would each take and give back the file's locks.
    /// </summary>
    private List<Segment> Segments(int splits)
    {
        if (file.InTransaction) return Stretches(splits);
        file.Execute("begin");
        try
        {
            return Stretches(splits);
        }
        finally
        {
            file.Execute("commit");
        }
    }

    private List<Segment> Stretches(int splits)
    {
        if (Probe(next, long.MinValue) is not { } first) return [];
        var last = Probe(previous, long.MaxValue) is { } below && Probe(next, long.MaxValue) is null ? below : long.MaxValue;
        var done = new List<Segment>();
        var queue = new PriorityQueue<Segment, double>();
        Add(queue, first, last);
        var rows = queue.Peek().Rows;
        for (var halvings = 0; queue.Count > 0 && halvings < Math.Min(MaxHalvings, 8 * splits + 32); halvings++)
        {
            var fullest = queue.Dequeue();
            if ((Int128)fullest.High - fullest.Low < 2 || (halvings >= 32 && fullest.Rows < rows / (4.0 * splits)))
            {
                done.Add(fullest);
                continue;
            }
            var middle = (long)(((Int128)fullest.Low + fullest.High) / 2 + (fullest.Low == fullest.High - 1 ? 1 : 0));
            if (middle <= fullest.Low) middle = fullest.Low + 1;
            rows -= fullest.Rows;
            rows += Add(queue, fullest.Low, Probe(previous, middle) ?? fullest.Low);
            rows += Add(queue, Probe(next, middle) ?? fullest.High, fullest.High);
        }
        while (queue.Count > 0) done.Add(queue.Dequeue());
        done.Sort((a, b) => a.Low.CompareTo(b.Low));
        return done;
    }

    private double Add(PriorityQueue<Segment, double> queue, long low, long high)
    {
        var segment = new Segment(low, high, Rows(low, high));
        queue.Enqueue(segment, -segment.Rows);
        return segment.Rows;
    }

    /// <summary>From how far apart rows lie at both ends of the stretch.</summary>
    private double Rows(long low, long high)
    {
        var width = (double)((Int128)high - low) + 1;
        if (width <= WalkRows) return width;
        if (Probe(forward, low) is not { } up || up > high) return WalkRows / 2.0;
        var down = Probe(back, high) ?? low;
        var densityLow = WalkRows / (double)((Int128)up - low);
        var densityHigh = down >= low ? WalkRows / (double)((Int128)high - down) : densityLow;
        return Math.Max(WalkRows, width * (densityLow + densityHigh) / 2);
    }

    /// <summary>Inclusive upper ends of all splits but the last, strictly rising.</summary>
    private static List<long> Bounds(List<Segment> segments, double total, int splits)
    {
        var bounds = new List<long>();
        if (segments.Count == 0) return bounds;
        var last = segments[^1].High;
        var at = 0;
        double before = 0;
        for (var i = 1; i < splits; i++)
        {
            var wanted = total * i / splits;
            while (at < segments.Count - 1 && before + segments[at].Rows < wanted) before += segments[at++].Rows;
            var segment = segments[at];
            var share = Math.Clamp((wanted - before) / segment.Rows, 0, 1);
            var width = (double)((Int128)segment.High - segment.Low) + 1;
            var bound = (Int128)segment.Low + (Int128)(width * share) - 1;
            var key = (long)Int128.Clamp(bound, segment.Low, segment.High);
            if (key < last && (bounds.Count == 0 || key > bounds[^1])) bounds.Add(key);
        }
        return bounds;
    }

    private static long FromStatistics(SqliteFile file, string table)
    {
        if (!file.Any("select 1 from sqlite_schema where name = 'sqlite_stat1'")) return -1;
        var stat = file.Text("select stat from sqlite_stat1 where tbl = ? collate nocase and stat is not null limit 1", table);
        return long.TryParse(stat?.Split(' ')[0], out var rows) ? rows : -1;
    }

    private static long? Probe(SqliteStatement statement, long from)
    {
        statement.Bind(1, from);
        var found = statement.Step() ? statement.Int64(0) : (long?)null;
        statement.Reset();
        return found;
    }

    public void Dispose()
    {
        next.Dispose();
        previous.Dispose();
        forward.Dispose();
        back.Dispose();
    }

    private readonly record struct Segment(long Low, long High, double Rows);
}
