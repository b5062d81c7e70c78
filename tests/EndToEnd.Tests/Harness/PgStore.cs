using Pawl.Connectors.Tests.Postgres;
using Pawl.EndToEnd.Tests.Crash;

namespace Pawl.EndToEnd.Tests.Harness;

/// <summary>A database of a PostgreSQL server, known through <c>psql</c>. Dropped when disposed.</summary>
internal sealed class PgStore : ServerStore
{
    /// <summary>A value as <see cref="TestStore.Cell"/> wants it.</summary>
    private const string CellFunction = """
        create function pg_temp.cell(x anyelement) returns text language sql immutable as $$ select case
          when x is null then 'NULL'
          when pg_typeof(x) in ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype, 'double precision'::regtype) then x::text
          when pg_typeof(x) = 'bytea'::regtype then 'X''' || upper(substr(x::text, 3)) || ''''
          else '''' || replace(x::text, '''', '''''') || '''' end $$;

        """;

    private PgStore(PgServer server, string database) => (Server, Database) = (server, database);

    public PgServer Server { get; }
    public string Database { get; }

    public override int ServerPort => Server.Port;

    public override string Address =>
        FormattableString.Invariant($"postgres://postgres@127.0.0.1:{Port ?? Server.Port}/{Database}{Query}");

    public static async Task<PgStore> CreateAsync(PgServer server) => new(server, await server.CreateDatabaseAsync());

    public override Task ExecuteAsync(string script) => Server.PsqlAsync(Database, script);

    public override async Task<IReadOnlyList<string[]>> RowsAsync(string script) =>
        [.. (await Server.PsqlAsync(Database, CellFunction + script)).Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Select(r => r.Split('\x1f'))];

    public override string Cell(string sql) => $"pg_temp.cell({sql})";

    public override string LedgerName(string table) => "public." + table;

    public override IReadOnlyList<string> Literals(string position) => PositionText.Postgres(position);

    public override async Task<TargetImage> ReadAsync(IReadOnlyList<CopiedTable> tables)
    {
        string If(string table, string script) =>
            $"select to_regclass('public.{Sqlite3.Name(table)}') is not null as there \\gset\n\\if :there\n{script}\n\\endif\n";
        return Image(await RowsAsync("begin isolation level repeatable read;\n" + If("pawl_plan", LedgerScript)
            + string.Concat(tables.Select(t => If(t.Target, HeldScript(t)))) + "rollback;"));
    }

    /// <summary>A transaction that has written has a number.</summary>
    public override async Task<bool> HoldsTransactionAsync(PawlProcess pawl) => (await Server.RowsAsync("postgres", $"""
        select 1 from pg_stat_activity where datname = '{Database}' and application_name like 'pawl/%' and backend_xid is not null
        """)).Count > 0;

    /// <summary>The database itself: a server's recovery is not Pawl's. What is left of the last run may be ending meanwhile.</summary>
    public override TestStore ToLookAt(Scratch scratch) => this;

    public override async Task<IReadOnlyList<string>> ResidueAsync(IReadOnlyList<CopiedTable> tables)
    {
        var left = new List<string>();
        string[] sessions = [];
        try
        {
            await Until.TrueAsync(async () => (sessions = await SessionsAsync()).Length == 0, "sessions to end", TimeSpan.FromSeconds(60));
        }
        catch (TimeoutException)
        {
            left.AddRange(sessions.Select(s => $"left behind: session {s}"));
        }
        var known = string.Join(", ", tables.Select(t => Sqlite3.Text(t.Target)));
        left.AddRange((await RowsAsync($"""
            select 'transaction', gid from pg_prepared_xacts where database = current_database()
            union all select 'slot', slot_name from pg_replication_slots where database = current_database()
            union all select 'relation', c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
              where c.relkind in ('r', 'v', 'm', 'S', 'f', 'p') and n.nspname !~ '^(pg_|information_schema)'
              and relname not like 'pawl\_%' and relname not in ({known});
            """)).Select(r => $"left behind: {r[0]} {r[1]}"));
        return left;
    }

    /// <summary>Sessions of Pawl in this database, by their application names.</summary>
    public async Task<string[]> SessionsAsync() => [.. await Server.RowsAsync("postgres", $"""
        select application_name || ' pid ' || pid from pg_stat_activity where datname = '{Database}' and application_name like 'pawl/%'
        """)];

    public override async Task<bool> IsInLoadAsync() => (await Server.RowsAsync("postgres", $"""
        select 1 from pg_stat_activity where datname = '{Database}' and application_name like 'pawl/%' and state = 'active'
          and query ilike 'copy % from stdin%' and wait_event = 'ClientRead' and backend_xid is not null
        """)).Count > 0;

    public Task<string> DumpAsync() => Server.DumpAsync(Database);

    /// <summary>Puts a dump in the place of the database; whoever is connected to it is cut off.</summary>
    public async Task RestoreAsync(string dump)
    {
        await Server.ExecuteAsync("postgres", $"drop database {Database} with (force)", $"create database {Database} template template0");
        await Server.PsqlAsync(Database, dump);
    }

    public override Task<long> HeartbeatAgeAsync() =>
        NumberAsync("select (extract(epoch from clock_timestamp()) * 1000)::bigint - heartbeat from pawl_job");

    public override WireProxy Proxy(IReadOnlyList<PlannedFault> faults, bool onlyRows) =>
        new PgWireProxy(Server.Port, faults, onlyRows, IsWaitedForAsync);

    public override async Task<bool> IsWaitedForAsync() => (await Server.RowsAsync("postgres",
        $"select 1 from pg_stat_activity where datname = '{Database}' and wait_event_type = 'Lock'")).Count > 0;

    public override async ValueTask DisposeAsync() => await Server.DropAsync(Database);
}
