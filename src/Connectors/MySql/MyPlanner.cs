using System.Globalization;
using System.Text;
using Pawl.Connectors.MySql.Protocol;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// Cuts a table along its leading key column, without a scan: the server estimates the rows of a range by looking at its ends in the index.
/// Halving the fullest stretch again and again finds the empty ones, so that sparse and skewed keys are cut by rows and not by distance.
/// Every bound is a value that is there, found in key order by the server itself. One caller at a time.
/// </summary>
internal sealed class MyPlanner
{
    private const int MostSplits = 4096, MostHalvings = 512;

    private readonly MyConnection connection;
    private readonly MyQuery query;
    private readonly MyKeyPart part;
    private readonly MyForm wire;
    private readonly CancellationToken ct;

    private MyPlanner(MyConnection connection, MyQuery query, MyKeyPart part, MyForm wire, CancellationToken ct) =>
        (this.connection, this.query, this.part, this.wire, this.ct) = (connection, query, part, wire, ct);

    public static Split Whole(TableSchema table) => new() { Index = 0, EstimatedRows = table.EstimatedRows };

    public static async ValueTask<IReadOnlyList<Split>> PlanAsync(MyConnection connection, TableSchema table, MyShape shape, int wanted,
        CancellationToken ct)
    {
        wanted = Math.Clamp(wanted, 1, MostSplits);
        if (wanted == 1 || shape.KeyIndex is null) return [Whole(table)];
        var part = shape.Key[0];
        var planner = new MyPlanner(connection, new MyQuery(table.Name, shape, null), part, shape.Column(part.Column).Wire, ct);
        var stretches = await planner.StretchesAsync(wanted).ConfigureAwait(false);
        return Cut(stretches, wanted);
    }

    /// <returns>In key order.</returns>
    private async ValueTask<IReadOnlyList<Stretch>> StretchesAsync(int wanted)
    {
        var line = new LinkedList<Stretch>();
        if (await ValueAsync(query.End(isLast: false)).ConfigureAwait(false) is not { } first
            || await ValueAsync(query.End(isLast: true)).ConfigureAwait(false) is not { } last || first == last) return [];
        var queue = new PriorityQueue<LinkedListNode<Stretch>, double>();
        void Add(LinkedListNode<Stretch> s) => queue.Enqueue(s, -s.Value.Rows);
        Add(line.AddFirst(new Stretch(null, first, last, await RowsAsync(null, last).ConfigureAwait(false))));
        var total = queue.Peek().Value.Rows;
        for (var halvings = 0; queue.Count > 0 && halvings < Math.Min(MostHalvings, 8 * wanted + 64); halvings++)
        {
            var node = queue.Dequeue();
            var fullest = node.Value;
            if (fullest.Rows < 2 || fullest.Rows < total / (4.0 * wanted)) break;
            if (await HalfAsync(fullest).ConfigureAwait(false) is not { } middle) continue;
            var below = await RowsAsync(fullest.After, middle).ConfigureAwait(false);
            var above = await RowsAsync(middle, fullest.Last).ConfigureAwait(false);
            total += below + above - fullest.Rows;
            node.Value = fullest with { Last = middle, Rows = below };
            Add(node);
            Add(line.AddAfter(node, new Stretch(middle, middle, fullest.Last, above)));
        }
        return [.. line];
    }

    /// <summary>A value of the stretch that is neither of its ends, near the middle of what it spans.</summary>
    private async ValueTask<string?> HalfAsync(Stretch stretch)
    {
        foreach (var guess in await GuessesAsync(stretch).ConfigureAwait(false))
        {
            foreach (var upTo in new[] { true, false })
            {
                var found = await ValueAsync(query.Nearest(guess, upTo)).ConfigureAwait(false);
                // A guess may lie outside: the order is the collation's, not that of the letters' numbers.
                if (found is null || found == stretch.First || found == stretch.Last) continue;
                if (await IsBetweenAsync(stretch, found).ConfigureAwait(false)) return found;
            }
        }
        return null;
    }

