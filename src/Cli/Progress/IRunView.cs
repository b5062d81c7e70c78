using Pawl.Telemetry;

namespace Pawl.Cli.Progress;

/// <summary>Shows a run while it goes on. <see cref="Show"/> must neither throw nor wait; events come one at a time.</summary>
public interface IRunView : IAsyncDisposable
{
    void Show(RunEvent e);
}

/// <summary><c>--progress none</c>, or <c>--quiet</c>.</summary>
public sealed class SilentView : IRunView
{
    public void Show(RunEvent e) { }
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
