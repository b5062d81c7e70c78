using System.Globalization;
using System.Text;
using Pawl.Cli.Output;
using Pawl.Telemetry;

namespace Pawl.Cli.Progress;

/// <summary>
/// For a terminal: one live line per table, drawn over itself ten times a second at most; what should stay readable scrolls by above.
/// Lines are cut
/// to the terminal's width, so that nothing wraps; with more tables than lines, those at work and failed are shown.
/// </summary>
public sealed class LiveView : IRunView
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(100);
    private static readonly HashSet<string> Kept =
    [
        EventCodes.RunResumed, EventCodes.TableRestarted, EventCodes.HolderWatched, EventCodes.JobTakenOver, EventCodes.TableFailed,
        EventCodes.LaneRetry,
        EventCodes.EndpointLost, EventCodes.EndpointBack, EventCodes.CommitResolved,
        EventCodes.RowsRejected, EventCodes.CellsNulled, EventCodes.VerifyDiffers, EventCodes.StopRequested, EventCodes.Warning,
    ];
    private readonly Lock gate = new();
    private readonly Shell shell;
    private readonly Board board;
    private readonly BarText text;
    private readonly Queue<string> messages = new();
    private readonly Ticker ticker;
    private int drawn;

    public LiveView(Shell shell, Board board)
    {
        this.shell = shell;
        this.board = board;
        text = new BarText(board, shell.ErrorPaint);
        ticker = new Ticker(Every, shell.Time, () => Draw(last: false));
    }

    public void Show(RunEvent e)
    {
        if (!Kept.Contains(e.Code) && !(shell.Verbose && e.Code != EventCodes.RunEnded)) return;
        if (EventLine.Of(e, shell.Now) is not { } line) return;
        var painted = e.Code switch
        {
            EventCodes.TableFailed or EventCodes.VerifyDiffers => shell.ErrorPaint.Red(line),
            EventCodes.LaneRetry or EventCodes.Warning or EventCodes.RowsRejected or EventCodes.CellsNulled or EventCodes.JobTakenOver
                or EventCodes.HolderWatched or EventCodes.EndpointLost or EventCodes.TableRestarted =>
                shell.ErrorPaint.Yellow(line),
            EventCodes.RunResumed => shell.ErrorPaint.Bold(line),
            _ => line,
        };
        Note(painted);
    }

    public void Note(string line)
    {
        lock (gate)
        {
            messages.Enqueue(line);
            if (messages.Count > 1000) messages.Dequeue(); // a flood of retries: the newest matter
        }
    }

    /// <summary>Takes the live lines away; the end table says the same, better.</summary>
    public async ValueTask DisposeAsync()
    {
        await ticker.DisposeAsync();
        Draw(last: true);
    }

    private void Draw(bool last)
    {
        lock (gate)
        {
            var frame = new StringBuilder();
            if (drawn > 0) frame.Append(CultureInfo.InvariantCulture, $"\u001b[{drawn}A\r\u001b[J");
            while (messages.TryDequeue(out var message)) frame.Append(message).Append('\n');
            var lines = last ? [] : Lines();
            foreach (var line in lines) frame.Append(line).Append('\n');
            drawn = lines.Count;
            if (frame.Length == 0) return;
            shell.Error.Write(frame.ToString());
            shell.Error.Flush();
        }
    }

    private List<string> Lines()
    {
        var now = shell.Now;
        var (width, height) = Size();
        var room = Math.Max(3, height - 4);
        return board.Look(bars =>
        {
            var shown = bars.Count <= room ? bars
                : [.. bars.Where(b => b.State is BarState.Copying or BarState.Failed).Take(room - 1)];
            var name = shown.Count == 0 ? 0 : Math.Min(shown.Max(b => Cells.Width(b.Table)), width / 3);
            var lines = shown.Select(b => text.Line(b, now, width - 1, name)).ToList();
            if (shown.Count < bars.Count)
            {
                var done = bars.Count(b => b.State is BarState.Done or BarState.Skipped);
                var (waiting, rows) = (bars.Count(b => b.State == BarState.Waiting), Figures.Short(bars.Sum(b => b.Rows)));
                lines.Add(shell.ErrorPaint.Dim(Both($"  {done} of {bars.Count} tables done, {waiting} waiting · {rows} rows in all",
                    $"  {bars.Count} 张表中 {done} 张完成，{waiting} 张等待 · 共 {rows} 行")));
            }
            return lines;
        });
    }

    private (int Width, int Height) Size()
    {
        try
        {
            return (Console.WindowWidth > 20 ? Console.WindowWidth : shell.Width, Console.WindowHeight > 5 ? Console.WindowHeight : 24);
        }
        catch (IOException)
        {
            return (shell.Width, 24); // the terminal has gone away; the run goes on
        }
    }
}
