using Pawl.Telemetry;

namespace Pawl.Cli.Progress;

/// <summary>Shows a run while it goes on. <see cref="Show"/> must neither throw nor wait; it may be called from any thread.</summary>
public interface IRunView : IAsyncDisposable
{
    void Show(RunEvent e);

    /// <summary>A line of the host's own among the events; may be called from any thread.</summary>
    void Note(string line);
}

/// <summary><c>--progress none</c>, or <c>--quiet</c>.</summary>
public sealed class SilentView : IRunView
{
    public void Show(RunEvent e) { }
    public void Note(string line) { }
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
