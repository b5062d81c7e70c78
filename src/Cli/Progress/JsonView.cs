using Pawl.Cli.Output;
using Pawl.Telemetry;

namespace Pawl.Cli.Progress;

/// <summary><c>--progress json</c>: every event as one line. A reader that stops reading does not stop the run.</summary>
public sealed class JsonView : IRunView
{
    private readonly EventPipe pipe;
    private bool broken;

    public JsonView(TextWriter to) => pipe = new EventPipe(async batch =>
    {
        if (broken) return;
        try
        {
            foreach (var e in batch) await to.WriteLineAsync(JsonLine.OfEvent(e));
            await to.FlushAsync();
        }
        catch (IOException)
        {
            broken = true; // the reader hung up
        }
    });

    public void Show(RunEvent e) => pipe.Put(e);

    /// <summary>Programs read events, not lines.</summary>
    public void Note(string line) { }

    public ValueTask DisposeAsync() => pipe.DisposeAsync();
}
