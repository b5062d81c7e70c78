using Pawl.Contracts;
using Pawl.Model;
using Pawl.Relational;

namespace Pawl.Connectors.Postgres;

/// <summary>A database as a target: may the job's tables and Pawl's own be made and written, does anything else stand in the way.</summary>
internal sealed class PgProbeTarget
{
    private const string Rights = """
        select n.oid is not null, coalesce(has_schema_privilege(n.oid, 'usage'), false),
            coalesce(has_schema_privilege(n.oid, 'create'), false), c.oid::bigint, c.relkind::text,
            coalesce(has_table_privilege(c.oid, 'select'), false), coalesce(has_table_privilege(c.oid, 'insert'), false),
            coalesce(has_table_privilege(c.oid, 'update'), false), coalesce(has_table_privilege(c.oid, 'delete'), false),
            coalesce(has_table_privilege(c.oid, 'truncate'), false)
        from (select 1) one left join pg_namespace n on n.nspname = $1
        left join pg_class c on c.relnamespace = n.oid and c.relname = $2 and c.relkind not in ('i', 'I', 't')
        """;

    private const string OfTheRole = """
        select has_database_privilege(current_database(), 'create'), has_database_privilege(current_database(), 'temporary'),
            pg_has_role('pg_signal_backend', 'member'), rolsuper from pg_roles where rolname = current_user
        """;

    private readonly PgSession session;
    private readonly ProbeRequest request;
    private readonly PgServerFacts server;
    private readonly PgGrants grants;
    private readonly PgGrants restart;
    private readonly List<ProbeFinding> findings = [];

    private PgProbeTarget(PgSession session, ProbeRequest request, PgServerFacts server) =>
        (this.session, this.request, this.server, grants, restart) =
        (session, request, server, new PgGrants(server.User), new PgGrants(server.User));

    public static async ValueTask<IReadOnlyList<ProbeFinding>> LookAsync(PgLook look, PgServerFacts server, CancellationToken ct)
    {
        await using var session = await PgSession.OpenAsync(look.At, PgRole.Look, PgConnections.ProcessRunner,
            PgDatabase.DialectOf(look.At), ct).ConfigureAwait(false);
        return await new PgProbeTarget(session, look.Request, server).RunAsync(ct).ConfigureAwait(false);
    }

    private async ValueTask<IReadOnlyList<ProbeFinding>> RunAsync(CancellationToken ct)
    {
        var role = (await session.QueryAsync(OfTheRole, ct).ConfigureAwait(false))[0];
        await ControlAsync((bool)role[0]!, ct).ConfigureAwait(false);
        foreach (var table in request.Tables) await TableAsync(table, (bool)role[0]!, ct).ConfigureAwait(false);
        if (request.Tables.Any(t => t.Write == WriteMode.Upsert) && role[1] is false)
        {
            grants.Add("TEMPORARY", "DATABASE", PgNames.Quote(server.Database), server.Database);
        }
        var skips = session.Options.Triggers == PgTriggers.Skip;
        if (skips && server.Number < 150_000 && role[3] is false)
        {
            findings.Add(ProbeFinding.Broken(Fault.Permission, FindingCodes.RightMissing, ("right", "SUPERUSER"), ("kind", "parameter"),
                ("on", "session_replication_role")));
        }
        else if (skips && server.Number >= 150_000 && (await session.QueryAsync(
            "select has_parameter_privilege('session_replication_role', 'set')", ct).ConfigureAwait(false))[0][0] is false)
        {
            grants.Add("SET", "PARAMETER", "session_replication_role", "session_replication_role");
        }
        if (grants.IsEmpty) findings.Insert(0, ProbeFinding.Good(FindingCodes.RightsWrite, ("tables", request.Tables.Count)));
        else findings.InsertRange(0, grants.Findings(needed: true));
        findings.AddRange(restart.Wanted(FindingCodes.RightRestart));
        if (role[2] is false && role[3] is false)
        {
            findings.Add(ProbeFinding.Note(FindingCodes.RightTakeOver, ("right", "pg_signal_backend")) with
            {
                Mend = [$"GRANT pg_signal_backend TO {grants.Role};"],
            });
        }
        return findings;
    }

    /// <summary>Pawl's own tables: used where they are, else made.</summary>
    private async ValueTask ControlAsync(bool mayCreateSchemas, CancellationToken ct)
    {
        var schema = session.Options.ControlSchema;
        foreach (var table in ControlTables.All)
        {
            var at = new TableName(schema, table.Name);
            var there = await FindAsync(at, ct).ConfigureAwait(false);
            if (there.Oid is null) Make(there, schema, mayCreateSchemas);
            else Use(there, at, ["SELECT", "INSERT", "UPDATE", "DELETE"]);
        }
    }

