using System.Globalization;
using Pawl.Model;

namespace Pawl.Relational;

/// <summary>Which program may read the control tables: <c>pawl_meta</c> holds <c>format</c> and <c>min_reader</c>.</summary>
internal static class ControlFormat
{
    /// <summary>The first format whose programs know cells that were written as null: an older one would write their rows again.</summary>
    public const int WithNulled = 3;

    /// <summary>Refuses a newer format. False when none is written yet.</summary>
    public static async ValueTask<bool> CheckAsync(ITargetSession session, CancellationToken ct)
    {
        var rows = await session.SelectAsync(new ControlSelect { Table = ControlTables.Meta }, ct);
        Check(rows);
        return rows.Any(r => r.Text("name") == "format") && rows.Any(r => r.Text("name") == "min_reader");
    }

    /// <summary>The tables of format 2 are there.</summary>
    public static async ValueTask<bool> HasRetriesAsync(ITargetSession session, CancellationToken ct)
    {
        var rows = await session.SelectAsync(new ControlSelect { Table = ControlTables.Meta, Where = [new("name", "format")] }, ct);
        return rows.Count == 1 && int.TryParse(rows[0].Text("value"), NumberStyles.None, CultureInfo.InvariantCulture, out var format)
            && format >= 2;
    }

    /// <summary>
    /// Says that all tables of our format are there, which the caller has just made sure of. Older programs may go on reading: they see
    /// a ledger in which the rows that were retried are written rows.
    /// </summary>
    public static async ValueTask RaiseAsync(ITargetSession session, CancellationToken ct) =>
        await session.ChangeAsync(ControlChange.Update(ControlTables.Meta,
            [("value", ControlTables.Format.ToString(CultureInfo.InvariantCulture))], new Condition("name", "format")), ct);

    /// <summary>
    /// In the open transaction: programs of an older format may not read this target from now on. Who finds it said locks nothing.
    /// </summary>
    public static async ValueTask RequireAsync(ITargetSession session, int format, CancellationToken ct) =>
        await session.ChangeAsync(ControlChange.Update(ControlTables.Meta,
            [("value", format.ToString(CultureInfo.InvariantCulture))], new("name", "min_reader"),
            new("value", ControlTables.MinReader.ToString(CultureInfo.InvariantCulture))), ct);

    /// <summary>Refuses a newer format, or writes ours where there is none.</summary>
    public static async ValueTask WriteAsync(ITargetSession session, CancellationToken ct)
    {
        var rows = await session.SelectAsync(new ControlSelect { Table = ControlTables.Meta }, ct);
        Check(rows);
        var known = rows.Select(r => r.Text("name")).ToHashSet(StringComparer.Ordinal);
        foreach (var (name, value) in new[] { ("format", ControlTables.Format), ("min_reader", ControlTables.MinReader) })
        {
            if (known.Contains(name)) continue;
            await session.ChangeAsync(ControlChange.Insert(ControlTables.Meta, ("name", name),
                ("value", value.ToString(CultureInfo.InvariantCulture))), ct);
        }
    }

    private static void Check(IReadOnlyList<ControlRow> rows)
    {
        var needed = rows.FirstOrDefault(r => r.Text("name") == "min_reader")?.Text("value");
        if (needed is null) return;
        if (!int.TryParse(needed, NumberStyles.None, CultureInfo.InvariantCulture, out var reader) || reader > ControlTables.Format)
        {
            throw new PawlException(Fault.PositionLost, Codes.FormatTooNew, ("needs", needed), ("has", ControlTables.Format));
        }
    }
}
