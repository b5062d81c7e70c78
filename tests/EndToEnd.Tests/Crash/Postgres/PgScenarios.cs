using Pawl.EndToEnd.Tests.Harness;

namespace Pawl.EndToEnd.Tests.Crash.Postgres;

/// <summary>Jobs with PostgreSQL at one end or both. Of each pair's two, one writes into tables without any unique key.</summary>
internal static class PgScenarios
{
    public const string PgToPg = "PG → PG", SqliteToPg = "SQLite → PG", PgToSqlite = "PG → SQLite";
    public static readonly IReadOnlyList<string> Pairs = [PgToPg, SqliteToPg, PgToSqlite];

    /// <summary>Two servers of different versions.</summary>
    private const StoreKind Old = StoreKind.Postgres15, New = StoreKind.Postgres18;

    private static readonly string[] Orders = ["id", "customer", "total", "state", "placed", "seen", "body"];

    public static IReadOnlyList<KillScenario> Of(string pair, int rows) => pair switch
    {
        PgToPg => [FromPg("pg-pg", New, rows, bare: false), FromPg("pg-pg-bare", New, rows, bare: true)],
        PgToSqlite => 
        [
            FromPg("pg-sqlite", StoreKind.Sqlite, rows, bare: false), FromPg("pg-sqlite-bare", StoreKind.Sqlite, rows, bare: true),
        ],
        _ => [FromSqlite("sqlite-pg", rows), FromSqliteKeyless("sqlite-pg-keyless", rows)],
    };

    /// <summary>A whole number as a key, a composite one of texts, and an empty table.</summary>
    /// <param name="bare">The target's tables stand ready without any key; else Pawl makes them.</param>
    private static KillScenario FromPg(string name, StoreKind to, int rows, bool bare) => new()
    {
        Name = name,
        From = Old,
        To = to,
        DoublesWouldShow = bare,
        Source = $"""
            create table orders(id bigint primary key, customer int not null, total numeric(12,2), state text, placed date,
              seen timestamptz, body bytea);
            insert into orders select case when i % 2 = 0 then i * 1000003::bigint else -i end, i % 97, i * 1.25, 'new',
              date '2026-01-01' + i % 400, timestamptz '2026-01-02 03:04:05Z' + i * interval '1 s',
              case when i % 3 = 0 then '\x00ff'::bytea end from generate_series(1, {rows}) i;
            create table codes(region text, code text, title text, primary key (region, code));
            insert into codes select case i % 3 when 0 then 'North' when 1 then 'SOUTH' else 'it''s, \ "ä"' end,
              case when i % 2 = 0 then 'C' else 'c' end || i, nullif('title ' || i, 'title 7') from generate_series(1, {rows}) i;
            create table hollow(a int primary key, b text);
            analyze;
            """,
        Target = !bare ? null : to == StoreKind.Sqlite
            ? """
            create table orders(id integer, customer integer, total text, state text, placed text, seen text, body blob);
            create table codes(region text, code text, title text);
            create table hollow(a integer, b text);
            """
            : """
            create table orders(id bigint, customer int, total numeric(12,2), state text, placed date, seen timestamptz, body bytea);
            create table codes(region text, code text, title text);
            create table hollow(a int, b text);
            """,
        Tables = $$"""
            public.orders:
              target: orders
              splits: {{(bare ? 3 : 1)}}
              transform: {where: "customer <> 13", set: {state: copied} }
            public.codes: {target: codes, splits: {{(bare ? 2 : 1)}}, write: {{(bare ? "insert" : "upsert")}} }
            public.hollow: {target: hollow}
            """,
        Copies =
        [
            new CopiedTable
            {
                Source = "orders",
                Target = "orders",
                Key = ["id"],
                Where = "customer <> 13",
                Columns = [.. Orders.Select(c => (c, c switch
                {
                    "state" => "'copied'::text",
                    "seen" when to == StoreKind.Sqlite => "to_char(seen at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
                    _ => c,
                }))],
            },
            CopiedTable.Plain("codes", ["region", "code"], "region", "code", "title"),
            CopiedTable.Plain("hollow", ["a"], "a", "b"),
        ],
    };

