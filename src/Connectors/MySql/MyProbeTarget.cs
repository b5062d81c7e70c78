using Pawl.Connectors.MySql.Protocol;
using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.MySql;

/// <summary>A database as a target: may the job's tables and Pawl's own be made and written, does anything else stand in the way.</summary>
internal sealed class MyProbeTarget
{
    /// <summary>What a table that Pawl makes needs, from its first row to its last index.</summary>
    private static readonly string[] Making = ["CREATE", "ALTER", "SELECT", "INSERT"];

    private readonly MyTargetSession session;
    private readonly ProbeRequest request;
    private readonly MyRights rights;
    private readonly MyGrantList grants;
    private readonly MyMissing missing, restart, takeOver;
    private readonly List<ProbeFinding> findings = [];

    private MyProbeTarget(MyTargetSession session, MyLook look, MyGrantList grants)
    {
        (this.session, this.grants, request, rights) = (session, grants, look.Request, new MyRights(look.Connection));
        MyMissing New() => new(look.Connection.Server.Account, grants.IsLiteral);
        (missing, restart, takeOver) = (New(), New(), New());
    }

    public static async ValueTask<IReadOnlyList<ProbeFinding>> LookAsync(MyLook look, CancellationToken ct)
    {
        try
        {
            // A session as a run has it; in no database, which may not be there or not be ours to enter.
            var options = MyTargetOptions.Of(look.At);
            options = options with { Server = options.Server with { Database = null } };
            var slots = new MySlots(Guid.NewGuid().ToString("N"));
            await using var session = await MyTargetSession.OpenAsync(options, slots, ct).ConfigureAwait(false);
            var grants = await MyGrantList.ReadAsync(sql => look.Connection.RowsAsync(sql, ct), look.Connection.Server)
                .ConfigureAwait(false);
            return await new MyProbeTarget(session, look, grants).RunAsync(ct).ConfigureAwait(false);
        }
        catch (PawlException e)
        {
            return [ProbeFinding.Of(e)];
        }
    }

    private async ValueTask<IReadOnlyList<ProbeFinding>> RunAsync(CancellationToken ct)
    {
        await ControlAsync(ct).ConfigureAwait(false);
        foreach (var table in request.Tables)
        {
            try
            {
                await TableAsync(table, ct).ConfigureAwait(false);
            }
            catch (PawlException e) when (e.Fault is Fault.Configuration or Fault.Permission)
            {
                findings.Add(ProbeFinding.Of(e));
            }
        }
        // Whoever dumps one database gets the rows without their ledger.
        string[] apart = [.. request.Tables.Select(t => t.Name.Schema ?? session.Options.Database).OfType<string>()
            .Where(d => d != session.Options.Control).Distinct().Order(StringComparer.Ordinal)];
        if (apart.Length > 0)
        {
            findings.Add(ProbeFinding.Note(FindingCodes.LedgerApart, ("control", session.Options.Control),
                ("databases", string.Join(", ", apart))));
        }
        if (missing.IsEmpty) findings.Insert(0, ProbeFinding.Good(FindingCodes.RightsWrite, ("tables", request.Tables.Count)));
        else findings.InsertRange(0, missing.Findings(FindingLevel.Broken));
        findings.AddRange(restart.Findings(FindingLevel.Note, FindingCodes.RightRestart));
        // MySQL and MariaDB write it apart, and an old grant of SUPER holds it.
        var kill = session.Server.IsMariaDb ? "CONNECTION ADMIN" : "CONNECTION_ADMIN";
        if (!grants.Global(kill) && !grants.Global("SUPER"))
        {
            takeOver.Server(kill);
            findings.AddRange(takeOver.Findings(FindingLevel.Note, FindingCodes.RightTakeOver));
        }
        return findings;
    }

    /// <summary>Pawl's own tables: used where they are, else made.</summary>
    private async ValueTask ControlAsync(CancellationToken ct)
    {
        var database = session.Options.Control;
        string[] use = ["SELECT", "INSERT", "UPDATE", "DELETE"];
        foreach (var table in ControlTables.All)
        {
            var at = new TableName(database, table.Name);
            var there = await MyTargetTable.FindAsync(session, at, ct).ConfigureAwait(false);
            await AskAsync(there is null ? ["CREATE", .. use] : use, at, there, ct).ConfigureAwait(false);
            if (there is not null) Find(() => MySurroundings.CheckEngine(at, there.Engine));
        }
    }

