using Pawl.Model;

namespace Pawl.Simulation;

/// <summary>Tries a statement. Null = done; otherwise the transaction to wait for, after which it is tried again from the start.</summary>
/// <exception cref="PawlException">The statement failed.</exception>
internal delegate Transaction? Attempt<T>(out T value);

/// <summary>One statement on its way: to the server, into a queue for a lock, and back, or lost anywhere between.</summary>
internal sealed class Request<T>(Server server, Connection c, string what, Attempt<T> attempt)
{
    public const long LockTimeout = 5 * TimeSpan.TicksPerSecond;

    private readonly TaskCompletionSource<T> done = new();
    private World World => server.World;
    private Loss loss;
    private bool cancelled;
    private bool executed;
    private long deadline = -1;

    private enum Loss { None, Before, After, Error }

    public Task<T> Start(CancellationToken ct)
    {
        if (!c.Client.Alive) return SimProcess.Never<T>();
        if (ct.IsCancellationRequested) return Task.FromCanceled<T>(ct);
        loss = Draw();
        if (ct.CanBeCanceled)
        {
            var registration = ct.Register(() => Cancel(ct));
            server.Send(c, server.Latency(), Arrive);
            return Unregistered(registration);
        }
        server.Send(c, server.Latency(), Arrive);
        return done.Task;
    }

    private async Task<T> Unregistered(CancellationTokenRegistration registration)
    {
        try { return await done.Task; }
        finally { registration.Unregister(); }
    }

    private Loss Draw()
    {
        if (!server.Faults.On || !server.Rng.Chance(server.Faults.Call)) return Loss.None;
        if (server.Flavour == Flavour.File) return Loss.Error;
        return server.Rng.Below(3) switch { 0 => Loss.Before, 1 => Loss.After, _ => Loss.Error };
    }

    private void Cancel(CancellationToken ct)
    {
        if (done.Task.IsCompleted) return;
        cancelled = !executed && (c.Waiting is not null || server.Rng.Chance(0.5));
        if (cancelled && c.Waiting is { } waiting) waiting.Gone = true;
        done.TrySetCanceled(ct);
    }

    private void Arrive()
    {
        if (cancelled || (!c.Client.Alive && server.Flavour == Flavour.File)) return;
        server.Count();
        if (c.ClientKnows || !c.ServerSide) Fail(server.Latency());
        else if (c.Cut) Fail(server.Rng.Ticks(TimeSpan.TicksPerSecond, 20 * TimeSpan.TicksPerSecond));
        else if (loss == Loss.Before) Lose();
        else Execute();
    }

    private void Lose()
    {
        server.Tally.LostAnswers++;
        World.Trace.Add(World.Now, c.Client.Id, $"LOST {loss} {what}");
        c.Cut = true;
        server.NoticeLater(c, true);
        Fail(server.Rng.Ticks(TimeSpan.TicksPerMillisecond, 20 * TimeSpan.TicksPerSecond));
    }

    private void Execute()
    {
        c.Waiting = null;
        c.OnDropped = null;
        if (cancelled) return;
        if (!c.ServerSide)
        {
            Fail(server.Latency());
            return;
        }
        T value;
        try
        {
            if (loss == Loss.Error)
            {
                server.Tally.StatementErrors++;
                throw new PawlException(Fault.Transient, Codes.InputOutput, ("statement", what));
            }
            if (attempt(out value) is { } blocker)
            {
                Wait(blocker);
                return;
            }
        }
        catch (PawlException e)
        {
            Refuse(e);
            return;
        }
        executed = true;
        World.Trace.Note(World.Now, c.Client.Id, $"{c.Backend} {what}");
        if (loss == Loss.After) Lose();
        else World.After(server.Latency(), () => Deliver(value));
    }

    private void Wait(Transaction blocker)
    {
        var waiter = new Waiter(Execute);
        if (deadline < 0)
        {
            deadline = World.Now + LockTimeout;
            server.Tally.LockWaits++;
            World.After(LockTimeout, () =>
            {
                if (c.Waiting is null || executed || done.Task.IsCompleted) return;
                c.Waiting.Gone = true;
                c.Waiting = null;
                Refuse(new PawlException(Fault.Transient, Codes.Busy, ("statement", what), ("holder", blocker.Connection.Client.Name)));
            });
        }
        c.Waiting = waiter;
        c.OnDropped = () => Fail(server.Latency());
        blocker.Waiters.Add(waiter);
    }

    private void Refuse(PawlException e)
    {
        executed = true;
        World.Trace.Note(World.Now, c.Client.Id, $"{c.Backend} {what} FAILED {e.Code}");
        if (server.Flavour == Flavour.Dooming && c.Open is { } tx) tx.Doomed = true;
        World.After(server.Latency(), () => done.TrySetException(e));
    }

    private void Deliver(T value)
    {
        if (c.Cut && c.Client.Alive) Fail(server.Rng.Ticks(TimeSpan.TicksPerSecond, 20 * TimeSpan.TicksPerSecond));
        else if (c.Client.Alive) done.TrySetResult(value);
    }

    private void Fail(long delay) => World.After(delay, () =>
    {
        c.ClientKnows = true;
        done.TrySetException(new PawlException(Fault.Transient, Codes.Unreachable, ("statement", what)));
    });
}
