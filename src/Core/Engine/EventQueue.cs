using Pawl.Contracts;

namespace Pawl.Engine;

/// <summary>
/// Hands events from the reader of one lane to its writer. Bounded in events and bytes: an event that alone is larger passes when the queue
/// is empty. One reader, one writer, each one call at a time; owns the batches it holds.
/// </summary>
internal sealed class EventQueue(int maxEvents, long maxBytes)
{
    private readonly Lock gate = new();
    private readonly Queue<(SourceEvent Event, long Bytes)> events = new();
    private long bytes;
    private bool ended;
    private bool closed;
    private Exception? error;
    private TaskCompletionSource? changed;

    /// <summary>Waits for room. False when the queue was closed; the event is then disposed of here.</summary>
    public async ValueTask<bool> WriteAsync(SourceEvent e, CancellationToken ct)
    {
        var size = e switch
        {
            RowsEvent rows => rows.Batch.Bytes,
            RejectsEvent broken => broken.Rejected.Sum(row => row.Row.Length * 2L),
            _ => 0,
        };
        while (true)
        {
            Task wait;
            lock (gate)
            {
                if (closed || ct.IsCancellationRequested) break;
                if (events.Count == 0 || (events.Count < maxEvents && bytes + size <= maxBytes))
                {
                    events.Enqueue((e, size));
                    bytes += size;
                    Wake();
                    return true;
                }
                wait = (changed ??= NewSignal()).Task;
            }
            await wait;
        }
        (e as RowsEvent)?.Batch.Dispose();
        ct.ThrowIfCancellationRequested();
        return false;
    }

    /// <summary>Whether anything comes behind what was read so far, a failure too; null = not known yet.</summary>
    public bool? HasMore
    {
        get
        {
            lock (gate) return events.Count > 0 || closed || error is not null ? true : ended ? false : null;
        }
    }

    /// <summary>The next event without waiting; false when none is there yet.</summary>
    /// <param name="e">Null when the reader has come to its end.</param>
    /// <exception cref="Exception">What the reader failed with, after all events before it.</exception>
    /// <exception cref="ObjectDisposedException">The queue was closed.</exception>
    public bool TryRead(out SourceEvent? e)
    {
        lock (gate)
        {
            if (events.TryDequeue(out var next))
            {
                bytes -= next.Bytes;
                Wake();
                e = next.Event;
                return true;
            }
            e = null;
            if (error is not null) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(error);
            // A closed queue is not an ended lane: whoever took it for one would make the lane final.
            ObjectDisposedException.ThrowIf(closed, this);
            return ended;
        }
    }

    /// <summary>Returns when something may be there to read, or the queue was woken for another reason.</summary>
    public async ValueTask WaitAsync()
    {
        Task wait;
        lock (gate)
        {
            if (events.Count > 0 || ended || closed || error is not null) return;
            wait = (changed ??= NewSignal()).Task;
        }
        await wait;
    }

    /// <summary>Lets both sides look again: a timer ran out, a stop was asked for.</summary>
    public void Nudge()
    {
        lock (gate) Wake();
    }

    /// <summary>No more events; <paramref name="failure"/> is thrown to the reader after the last one.</summary>
    public void End(Exception? failure = null)
    {
        lock (gate)
        {
            ended = true;
            if (!closed) error = failure;
            Wake();
        }
    }

    /// <summary>Gives back what nobody will read any more.</summary>
    public void Close()
    {
        lock (gate)
        {
            closed = true;
            error = null;
            while (events.TryDequeue(out var left)) (left.Event as RowsEvent)?.Batch.Dispose();
            bytes = 0;
            Wake();
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Wake()
    {
        changed?.TrySetResult();
        changed = null;
    }
}
