using Pawl.Cli.Output;
using Pawl.Telemetry;

namespace Pawl.Cli.Progress;

/// <summary>
/// For logs and pipes: a line when something changes, and every ten seconds one per table at work (at most eight, then a sum).
/// </summary>
public sealed class PlainView : IRunView
{
    private const int MostTables = 8;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(10);
    private static readonly HashSet<string> Noisy = 
    [
        EventCodes.LaneOpened, EventCodes.LaneCommitted, EventCodes.LaneDone, EventCodes.LaneProgress, EventCodes.FirstRow,
            EventCodes.RunEnded,
    ];
    private readonly Lock gate = new();
    private readonly TextWriter to;
    private readonly Board board;
    private readonly Shell shell;
    private readonly BarText text;
    private readonly Ticker ticker;

    public PlainView(Shell shell, Board board)
    {
        this.shell = shell;
        this.board = board;
        to = shell.Error;
        text = new BarText(board, new Paint(false));
        ticker = new Ticker(Every, shell.Time, Tick);
    }

    public void Show(RunEvent e)
    {
        if (!shell.Verbose && (Noisy.Contains(e.Code) || (e.Code == EventCodes.TablePlanned && board.Look(b => b.Count) > 20))) return;
        if (EventLine.Of(e, shell.Now) is { } line) Write(line);
    }

    public void Note(string line) => Write(line);

    public ValueTask DisposeAsync() => ticker.DisposeAsync();

    private void Tick()
    {
        var now = shell.Now;
        var lines = board.Look(bars =>
        {
            var active = bars.Where(b => b.State == BarState.Copying).ToArray();
            var name = active.Length == 0 ? 0 : active.Max(b => Cells.Width(b.Table));
            if (active.Length <= MostTables) return active.Select(b => text.Line(b, now, 160, name)[2..]).ToArray();
            var done = bars.Count(b => b.State is BarState.Done or BarState.Skipped);
            var rows = Figures.Short(bars.Sum(b => b.Rows));
            return [Both($"{active.Length} tables at work, {done} of {bars.Count} done, {rows} rows",
                $"{active.Length} 张表进行中，{bars.Count} 张中 {done} 张完成，共 {rows} 行")];
        });
        foreach (var line in lines) Write(line);
    }

    private void Write(string line)
    {
        lock (gate) to.WriteLine($"{Figures.TimeOfDay(shell.Now, shell.Now)} {line}");
    }
}
