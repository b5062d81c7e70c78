using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Engine;

/// <summary>From which value to which the windows of an incremental table go. Each begins where the one before ended.</summary>
internal static class CursorSteps
{
    public static CursorWindow First(CursorOptions cursor, CursorBound bound) => new()
    {
        Column = cursor.Column,
        Through = bound.Value,
        ThroughIncluded = bound.Included || bound.ReadAgain,
    };

    /// <summary>Null when nothing can have come since.</summary>
    /// <param name="stored">A finished window, or a finished snapshot.</param>
    /// <exception cref="PawlException">A snapshot whose moment is not known cannot be gone on from, nor a number that is given again.
    /// </exception>
    public static async ValueTask<CursorWindow?> NextAsync(IReadsWindows source, TableSchema table, CursorOptions cursor, TablePlan stored,
        CursorBound bound, CancellationToken ct)
    {
        var next = First(cursor, bound);
        if (stored.Read.Window is not { } last)
        {
            var since = stored.SourceClock is { } clock ? await source.SinceAsync(table, cursor, clock, ct) : null;
            if (since is null)
            {
                throw new PawlException(Fault.PositionLost, Codes.DefinitionChanged, ("table", stored.Source), ("changed", "mode"));
            }
            return await AfterAsync(since, included: true);
        }
        // The table was empty then: everything in it is new.
        if (last.Through is not { } through) return bound.Value is null ? null : next;
        if (bound.Next is { } number && await source.CompareAsync(table, cursor.Column, through, number, ct) >= 0)
        {
            // The rows that get the numbers up to the last bound would never be read.
            throw new PawlException(Fault.PositionLost, Codes.SourceWentBack, ("table", table.Name), ("source", table.Name),
                ("known", $"{cursor.Column} = {through}"), ("now", $"{cursor.Column} = {number}"));
        }
        // What was read again is read again once more: rows of just this value may have been added since.
        return await AfterAsync(through, !last.ThroughIncluded || bound.ReadAgain);

        async ValueTask<CursorWindow?> AfterAsync(string value, bool included)
        {
            if (bound.Value is null) return null;
            var order = await source.CompareAsync(table, cursor.Column, value, bound.Value, ct);
            // A clock that went back, or rows that were deleted: the window stays where it is.
            if (order > 0 || (order == 0 && !(included && next.ThroughIncluded))) return null;
            var from = cursor.Overlap > TimeSpan.Zero ? await source.BeforeAsync(table, cursor, value, ct) : value;
            return next with { After = from, AfterIncluded = included || cursor.Overlap > TimeSpan.Zero };
        }
    }
}
