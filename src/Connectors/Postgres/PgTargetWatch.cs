using System.Globalization;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>
/// What a writer learned of its table holds for one transaction only: in the next one somebody may have altered it, and eight bytes of a
/// whole number go into a float without a word. So each transaction locks the table against that first, then looks whether it is as it was.
/// </summary>
internal static class PgTargetWatch
{
    private const string Look = """
        select c.oid::bigint, concat_ws(' ', c.oid, c.relkind, c.relpersistence,
            (select md5(string_agg(concat_ws(' ', a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull, a.atthasdef, a.attidentity,
                a.attgenerated, a.attcollation), ',' order by a.attnum))
                from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
            (select string_agg(t.tgname || t.tgenabled::text, ',' order by t.tgname) from pg_trigger t
                where t.tgrelid = c.oid and not t.tgisinternal))
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'p')
        """;

    /// <summary>Locks the table until the transaction ends; nobody alters or drops it meanwhile. Writers go on side by side.</summary>
    /// <exception cref="PawlException"><see cref="Codes.TargetTruncated"/> when there is no such table.</exception>
    public static async ValueTask LockAsync(PgSession session, TablePlan plan, CancellationToken ct)
    {
        var name = new TableName(plan.Target.Schema ?? PgNames.DefaultSchema, plan.Target.Name);
        var quoted = PgNames.Quote(name);
        try
        {
            await session.ExecuteAsync($"lock table {quoted} in row exclusive mode", ct, name,
                $"grant select, insert{(plan.Write == WriteMode.Upsert ? ", update" : "")} on table {quoted} "
                + $"to {PgNames.Quote(session.Options.User)}").ConfigureAwait(false);
        }
        catch (PawlException e) when (e.Code == Codes.TableMissing)
        {
            throw Gone(plan, e);
        }
    }

    /// <summary>A text that is the same as long as the table is.</summary>
    /// <exception cref="PawlException"><see cref="Codes.TargetTruncated"/> when there is no such table.</exception>
    public static async ValueTask<string> LookAsync(PgSession session, TablePlan plan, CancellationToken ct)
    {
        var found = await session.QueryAsync(Look, ct, plan.Target.Schema ?? PgNames.DefaultSchema, plan.Target.Name).ConfigureAwait(false);
        return found.Count > 0 ? (string)found[0][1]! : throw Gone(plan, null);
    }

    /// <exception cref="PawlException">It is another table, or another than it was: <see cref="Codes.TargetAltered"/>, and a next attempt
    /// sees whether it still fits.</exception>
    public static async ValueTask CheckAsync(PgSession session, TablePlan plan, string known, CancellationToken ct)
    {
        var now = await LookAsync(session, plan, ct).ConfigureAwait(false);
        if (now == known) return;
        // The oid stands in front: another one is another table, without the rows of the ledger.
        throw Oid(now) != Oid(known) ? Gone(plan, null) : new PawlException(Fault.Transient, Codes.TargetAltered, ("table", plan.Target));
    }

    private static PawlException Gone(TablePlan plan, Exception? inner) => new(Fault.PositionLost, Codes.TargetTruncated, inner,
        ("table", plan.Target), ("cause", "it was dropped, or dropped and made again, while Pawl wrote into it"));

    private static uint Oid(string fingerprint) =>
        uint.Parse(fingerprint.AsSpan(0, fingerprint.IndexOf(' ', StringComparison.Ordinal)), CultureInfo.InvariantCulture);
}