    private static string Numbers(int n) => $"with recursive n(i) as (select 1 union all select i + 1 from n where i < {n}) ";

    /// <summary>Keys before the rows, so that a row that comes twice is refused at once.</summary>
    private static KillScenario FromSqlite(string name, int rows) => new()
    {
        Name = name,
        To = Old,
        TargetOptions = "keys=before",
        DoublesWouldShow = false,
        Source = $"""
            create table orders(id integer primary key, customer integer not null, amount real, note text, body blob);
            insert into orders {Numbers(rows)} select i * 1000003, i % 97, i + 0.125, 'it''s, \ "ä" ' || i,
              case when i % 3 = 0 then x'00ff' end from n;
            create table codes(region text not null, code text not null, title text, primary key(region, code));
            insert into codes {Numbers(rows)} select 'r' || (i % 5), 'c' || i, nullif('title ' || i, 'title 7') from n;
            create table hollow(a integer primary key, b text);
            """,
        Tables = """
            orders:
              splits: 3
              transform: {where: "customer <> 13", set: {origin: web} }
            codes: {}
            hollow: {}
            """,
        Copies =
        [
            new CopiedTable
            {
                Source = "orders",
                Target = "orders",
                Key = ["id"],
                Where = "customer <> 13",
                Columns = [.. new[] { "id", "customer", "amount", "note", "body" }.Select(c => (c, c)), ("origin", "'web'")],
            },
            CopiedTable.Plain("codes", ["region", "code"], "region", "code", "title"),
            CopiedTable.Plain("hollow", ["a"], "a", "b"),
        ],
    };

    /// <summary>Logs without a key, with equal rows and gaps in their row numbers; Pawl makes the tables.</summary>
    private static KillScenario FromSqliteKeyless(string name, int rows) => new()
    {
        Name = name,
        To = Old,
        DoublesWouldShow = true,
        Source = $"""
            create table events(kind text, at integer, amount real, body blob);
            insert into events(rowid, kind, at, amount, body) {Numbers(rows)}
              select i * 7 - 20, case when i % 5 = 0 then null else 'kind ' || (i % 11) end, i / 3, i + 0.5,
              case when i % 3 = 0 then x'00ff' end from n;
            insert into events select 'same', 1, 1.5, null from (select 1 from events limit 500);
            create table "page views"(path text, visitor text, ms integer, note text);
            insert into "page views" {Numbers(rows)} select '/p/' || (i % 40), 'v' || (i * 7919 % 1000), i % 300, 'x' from n;
            create table hollow(a integer, b text);
            """,
        Tables = """
            events: {splits: 3}
            page views:
              target: views
              transform: {where: "ms >= 30", rename: {path: url}, drop: [note], set: {version: 2} }
            hollow: {}
            """,
        Copies =
        [
            CopiedTable.Plain("events", ["rowid"], "kind", "at", "amount", "body"),
            new CopiedTable
            {
                Source = "page views",
                Target = "views",
                Key = ["rowid"],
                Where = "ms >= 30",
                Columns = [("url", "path"), ("visitor", "visitor"), ("ms", "ms"), ("version", "2")],
            },
            CopiedTable.Plain("hollow", ["rowid"], "a", "b"),
        ],
    };
}

/// <summary>The sources of all pairs.</summary>
public abstract class PgSources : PairSources
{
    private protected PgSources(int rows) : base(PgScenarios.Pairs, PgScenarios.Of, rows)
    {
    }
}

/// <summary>Enough rows for a kill to meet a copy half-way.</summary>
public sealed class PgKillSources() : PgSources(3_000);

/// <summary>Enough rows for some commits, where commits are counted and not timed.</summary>
public sealed class PgSmallSources() : PgSources(NumberOfRows)
{
    internal const int NumberOfRows = 1_000;
}
