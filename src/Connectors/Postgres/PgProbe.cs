using System.Globalization;
using Npgsql;
using Pawl.Contracts;
using Pawl.Model;

namespace Pawl.Connectors.Postgres;

/// <summary>Looks at a database without changing it. Reports what it finds; throws for nothing that can be found.</summary>
internal static class PgProbe
{
    private const string Look = """
        select current_setting('server_version'), current_setting('server_version_num')::int4,
            current_setting('server_encoding'), (select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
                where c.relkind in ('r', 'p') and not c.relispartition and n.nspname not in ('pg_catalog', 'information_schema')
                    and n.nspname !~ '^pg_(toast|temp)'),
            pg_is_in_recovery(), current_setting('wal_level'), (select timeline_id from pg_control_checkpoint()),
            has_database_privilege(current_database(), 'create'), current_user::text, current_database()::text,
            current_setting('fsync'), (select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
                where c.relkind = 'r' and c.reltuples < 0 and pg_relation_size(c.oid) > 1000000
                    and n.nspname not in ('pg_catalog', 'information_schema'))
        """;

    private const string Unreadable = """
        select format('%I.%I', n.nspname, c.relname), has_schema_privilege(n.oid, 'usage'), format('%I', n.nspname)
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p') and not c.relispartition and n.nspname not in ('pg_catalog', 'information_schema')
            and n.nspname !~ '^pg_(toast|temp)' and not (has_schema_privilege(n.oid, 'usage') and has_any_column_privilege(c.oid, 'select'))
        order by 1 limit 20
        """;

    public static async ValueTask<ProbeReport> LookAsync(Endpoint endpoint, CancellationToken ct)
    {
        // A server that lets us in answers, even where it then refuses to tell everything.
        var isReached = false;
        try
        {
            var at = PgOptions.Parse(endpoint);
            await using var connection = await PgConnections.OpenAsync(at, PgRole.Look, ct).ConfigureAwait(false);
            isReached = true;
            return await ReportAsync(connection, ct).ConfigureAwait(false);
        }
        catch (PawlException e)
        {
            return new ProbeReport(isReached, "PostgreSQL", [new ProbeFinding(false, e.Details.GetValueOrDefault("cause") ?? e.Code,
                e.Details.GetValueOrDefault("grant") ?? $"pawl explain {e.Code}")]);
        }
        catch (NpgsqlException e)
        {
            return new ProbeReport(isReached && e is PostgresException, "PostgreSQL", [new ProbeFinding(false, e.Message,
                "pawl doctor, when the server answers again")]);
        }
    }

    private static async ValueTask<ProbeReport> ReportAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var findings = new List<ProbeFinding>();
        string product, role;
        await using (var look = new NpgsqlCommand(Look, connection))
        await using (var row = await look.ExecuteReaderAsync(ct).ConfigureAwait(false))
        {
            await row.ReadAsync(ct).ConfigureAwait(false);
            product = $"PostgreSQL {row.GetString(0)}";
            role = PgNames.Quote(row.GetString(8));
            findings.Add(row.GetInt32(1) >= 140_000 ? new ProbeFinding(true, product)
                : new ProbeFinding(false, $"{product} is older than 14", "use a server of version 14 or later"));
            findings.Add(new ProbeFinding(true, string.Create(CultureInfo.InvariantCulture,
                $"database {row.GetString(9)}: {row.GetInt64(3)} tables, timeline {row.GetInt32(6)}")));
            findings.Add(row.GetString(2) is "UTF8" ? new ProbeFinding(true, "encoding UTF8")
                : new ProbeFinding(row.GetString(2) != "SQL_ASCII", $"encoding {row.GetString(2)}", row.GetString(2) == "SQL_ASCII"
                    ? "texts that are not UTF-8 cannot be keys or go into other systems; convert the database" : null));
            findings.Add(row.GetBoolean(4) ? new ProbeFinding(true, "a standby: a source, never a target")
                : new ProbeFinding(true, "a primary"));
            findings.Add(new ProbeFinding(true, $"wal_level {row.GetString(5)}"));
            findings.Add(new ProbeFinding(true, row.GetBoolean(7) ? "may create schemas here"
                : $"may not create schemas here; as a target: GRANT CREATE ON DATABASE {PgNames.Quote(row.GetString(9))} TO {role}"));
            if (row.GetString(10) != "on")
            {
                findings.Add(new ProbeFinding(false, "fsync is off: a crash of the server loses committed rows", "set fsync = on"));
            }
            if (row.GetInt64(11) is > 0 and var unknown)
            {
                findings.Add(new ProbeFinding(true, string.Create(CultureInfo.InvariantCulture,
                    $"{unknown} larger tables have no statistics; ANALYZE makes even splits")));
            }
        }
        await using var rights = new NpgsqlCommand(Unreadable, connection);
        await using var rows = await rights.ExecuteReaderAsync(ct).ConfigureAwait(false);
        while (await rows.ReadAsync(ct).ConfigureAwait(false))
        {
            findings.Add(new ProbeFinding(false, $"table {rows.GetString(0)} may not be read", rows.GetBoolean(1)
                ? $"GRANT SELECT ON TABLE {rows.GetString(0)} TO {role}"
                : $"GRANT USAGE ON SCHEMA {rows.GetString(2)} TO {role}; GRANT SELECT ON TABLE {rows.GetString(0)} TO {role}"));
        }
        return new ProbeReport(true, product, findings);
    }
}
