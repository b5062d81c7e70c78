using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Conformance;

/// <summary>Passes everything on to a real target, except for the calls its plan lets fail. Owns the target.</summary>
public sealed class FaultyTargetDatabase(ITargetDatabase inner, FaultPlan plan) : ITargetDatabase
{
    public TargetTraits Traits => inner.Traits;
    public ITargetTables Tables => inner.Tables;

    public async ValueTask<ITargetSession> ConnectAsync(CancellationToken ct)
    {
        if (plan.Strikes(FaultPoint.Connect)) throw Down("connect");
        return new Session(await inner.ConnectAsync(ct), plan);
    }

    public ValueTask<IAsyncDisposable?> TryLockAsync(string name, CancellationToken ct) => inner.TryLockAsync(name, ct);
    public ValueTask<bool> IsLockedAsync(string name, CancellationToken ct) => inner.IsLockedAsync(name, ct);
    public ValueTask<bool> TerminateAsync(string backend, CancellationToken ct) => inner.TerminateAsync(backend, ct);
    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private static PawlException Down(string what) => new(Fault.Transient, Codes.Unreachable, ("what", what));

    private sealed class Session(ITargetSession inner, FaultPlan plan) : ITargetSession
    {
        public string Backend => inner.Backend;

        public ValueTask BeginAsync(CancellationToken ct) => Through(FaultPoint.Begin, () => inner.BeginAsync(ct));

        public ValueTask<long> ChangeAsync(ControlChange change, CancellationToken ct) =>
            plan.Strikes(FaultPoint.Change) ? throw Down("change") : inner.ChangeAsync(change, ct);

        public ValueTask<IReadOnlyList<ControlRow>> SelectAsync(ControlSelect select, CancellationToken ct) =>
            plan.Strikes(FaultPoint.Select) ? throw Down("select") : inner.SelectAsync(select, ct);

        public ValueTask<RowsWritten> WriteRowsAsync(TablePlan table, LaneId lane, IReadOnlyList<RowBatch> batches, CancellationToken ct) =>
            plan.Strikes(FaultPoint.Write) ? throw Down("write") : inner.WriteRowsAsync(table, lane, batches, ct);

        public ValueTask EmptyAsync(TablePlan table, CancellationToken ct) => inner.EmptyAsync(table, ct);

        public async ValueTask EndAsync(bool commit)
        {
            if (!commit)
            {
                await inner.EndAsync(false);
                return;
            }
            if (plan.Strikes(FaultPoint.CommitNotDelivered))
            {
                await inner.EndAsync(false);
                throw new CommitUnknownException(null, ("what", "not delivered"));
            }
            if (plan.Strikes(FaultPoint.CommitRefused))
            {
                await inner.EndAsync(false);
                throw new PawlException(Fault.Transient, Codes.CommitRefused, ("what", "rolled back"));
            }
            await inner.EndAsync(true);
            if (plan.Strikes(FaultPoint.CommitAnswerLost)) throw new CommitUnknownException(null, ("what", "answer lost"));
        }

        public ValueTask DisposeAsync() => inner.DisposeAsync();

        private ValueTask Through(FaultPoint point, Func<ValueTask> call) => plan.Strikes(point) ? throw Down("begin") : call();
    }
}
