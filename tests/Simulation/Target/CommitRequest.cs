using Pawl.Model;

namespace Pawl.Simulation;

/// <summary>
/// COMMIT, the one statement whose answer matters when it is lost: it may be lost before it arrives, arrive long after the client gave up,
/// take long to be made durable, be answered by a roll-back, or be done with the answer lost.
/// </summary>
internal sealed class CommitRequest(Server server, Connection c, Transaction? tx)
{
    private readonly TaskCompletionSource done = new();
    private Fate fate;

    private enum Fate { Done, LostBefore, LostAfter, ArrivesLate, DurableLate, Refused }

    private static readonly Fate[] NetworkFates =
        [Fate.LostBefore, Fate.LostAfter, Fate.LostAfter, Fate.ArrivesLate, Fate.ArrivesLate, Fate.DurableLate, Fate.DurableLate,
            Fate.Refused];
    private static readonly Fate[] FileFates = [Fate.LostBefore, Fate.LostAfter, Fate.Refused];

    public Task Start()
    {
        if (!c.Client.Alive) return SimProcess.Never<bool>();
        if (server.Faults.On && server.Rng.Chance(server.Faults.Commit))
        {
            fate = server.Rng.Pick(server.Flavour == Flavour.File ? FileFates : NetworkFates);
        }
        if (fate != Fate.Done) server.World.Trace.Add(server.World.Now, c.Client.Id, $"COMMIT FATE {fate} tx{tx?.Id}");
        if (fate == Fate.ArrivesLate)
        {
            server.Send(c, server.Rng.Ticks(TimeSpan.TicksPerSecond, server.Rng.Pick([6, 12, 60]) * TimeSpan.TicksPerSecond), ArriveLate);
            Unknown(server.Rng.Ticks(TimeSpan.TicksPerMillisecond, 10 * TimeSpan.TicksPerSecond));
        }
        else server.Send(c, server.Latency(), Arrive);
        return done.Task;
    }

    private void Arrive()
    {
        if (!c.Client.Alive && server.Flavour == Flavour.File) return;
        server.Count();
        if (c.ClientKnows || !c.ServerSide || c.Cut || tx is null || tx.Decided) Unknown(server.Latency());
        else if (fate == Fate.LostBefore)
        {
            server.Tally.LostCommits++;
            Break();
        }
        else if (tx.Doomed || fate == Fate.Refused) Refuse();
        else if (fate == Fate.DurableLate) MakeDurable(server.Rng.Ticks(TimeSpan.TicksPerSecond,
            server.Rng.Pick([6, 12, 30]) * TimeSpan.TicksPerSecond));
        else if (server.Flavour == Flavour.File) Apply();
        else MakeDurable(server.Latency());
    }

    /// <summary>The client has given up; the message is still on its way.</summary>
    private void ArriveLate()
    {
        server.Count();
        if (!c.ServerSide || tx is null || tx.Decided || tx.Doomed) return;
        server.Tally.LateCommits++;
        server.Commit(tx);
        server.Close(c);
    }

    private void MakeDurable(long delay)
    {
        tx!.Committing = true;
        if (fate == Fate.DurableLate)
        {
            server.Tally.LateCommits++;
            c.ClientKnows = true;
            Unknown(server.Rng.Ticks(TimeSpan.TicksPerMillisecond, delay));
        }
        server.World.After(delay, Apply);
    }

    private void Apply()
    {
        if (tx!.Decided)
        {
            // The server stopped meanwhile and has decided by itself.
            Unknown(server.Latency());
            return;
        }
        server.Commit(tx);
        if (fate == Fate.LostAfter)
        {
            server.Tally.LostAnswers++;
            Break();
        }
        else if (fate == Fate.DurableLate) server.Close(c);
        else server.World.After(server.Latency(), Answer);
    }

    private void Answer()
    {
        if (c.Cut) Unknown(server.Rng.Ticks(TimeSpan.TicksPerSecond, 20 * TimeSpan.TicksPerSecond));
        else if (c.Client.Alive) done.TrySetResult();
    }

    private void Refuse()
    {
        server.Tally.RefusedCommits++;
        server.Rollback(tx!);
        server.World.After(server.Latency(), () =>
            done.TrySetException(new PawlException(Fault.Transient, Codes.CommitRefused, ("backend", c.Backend))));
    }

    private void Break()
    {
        c.Cut = server.Flavour != Flavour.File;
        if (server.Flavour == Flavour.File && c.Open is { Decided: false } open) server.Rollback(open);
        server.NoticeLater(c, true);
        Unknown(server.Rng.Ticks(TimeSpan.TicksPerMillisecond, 20 * TimeSpan.TicksPerSecond));
    }

    private void Unknown(long delay)
    {
        server.Tally.UnknownCommits++;
        server.World.After(delay, () =>
        {
            c.ClientKnows = true;
            done.TrySetException(new CommitUnknownException(null, ("backend", c.Backend)));
        });
    }
}
