using Pawl.Cli.Output;
using Pawl.Cli.Progress;
using Pawl.Telemetry;
using Xunit;

namespace Pawl.EndToEnd.Tests.Cli.Output;

public sealed class BarTextTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_progress_line_says_everything_on_a_wide_terminal() =>
        Assert.Equal("▸ shop.orders  61% 7.3M/12.0M rows 84k r/s 31 MB/s ETA 00:56 "
            + "· ledger 41 2 s ago · crash now re-reads ≤ 50k · rejects 3 · retry 0",
            Line(Filled(), 160));

    [Theory]
    [InlineData(80)]
    [InlineData(100)]
    [InlineData(120)]
    public void The_progress_line_never_wraps(int width)
    {
        var line = Line(Filled(), width);
        Assert.True(Cells.Width(line) <= width, line);
        Assert.Contains("61%", line);
        Assert.Contains("rejects 3", line);
    }

    [Fact]
    public void A_failed_table_says_why()
    {
        var board = Filled();
        board.Apply(Event(EventCodes.TableFailed, 3, null, ("code", "PAWL-702")));
        Assert.Equal("✗ shop.orders failed PAWL-702 no space left · 7.3M rows are safe", Line(board, 120));
    }

    private static string Line(Board board, int width) =>
        board.Look(bars => new BarText(board, new Paint(false)).Line(bars[0], Start.AddSeconds(12), width, 11));

    private static Board Filled()
    {
        // Wide rows: what may be read ahead is bounded by bytes, here to nothing.
        var board = new Board(groupRows: 50_000, laneBytes: 4);
        board.Apply(Event(EventCodes.TablePlanned, 0, null, ("target", "dw.orders"), ("estimated_rows", 12_000_000L), ("rows_durable",
            6_472_000L),
            ("bytes_durable", 2_400_000_000L)));
        board.Apply(Event(EventCodes.LaneOpened, 2, "shop.orders/g1/s0", ("seq", 24L)));
        board.Apply(Event(EventCodes.LaneCommitted, 10, "shop.orders/g1/s0", ("seq", 41L), ("rows", 840_000L), ("bytes", 325_000_000L),
            ("rejected", 3L)));
        return board;
    }

    private static RunEvent Event(string code, int second, string? lane, params (string Name, object? Value)[] args) => new()
    {
        At = Start.AddSeconds(second), Run = Guid.Empty, Job = "shop", Code = code, Table = "shop.orders", Lane = lane,
        Args = args.ToDictionary(a => a.Name, a => a.Value),
    };
}
