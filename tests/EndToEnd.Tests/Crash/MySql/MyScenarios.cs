using Pawl.EndToEnd.Tests.Harness;

namespace Pawl.EndToEnd.Tests.Crash.MySql;

/// <summary>Jobs with MariaDB at one end or both. Of each pair's two, one writes into tables without any unique key.</summary>
internal static class MyScenarios
{
    public const string MariaToPg = "MariaDB → PG", PgToMaria = "PG → MariaDB", MariaToMaria = "MariaDB → MariaDB",
        SqliteToMaria = "SQLite → MariaDB";
    public static readonly IReadOnlyList<string> Pairs = [MariaToMaria, MariaToPg, PgToMaria, SqliteToMaria];

    private static readonly string[] Orders = ["id", "customer", "total", "state", "placed", "seen", "body"];

    public static IReadOnlyList<KillScenario> Of(string pair, int rows) => pair switch
    {
        MariaToMaria => [FromMaria("maria-maria", rows, bare: false), FromMaria("maria-maria-bare", rows, bare: true)],
        MariaToPg =>
        [
            FromMaria("maria-pg", rows, bare: false, StoreKind.Postgres15),
            FromMaria("maria-pg-bare", rows, bare: true, StoreKind.Postgres15),
        ],
        PgToMaria => [FromPg("pg-maria", rows, bare: false), FromPg("pg-maria-bare", rows, bare: true)],
        _ => [FromSqlite("sqlite-maria", rows), FromSqliteKeyless("sqlite-maria-keyless", rows)],
    };

    /// <summary>A whole number as a key, a composite one of texts that are compared without regard to case, and an empty table.</summary>
    /// <param name="bare">The target's tables stand ready without any key; else Pawl makes them.</param>
    private static KillScenario FromMaria(string name, int rows, bool bare, StoreKind to = StoreKind.MariaDb) => new()
    {
        Name = name,
        From = StoreKind.MariaDb,
        To = to,
        DoublesWouldShow = bare,
        Source = $"""
            create table orders(id bigint primary key, customer int not null, total decimal(12,2), state varchar(20), placed date,
              seen datetime, body varbinary(9));
            insert into orders select case when seq % 2 = 0 then seq * 1000003 else -seq end, seq % 97, seq * 1.25, 'new',
              '2026-01-01' + interval seq % 400 day, '2026-01-02 03:04:05' + interval seq second,
              case when seq % 3 = 0 then x'00ff' end from seq_1_to_{rows};
            create table codes(region varchar(20), code varchar(20), title text, primary key (region, code))
              character set utf8mb4 collate utf8mb4_general_ci;
            insert into codes select case seq % 3 when 0 then 'North' when 1 then 'SOUTH' else 'it''s, \ "ä"' end,
              case when seq % 2 = 0 then 'C' else 'c' end || seq, nullif('title ' || seq, 'title 7') from seq_1_to_{rows};
            create table hollow(a int primary key, b text);
            """,
        Target = bare ? Bare(to == StoreKind.MariaDb) : null,
        Tables = Tables(bare),
        Copies = Copies(c => c == "state" ? "'copied'" : c),
    };

    private static KillScenario FromPg(string name, int rows, bool bare) => new()
    {
        Name = name,
        From = StoreKind.Postgres15,
        To = StoreKind.MariaDb,
        DoublesWouldShow = bare,
        Source = $"""
            create table orders(id bigint primary key, customer int not null, total numeric(12,2), state text, placed date,
              seen timestamptz, body bytea);
            insert into orders select case when i % 2 = 0 then i * 1000003::bigint else -i end, i % 97, i * 1.25, 'new',
              date '2026-01-01' + i % 400, timestamptz '2026-01-02 03:04:05Z' + i * interval '1 s',
              case when i % 3 = 0 then '\x00ff'::bytea end from generate_series(1, {rows}) i;
            create table codes(region varchar(20), code varchar(20), title text, primary key (region, code));
            insert into codes select case i % 3 when 0 then 'North' when 1 then 'SOUTH' else 'it''s, \ "ä"' end,
              case when i % 2 = 0 then 'C' else 'c' end || i, nullif('title ' || i, 'title 7') from generate_series(1, {rows}) i;
            create table hollow(a int primary key, b text);
            analyze;
            """,
        Target = bare ? Bare(true).Replace("seen datetime", "seen timestamp(6) null", StringComparison.Ordinal) : null,
        Tables = Tables(bare),
        Copies = Copies(c => c switch
        {
            "state" => "'copied'::text",
            "seen" => "to_char(seen at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')",
            _ => c,
        }),
    };