    private async ValueTask TableAsync(ProbeTable table, bool mayCreateSchemas, CancellationToken ct)
    {
        var name = table.Name with { Schema = table.Name.Schema ?? PgNames.DefaultSchema };
        var there = await FindAsync(name, ct).ConfigureAwait(false);
        if (there.Oid is null && table.Create) Make(there, name.Schema!, mayCreateSchemas);
        else if (there.Oid is null || there.Kind is not ("r" or "p"))
        {
            findings.Add(ProbeFinding.Of(new PawlException(Fault.Configuration, Codes.TargetTableMissing, ("target", name),
                ("there", there.Kind))));
        }
        else
        {
            Use(there, name, table.Write switch
            {
                WriteMode.Upsert => ["SELECT", "INSERT", "UPDATE"],
                WriteMode.Replace => ["SELECT", "INSERT", "UPDATE", "DELETE"],
                _ => ["SELECT", "INSERT"],
            });
            // Its staging table is made beside it.
            if (table.Write == WriteMode.Replace && !there.Create) grants.Schema(name.Schema!, "CREATE");
            // An upsert begun anew writes over the rows, and an append adds to those of others: neither removes any.
            var empties = table.Write == WriteMode.Insert;
            if (empties && !there.Rights.Contains("DELETE") && !there.Rights.Contains("TRUNCATE")) restart.Table(name, "DELETE");
            await SequencesAsync(there.Oid.Value, ct).ConfigureAwait(false);
            await SurroundingsAsync(name, table.Write, ct).ConfigureAwait(false);
        }
    }

    /// <summary>Those that are moved on after the rows.</summary>
    private async ValueTask SequencesAsync(long table, CancellationToken ct)
    {
        foreach (var one in await PgSequences.FindAsync(session, table, ct).ConfigureAwait(false))
        {
            if (!one.IsSchemaUsable) grants.Schema(one.Schema, "USAGE");
            if (!one.IsReadable) grants.Add("SELECT", "SEQUENCE", one.Quoted, one.Shown);
            if (!one.IsMovable) grants.Add("UPDATE", "SEQUENCE", one.Quoted, one.Shown);
        }
    }

    private async ValueTask SurroundingsAsync(TableName name, WriteMode write, CancellationToken ct)
    {
        try
        {
            if (await PgTarget.FindAsync(session, name, ct).ConfigureAwait(false) is { } target)
            {
                // The job's own tables are filled in the order that their keys ask for; rows of a replace come all at once.
                TableName[] filled = [.. request.Tables.Select(t => t.Name)];
                if (write == WriteMode.Replace) PgSurroundings.CheckTarget(session.Options, name, target);
                else await PgSurroundings.CheckAsync(session, name, target, filled, ct).ConfigureAwait(false);
            }
        }
        catch (PawlException e) when (e.Fault is Fault.Configuration or Fault.Permission)
        {
            findings.Add(ProbeFinding.Of(e));
        }
    }

    private void Make(Found there, string schema, bool mayCreateSchemas)
    {
        if (!there.Schema)
        {
            if (!mayCreateSchemas) grants.Add("CREATE", "DATABASE", PgNames.Quote(server.Database), server.Database);
            return;
        }
        if (!there.Usage) grants.Schema(schema, "USAGE");
        if (!there.Create) grants.Schema(schema, "CREATE");
    }

    private void Use(Found there, TableName table, string[] rights)
    {
        if (!there.Usage) grants.Schema(table.Schema!, "USAGE");
        foreach (var right in rights.Except(there.Rights)) grants.Table(table, right);
    }

    private async ValueTask<Found> FindAsync(TableName table, CancellationToken ct)
    {
        var row = (await session.QueryAsync(Rights, ct, table.Schema!, table.Name).ConfigureAwait(false))[0];
        string[] rights = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"];
        return new Found((bool)row[0]!, (bool)row[1]!, (bool)row[2]!, (long?)row[3], (string?)row[4],
            [.. rights.Where((_, i) => row[5 + i] is true)]);
    }

    /// <param name="Schema">There is such a schema.</param>
    /// <param name="Oid">Of the table; null = there is none.</param>
    /// <param name="Kind">pg_class.relkind.</param>
    private sealed record Found(bool Schema, bool Usage, bool Create, long? Oid, string? Kind, IReadOnlyList<string> Rights);
}