    private void Find(Action check)
    {
        try
        {
            check();
        }
        catch (PawlException e)
        {
            findings.Add(ProbeFinding.Of(e));
        }
    }

    private async ValueTask TableAsync(ProbeTable table, CancellationToken ct)
    {
        var at = table.Name with { Schema = table.Name.Schema ?? session.Options.Database };
        var there = await MyTargetTable.FindAsync(session, at, ct).ConfigureAwait(false);
        if (there is null && !table.Create)
        {
            findings.Add(ProbeFinding.Of(new PawlException(Fault.Configuration, Codes.TargetTableMissing, ("target", table.Name))));
            return;
        }
        if (there is null && !table.HasPrimaryKey && await KeylessAsync(ct).ConfigureAwait(false) is { } setting)
        {
            findings.Add(ProbeFinding.Of(new PawlException(Fault.Configuration, Codes.ServerUnfit,
                ("endpoint", session.Options.Server.Display), ("setting", setting), ("value", "ON"), ("table", table.Name),
                ("cause", MyFaults.Keyless))));
        }
        List<string> needed = [.. there is null ? Making : ["SELECT", "INSERT"]];
        if (table.Write == WriteMode.Upsert) needed.Add("UPDATE");
        if (table.Write == WriteMode.Replace) needed.Add("DELETE");
        if (table.Evolves && table.Write != WriteMode.Replace && there is not null) needed.Add("ALTER");
        await AskAsync(needed, at, there, ct).ConfigureAwait(false);
        // Rows come by a temporary table; or by a staging table beside the target, under a name of its own.
        string[] beside = table.Write switch
        {
            WriteMode.Upsert => ["CREATE TEMPORARY TABLES"],
            WriteMode.Replace => ["CREATE", "SELECT", "INSERT", "DROP"],
            _ => [],
        };
        foreach (var right in beside)
        {
            if (!await rights.OnDatabaseAsync(right, at.Schema!, ct).ConfigureAwait(false)) missing.Database(at.Schema!, right);
        }
        if (session.Options.Triggers == MyTriggers.Refuse && !grants.OnTable("TRIGGER", at)) Lacks("TRIGGER", at, there);
        // An upsert begun anew writes over the rows, and an append adds to those of others: neither removes any.
        if (table.Write == WriteMode.Insert && !missing.Holds(at.Schema!, "DELETE")
            && !await MayAsync("DELETE", at, there, ct).ConfigureAwait(false))
        {
            if (there is null) restart.Database(at.Schema!, "DELETE");
            else restart.Table(at, "DELETE");
        }
        if (there is not null) await SurroundingsAsync(table, there, ct).ConfigureAwait(false);
    }

    /// <summary>The setting that forbids tables without a primary key; null = none does.</summary>
    private async ValueTask<string?> KeylessAsync(CancellationToken ct)
    {
        var names = string.Join(", ", MyFaults.KeylessSettings.Select(MyQuote.Text));
        var rows = await session.RowsAsync($"show variables where variable_name in ({names})", ct).ConfigureAwait(false);
        return rows.FirstOrDefault(r => r[1] is "ON" or "1")?[0];
    }

    private async ValueTask AskAsync(IReadOnlyList<string> needed, TableName at, MyTargetTable? there, CancellationToken ct)
    {
        foreach (var right in needed)
        {
            if (!await MayAsync(right, at, there, ct).ConfigureAwait(false)) Lacks(right, at, there);
        }
    }

    private ValueTask<bool> MayAsync(string right, TableName at, MyTargetTable? there, CancellationToken ct) =>
        rights.OnTableAsync(right, at, there?.Columns.FirstOrDefault(c => !c.IsGenerated)?.Name, ct);

    /// <summary>A right on a table that is not there can be given on its database only.</summary>
    private void Lacks(string right, TableName at, MyTargetTable? there)
    {
        if (there is null) missing.Database(at.Schema!, right);
        else missing.Table(at, right);
    }

    private async ValueTask SurroundingsAsync(ProbeTable table, MyTargetTable there, CancellationToken ct)
    {
        // The job's own tables are filled in the order that their keys ask for; rows of a replace come all at once.
        TableName[] filled = [.. request.Tables.Select(t => t.Name)];
        if (table.Write == WriteMode.Replace) MySurroundings.CheckTarget(session.Options, table.Name, there);
        else if (await rights.OnTableAsync("SELECT", there.Name, null, ct).ConfigureAwait(false))
        {
            await MySurroundings.CheckAsync(session, table.Name, there, filled, ct).ConfigureAwait(false);
        }
    }
}
