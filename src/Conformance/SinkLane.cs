using System.Globalization;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Conformance;

/// <summary>
/// Writes rows of a list through one writer the way the engine's pump does: from where the target says the lane is, slice by slice, each
/// with its ledger entry. Positions are places in the list. Not thread-safe.
/// </summary>
public sealed class SinkLane(ISinkWriter writer, TablePlan plan, LaneId lane, IReadOnlyList<object?[]> rows)
{
    private long sequence = writer.Last.TryGetValue(lane, out var last) ? last.Sequence : 0;
    private WriteCounts total = writer.Last.TryGetValue(lane, out var known) ? known.Total : default;

    /// <summary>Rows of the list that are durable or written by this writer.</summary>
    public int At { get; private set; } = Place(writer.Last.GetValueOrDefault(lane)?.Position);

    public static int Place(Position? position) => position is null ? 0 : int.Parse(position.Text, CultureInfo.InvariantCulture);
    public static Position At0(int place) => new("rows/1", place.ToString(CultureInfo.InvariantCulture));

    /// <summary>The next slice as far as the flush; nothing is durable yet.</summary>
    public async Task<WriteCounts> WriteAsync(int slice)
    {
        var some = rows.Skip(At).Take(slice).ToList();
        await writer.WriteAsync(lane, plan.Source, Cells.Batch(plan.TargetSchema, some), default);
        var counts = await writer.FlushAsync(default);
        return counts.GetValueOrDefault(lane) with { Read = some.Count };
    }

    /// <summary>Makes the slice durable that <see cref="WriteAsync"/> wrote.</summary>
    public async Task CommitAsync(WriteCounts counts)
    {
        var place = At + (int)counts.Read;
        await writer.CommitAsync([Entry(counts, place)], default);
        sequence++;
        total += counts;
        At = place;
    }

    public LedgerEntry Entry(WriteCounts counts, int place) => new()
    {
        Lane = lane,
        Sequence = sequence + 1,
        After = At == 0 ? null : At0(At),
        Position = At0(place),
        Counts = counts,
        Total = total + counts,
        Bytes = counts.Read * 10,
        TotalBytes = (total.Read + counts.Read) * 10,
        Final = place == rows.Count,
    };

    /// <summary>Everything that is left, at most <paramref name="commits"/> slices of it.</summary>
    public async Task RunAsync(int slice, int commits = int.MaxValue)
    {
        for (var i = 0; i < commits && At < rows.Count; i++) await CommitAsync(await WriteAsync(slice));
    }
}
