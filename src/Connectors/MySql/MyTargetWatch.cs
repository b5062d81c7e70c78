using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.MySql;

/// <summary>
/// What a writer learned of its table holds for one transaction only: in the next one somebody may have altered it. So each transaction
/// touches the table first, which keeps its definition until the end, then looks whether it is as it was.
/// </summary>
internal static class MyTargetWatch
{
    /// <returns>The table, whose definition nobody changes until the transaction ends, and whether it has no rows.</returns>
    /// <exception cref="PawlException"><see cref="Codes.TargetTruncated"/> when there is no such table; one that may not be
    /// written.</exception>
    public static async ValueTask<(MyTargetTable Table, bool IsEmpty)> LockAsync(MyTargetSession session, TablePlan plan,
        CancellationToken ct)
    {
        var name = plan.Target with { Schema = plan.Target.Schema ?? session.Options.Database };
        bool isEmpty;
        try
        {
            isEmpty = (await session.RowsAsync($"select 1 from {MyQuote.Name(name)} limit 1", ct, name,
                MyGrants.Of(Rights(plan), name, session.Options))
                .ConfigureAwait(false)).Count == 0;
        }
        catch (PawlException e) when (e.Code == Codes.TableMissing)
        {
            throw Gone(plan, e);
        }
        var target = await MyTargetTable.FindAsync(session, plan.Target, ct).ConfigureAwait(false) ?? throw Gone(plan, null);
        MySurroundings.CheckTarget(session.Options, plan.Target, target);
        return (target, isEmpty);
    }

    /// <param name="hasLeft">Rows were committed into it by this writer.</param>
    /// <exception cref="PawlException">It is another table, or another than it was: <see cref="Codes.TargetAltered"/>, and a next attempt
    /// sees whether it still fits.</exception>
    public static void Check(TablePlan plan, MyTargetTable known, MyTargetTable now, bool isEmpty, bool hasLeft)
    {
        // A table that is altered keeps its rows; one that is emptied or made again has lost those of the ledger. The server dates a
        // table to the second, so one made again at once is known by its emptiness alone.
        var isSame = now.Created == known.Created && now.Shape == known.Shape;
        if (isEmpty && (hasLeft || !isSame)) throw Gone(plan, null);
        if (!isSame) throw new PawlException(Fault.Transient, Codes.TargetAltered, ("table", plan.Target));
    }

    public static string Rights(TablePlan plan) => plan.Write == WriteMode.Upsert ? "select, insert, update" : "select, insert";

    private static PawlException Gone(TablePlan plan, Exception? inner) => new(Fault.PositionLost, Codes.TargetTruncated, inner,
        ("table", plan.Target), ("cause", "it was dropped, or dropped and made again, while Pawl wrote into it"));
}
