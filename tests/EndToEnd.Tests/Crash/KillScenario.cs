using Pawl.EndToEnd.Tests.Harness;

namespace Pawl.EndToEnd.Tests.Crash;

internal enum StoreKind { Sqlite, Postgres15, Postgres18, MariaDb }

/// <summary>A job to be killed: its source, its job file, what should come out.</summary>
internal sealed record KillScenario
{
    public required string Name { get; init; }
    /// <summary>SQL that makes and fills the source.</summary>
    public required string Source { get; init; }
    /// <summary>The <c>tables:</c> part of the job file; <c>$source</c> stands for the source's schema or database.</summary>
    public required string Tables { get; init; }
    public required IReadOnlyList<CopiedTable> Copies { get; init; }
    /// <summary>What kind of database is at either end.</summary>
    public StoreKind From { get; init; } = StoreKind.Sqlite;
    public StoreKind To { get; init; } = StoreKind.Sqlite;
    /// <summary>Options of the target's address, <c>name=value&amp;…</c>; null = none.</summary>
    public string? TargetOptions { get; init; }
    /// <summary>SQL that makes the target before the first run; null = Pawl makes it.</summary>
    public string? Target { get; init; }
    /// <summary>Rows per commit.</summary>
    public int CommitRows { get; init; } = 100;

    /// <summary>How failures are retried, as in the job file.</summary>
    public string Retry { get; init; } = "{}";

    /// <summary>Target tables have no unique key, so a row written twice stays twice.</summary>
    public required bool DoublesWouldShow { get; init; }

    public string Job(TestStore source, TestStore target) => $$"""
        version: 1
        name: crash
        source: {{source.Address}}
        target: {{target.Address}}
        defaults: {commit: {rows: {{CommitRows}} }, on_error: {retry: {{Retry}} } }
        tables:
        {{string.Join("\n", Tables.Replace("$source.", source.LedgerName("")).Split('\n').Select(l => "  " + l))}}
        """;

    /// <summary>The same job with the first of its tables alone.</summary>
    public KillScenario FirstTable() => this with
    {
        Tables = string.Join("\n", Tables.Split('\n').TakeWhile((line, i) => i == 0 || line.StartsWith(' '))),
        Copies = [Copies[0]],
        Target = Target is null ? null : Target.Split(';')[0] + ";",
    };

    /// <summary>Numbers 1..n as a table <c>n(i)</c> for the statement that follows.</summary>
    private static string Numbers(int n) => $"with recursive n(i) as (select 1 union all select i + 1 from n where i < {n}) ";

    /// <summary>
    /// A key-less log with equal rows, gaps in its row numbers, every storage class; and one with renamed, constant and filtered columns.
    /// </summary>
    public static KillScenario Keyless(int rows, int splits) => new()
    {
        Name = $"keyless-{splits}",
        DoublesWouldShow = true,
        Source = $"""
            create table events(kind text, at integer, amount real, body blob);
            insert into events(rowid, kind, at, amount, body) {Numbers(rows)}
              select i * 7 - 20, case when i % 5 = 0 then null else 'kind ' || (i % 11) end,
              case when i % 97 = 0 then 'late' else i / 3 end,
              i / 7.0, case when i % 3 = 0 then x'00ff' end from n;
            insert into events select 'same', 1, 1.5, null from (select 1 from events limit 500);
            create table "page views"(path text, visitor text, ms integer, note text);
            insert into "page views" {Numbers(rows)} select '/p/' || (i % 40), 'v' || (i * 7919 % 1000), i % 300, 'x' from n;
            create table hollow(a integer, b text);
            """,
        Tables = $$"""
            events: {splits: {{splits}} }
            page views:
              target: views
              transform: {where: "ms >= 30", rename: {path: url}, drop: [note], set: {origin: web, version: 2} }
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
                Columns = [("url", "path"), ("visitor", "visitor"), ("ms", "ms"), ("origin", "'web'"), ("version", "2")],
            },
            CopiedTable.Plain("hollow", ["rowid"], "a", "b"),
        ],
    };

    /// <summary>Integer keys, text keys without regard to case, and WITHOUT ROWID.</summary>
    /// <param name="bareTarget">The target's tables stand ready without any key.</param>
    public static KillScenario Keyed(int rows, int splits, bool bareTarget) => new()
    {
        Name = $"keyed-{splits}{(bareTarget ? "-bare" : "")}",
        DoublesWouldShow = bareTarget,
        Source = $"""
            create table orders(id integer primary key, customer integer not null, total numeric, state text, placed text);
            insert into orders {Numbers(rows)} select case when i % 2 = 0 then i * 1000003 else -i end,
              i % 97, i * 1.25, 'new', '2026-01-' || (i % 28) from n;
            create table codes(region text collate nocase not null, code text collate nocase not null, title text,
              primary key(region, code));
            insert into codes {Numbers(rows)} select case i % 3 when 0 then 'North' when 1 then 'SOUTH' else 'it''s, \ a' end,
              case when i % 2 = 0 then 'C' else 'c' end || i, 'title ' || i from n;
            create table stock(sku text not null, place integer not null, pieces integer, primary key(place, sku)) without rowid;
            insert into stock {Numbers(rows)} select 'sku-' || (i * 7919 % 100003), i % 7, i from n;
            """,
        Tables = $$"""
            orders:
              splits: {{splits}}
              transform: {where: "customer <> 13", set: {state: copied} }
            codes: {splits: {{splits}} }
            stock: {}
            """,
        Target = !bareTarget ? null : """
            create table orders(id integer, customer integer, total numeric, state text, placed text);
            create table codes(region text, code text, title text);
            create table stock(sku text, place integer, pieces integer);
            """,
        Copies =
        [
            new CopiedTable
            {
                Source = "orders",
                Target = "orders",
                Key = ["id"],
                Where = "customer <> 13",
                Columns = [("id", "id"), ("customer", "customer"), ("total", "total"), ("state", "'copied'"), ("placed", "placed")],
            },
            CopiedTable.Plain("codes", ["region", "code"], "region", "code", "title"),
            CopiedTable.Plain("stock", ["place", "sku"], "sku", "place", "pieces"),
        ],
    };

    /// <summary>Those of the campaigns; half and more write into tables where a double would stay.</summary>
    public static IReadOnlyList<KillScenario> All(int rows) =>
        [Keyless(rows, 1), Keyed(rows, 1, bareTarget: false), Keyless(rows, 4), Keyed(rows, 3, bareTarget: true)];
}