    /// <summary>
    /// A text of another charset has letters that only the server knows: it says which they are, and how it writes the one between.
    /// </summary>
    private async ValueTask<IEnumerable<string>> GuessesAsync(Stretch stretch)
    {
        if (part.Kind != MyKeyKind.Text || MyKeyCodec.IsPlain(part)) return MyMiddle.Of(part, stretch.First, stretch.Last);
        var ends = (await connection.RowsAsync(query.Letters(stretch.First, stretch.Last), ct).ConfigureAwait(false))[0];
        if (ends is not [{ } low, { } high] || MyMiddle.OfTexts(part, low, high) is not { } middle) return [];
        var written = (await connection.RowsAsync(query.Written(middle), ct).ConfigureAwait(false))[0][0];
        return written is null ? [] : ["0x" + written.ToLowerInvariant()];
    }

    private async ValueTask<bool> IsBetweenAsync(Stretch stretch, string value) =>
        await CompareAsync(stretch.First, value).ConfigureAwait(false) < 0 && await CompareAsync(value,
            stretch.Last).ConfigureAwait(false) < 0;

    private async ValueTask<long> CompareAsync(string a, string b) =>
        MySessions.Number(await connection.RowsAsync(query.Comparison([a], [b]), ct).ConfigureAwait(false));

    /// <returns>Null: there is none, or it is no bound.</returns>
    private async ValueTask<string?> ValueAsync(string sql)
    {
        await using var rows = await connection.QueryAsync(sql, ct).ConfigureAwait(false);
        var found = await rows.ReadAsync(ct).ConfigureAwait(false) ? MyKeyCodec.Text(part, wire, rows.Bytes(0)) : null;
        while (await rows.ReadAsync(ct).ConfigureAwait(false)) { }
        return found is not null && MyKeyCodec.IsSayable(part, found) ? found : null;
    }

    private async ValueTask<double> RowsAsync(string? after, string through)
    {
        await using var rows = await connection.QueryAsync(query.Estimate(after, through), ct).ConfigureAwait(false);
        var place = rows.Columns.ToList().FindIndex(c => c.Name.Equals("rows", StringComparison.OrdinalIgnoreCase));
        var sum = 0.0;
        while (await rows.ReadAsync(ct).ConfigureAwait(false))
        {
            if (place >= 0 && double.TryParse(Encoding.ASCII.GetString(rows.Bytes(place)), CultureInfo.InvariantCulture, out var estimate))
            {
                sum += estimate;
            }
        }
        return sum;
    }

    /// <summary>Bounds nearest to equal shares, out of the ends of the stretches in key order.</summary>
    private static IReadOnlyList<Split> Cut(IReadOnlyList<Stretch> stretches, int wanted)
    {
        var total = stretches.Sum(s => s.Rows);
        var bounds = new List<string>();
        var (seen, next) = (0.0, 1);
        for (var i = 0; i + 1 < stretches.Count && next < wanted; i++)
        {
            seen += stretches[i].Rows;
            if (seen * wanted < next * total) continue;
            bounds.Add(stretches[i].Last);
            next = (int)Math.Floor(seen * wanted / Math.Max(1, total)) + 1;
        }
        var rows = (long)(total / (bounds.Count + 1));
        Position At(int i) => MyKeyCodec.Write([bounds[i]]);
        return [.. Enumerable.Range(0, bounds.Count + 1).Select(i => new Split
        {
            Index = i,
            After = i == 0 ? null : At(i - 1),
            Through = i == bounds.Count ? null : At(i),
            EstimatedRows = rows,
        })];
    }

    /// <summary>Rows after one value, up to and including another.</summary>
    /// <param name="After">Null = from the first row.</param>
    /// <param name="First">A value at the lower end, for guessing.</param>
    private sealed record Stretch(string? After, string First, string Last, double Rows);
}