    private static string Bare(bool maria) => $"""
        create table orders(id bigint, customer int, total decimal(12,2), state {(maria ? "longtext" : "text")}, placed date,
          seen {(maria ? "datetime" : "timestamp")}, body {(maria ? "longblob" : "bytea")});
        create table codes(region {(maria ? "varchar(20)" : "text")}, code {(maria ? "varchar(20)" : "text")},
          title {(maria ? "longtext" : "text")});
        create table hollow(a int, b {(maria ? "longtext" : "text")});
        """;

    private static string Tables(bool bare) => $$"""
        $source.orders:
          target: orders
          splits: {{(bare ? 3 : 1)}}
          transform: {where: "customer <> 13", set: {state: copied} }
        $source.codes: {target: codes, splits: {{(bare ? 2 : 1)}}, write: {{(bare ? "insert" : "upsert")}} }
        $source.hollow: {target: hollow}
        """;

    private static IReadOnlyList<CopiedTable> Copies(Func<string, string> read) =>
    [
        new CopiedTable
        {
            Source = "orders",
            Target = "orders",
            Key = ["id"],
            Where = "customer <> 13",
            Columns = [.. Orders.Select(c => (c, read(c)))],
        },
        CopiedTable.Plain("codes", ["region", "code"], "region", "code", "title"),
        CopiedTable.Plain("hollow", ["a"], "a", "b"),
    ];

    private static string Numbers(int n) => $"with recursive n(i) as (select 1 union all select i + 1 from n where i < {n}) ";

    /// <summary>Keys before the rows, as a MariaDB target has them, so that a row that comes twice is refused at once.</summary>
    private static KillScenario FromSqlite(string name, int rows) => new()
    {
        Name = name,
        To = StoreKind.MariaDb,
        // Rows go another way than from the other sources.
        TargetOptions = "bulk=off",
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
        To = StoreKind.MariaDb,
        DoublesWouldShow = true,
        Source = $"""
            create table events(kind text, at integer, amount real, body blob);
            insert into events(rowid, kind, at, amount, body) {Numbers(rows)}
              select i * 7 - 20, case when i % 5 = 0 then null else 'kind ' || (i % 11) end, i / 3, i + 0.5,
              case when i % 3 = 0 then x'00ff' end from n;
            insert into events select 'same', 1, 1.5, null from (select 1 from events limit 500);
            create table visits(path text, ms integer);
            insert into visits {Numbers(rows)} select '/p/' || (i % 40), i % 300 from n;
            create table hollow(a integer, b text);
            """,
        Tables = """
            events: {splits: 3}
            visits: {}
            hollow: {}
            """,
        Copies =
        [
            CopiedTable.Plain("events", ["rowid"], "kind", "at", "amount", "body"),
            CopiedTable.Plain("visits", ["rowid"], "path", "ms"),
            CopiedTable.Plain("hollow", ["rowid"], "a", "b"),
        ],
    };
}

/// <summary>The sources of all pairs.</summary>
public abstract class MySources : PairSources
{
    private protected MySources(int rows) : base(MyScenarios.Pairs, MyScenarios.Of, rows)
    {
    }
}

/// <summary>Enough rows for a kill to meet a copy half-way.</summary>
public sealed class MyKillSources() : MySources(3_000);

/// <summary>Enough rows for some commits, where commits are counted and not timed.</summary>
public sealed class MySmallSources() : MySources(NumberOfRows)
{
    internal const int NumberOfRows = 1_000;
}
