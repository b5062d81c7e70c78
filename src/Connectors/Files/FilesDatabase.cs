using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;
using Pawl.Telemetry;

namespace Pawl.Connectors.Files;

/// <summary>
/// A folder of files as a target: the tables' parts, and in <c>.pawl</c> the journal of the control tables. What a transaction is here: its
/// parts are written beside the published ones, and then, inside the gate, renamed and entered into the journal – the books follow the
/// files, and a file that is in no book is removed by whoever holds the job next. Thread-safe.
/// </summary>
internal sealed class FilesDatabase : ITargetDatabase, ITargetTables, IKnowsPlace
{
    private readonly OpenContext context;
    private readonly FilesGate gate;
    private readonly string control;

    /// <exception cref="PawlException">An option is wrong.</exception>
    public FilesDatabase(Endpoint at, OpenContext context)
    {
        this.context = context;
        Target = new FilesTarget(FilesTarget.RootOf(at), FilesOptions.ParseTarget(at));
        control = Path.Combine(Target.Root, FilesNames.Control);
        gate = new FilesGate(Path.Combine(control, "lock"), context.Time);
        Journal = new FilesJournal(Path.Combine(control, "journal"));
    }

    public FilesTarget Target { get; }
    public FilesJournal Journal { get; }
    public ICrashPoints Points => context.Points;

    public TargetTraits Traits { get; } = new() { Guarantee = Guarantee.OncePerPublishedUnit };

    public ITargetTables Tables => this;

    public string NewId() => context.Ids.Next().ToString("N");

    public long Now() => context.Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>The gate, entered, with everything read that others have written.</summary>
    public async Task<IDisposable> EnterAsync(CancellationToken ct)
    {
        var inside = await gate.EnterAsync(ct).ConfigureAwait(false);
        try
        {
            await Task.Run(Journal.CatchUp, CancellationToken.None).ConfigureAwait(false);
            return inside;
        }
        catch
        {
            inside.Dispose();
            throw;
        }
    }

    public ValueTask<ITargetSession> ConnectAsync(CancellationToken ct) => ValueTask.FromResult<ITargetSession>(new FilesSession(this));

    public async ValueTask<IAsyncDisposable?> TryLockAsync(string name, CancellationToken ct) =>
        await Task.Run(() => FilesLocks.TryTake(control, name), ct).ConfigureAwait(false);

    public async ValueTask<bool> IsLockedAsync(string name, CancellationToken ct) =>
        await Task.Run(() => FilesLocks.IsHeld(control, name), ct).ConfigureAwait(false);

    /// <summary>No server is there that could end anybody.</summary>
    public ValueTask<bool> TerminateAsync(string backend, CancellationToken ct) => ValueTask.FromResult(false);

    public ValueTask<string?> PlaceAsync(CancellationToken ct) => ValueTask.FromResult(FileStat.Of(Target.Root)?.Identity);

    public ValueTask<bool> HasControlTablesAsync(CancellationToken ct) => ValueTask.FromResult(Journal.Exists);

    public async ValueTask CreateControlTablesAsync(CancellationToken ct)
    {
        await Task.Run(() => Guarded(MakeRoot), ct).ConfigureAwait(false);
        using var inside = await gate.EnterAsync(ct).ConfigureAwait(false);
        await Task.Run(() => Guarded(Journal.Create), ct).ConfigureAwait(false);
    }

    public async ValueTask<TargetState> InspectAsync(TablePlan plan, CancellationToken ct) =>
        await Task.Run(() => Guarded(() => Target.Inspect(plan)), ct).ConfigureAwait(false);

    public ValueTask PrepareAsync(TablePlan plan, Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct) =>
        FencedAsync(fence, session => Target.Prepare(plan, session.Job, session.View), ct);

    public ValueTask FinishAsync(TablePlan plan, Func<ITargetSession, CancellationToken, ValueTask> fence, CancellationToken ct) =>
        FencedAsync(fence, session => Target.Finish(plan, session.Job, session.View), ct);

    public ValueTask DisposeAsync()
    {
        Journal.Dispose();
        return ValueTask.CompletedTask;
    }

    public T Guarded<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw FilesFaults.Classify(e, Target.Root);
        }
    }

    private void Guarded(Action work) => Guarded(() =>
    {
        work();
        return true;
    });

    private void MakeRoot()
    {
        FilesProbe.CheckFolder(Target.Root);
        if (!Directory.Exists(Target.Root))
        {
            Directory.CreateDirectory(Target.Root);
            FilesDisk.SyncFolder(Path.GetDirectoryName(Target.Root)!);
        }
        if (!Directory.Exists(control))
        {
            Directory.CreateDirectory(control);
            FilesDisk.SyncFolder(Target.Root);
        }
        try
        {
            if (!File.Exists(gate.Path)) File.OpenHandle(gate.Path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite).Dispose();
        }
        catch (IOException) when (File.Exists(gate.Path))
        {
            // Somebody else's first run made it in the same moment.
            return;
        }
    }

    private async ValueTask FencedAsync(Func<ITargetSession, CancellationToken, ValueTask> fence, Action<FilesSession> work,
        CancellationToken ct)
    {
        await using var session = new FilesSession(this);
        await session.BeginAsync(ct).ConfigureAwait(false);
        await fence(session, ct).ConfigureAwait(false);
        await Task.Run(() => Guarded(() => work(session)), CancellationToken.None).ConfigureAwait(false);
        await session.EndAsync(commit: true).ConfigureAwait(false);
    }
}
