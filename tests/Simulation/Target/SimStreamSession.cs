using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Simulation;

/// <summary>A connection whose rows stream: they are at the server when they are sent, and counted when the stream ends.</summary>
internal sealed class SimStreamSession(Server server, Connection c) : SimSession(server, c), IStreamsRows
{
    private RowsWritten sofar = new(default, []);

    public ValueTask<string?> WireFormatAsync(TablePlan plan, CancellationToken ct) => ValueTask.FromResult<string?>(null);

    public async ValueTask SendRowsAsync(TablePlan plan, LaneId lane, RowBatch batch, CancellationToken ct)
    {
        using (batch)
        {
            var now = await WriteRowsAsync(plan, lane, [batch], ct);
            sofar = new RowsWritten(sofar.Counts + now.Counts, [.. sofar.Rejected, .. now.Rejected]);
        }
    }

    public ValueTask<RowsWritten> EndRowsAsync(CancellationToken ct)
    {
        var counted = sofar;
        sofar = new RowsWritten(default, []);
        return ValueTask.FromResult(counted);
    }
}
