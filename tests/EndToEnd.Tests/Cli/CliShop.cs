using Pawl.EndToEnd.Tests.Harness;

namespace Pawl.EndToEnd.Tests.Cli;

/// <summary>A small source, its job file and the program, in a folder of its own.</summary>
internal sealed class CliShop : IDisposable
{
    private readonly Scratch scratch = new();

    public Scratch At => scratch;
    public string Source => scratch.At("shop.db");
    public string Target => scratch.At("copy.db");

    /// <param name="rows">Rows of orders; customers has a tenth of them, at least one.</param>
    /// <param name="commitRows">Rows per commit; 1 makes a run that lasts.</param>
    public static async Task<CliShop> CreateAsync(int rows = 1_000, int commitRows = 500)
    {
        var shop = new CliShop();
        await Sqlite3.RunAsync(shop.Source, $"""
            create table customers (id integer primary key, name text not null);
            create table orders (id integer primary key, customer integer not null, cents integer not null, note text);
            with recursive n(i) as (select 1 union all select i + 1 from n limit {Math.Max(1, rows / 10)})
              insert into customers select i, 'customer ' || i from n;
            with recursive n(i) as (select 1 union all select i + 1 from n limit {rows})
              insert into orders select i, 1 + i % 10, i * 7, case when i % 3 = 0 then 'note ' || i end from n;
            """);
        shop.WriteJob(commitRows);
        return shop;
    }

    public void WriteJob(int commitRows, string more = "") => scratch.Write("job.yaml", $$"""
        version: 1
        name: shop
        source: sqlite:shop.db
        target: sqlite:copy.db
        tables:
          customers: {}
          orders: {}
        defaults: {commit: {rows: {{commitRows}}} }
        {{more}}
        """);

    public Task<PawlExit> RunAsync(params string[] words) => PawlProcess.RunAsync(scratch, words);

    public PawlProcess Start(params string[] words) => PawlProcess.Start(scratch, words);

    /// <summary>Returns when the target holds at least so many rows of orders.</summary>
    public async Task ReachedAsync(PawlProcess process, int rows)
    {
        while (!process.HasExited)
        {
            if (File.Exists(Target) && await Sqlite3.NumberAsync(Target, "select count(*) from sqlite_master where name = 'orders'") == 1
                && await Sqlite3.NumberAsync(Target, "select count(*) from orders") >= rows) return;
        }
        throw new InvalidOperationException($"pawl ended before {rows} rows were there: {await process.WaitAsync()}");
    }

    /// <summary>Rows of the source that the target lacks or holds otherwise, and the other way round.</summary>
    public async Task<long> DifferencesAsync() => await Sqlite3.NumberAsync(Target, $"""
        attach {Sqlite3.Text(Source)} as s;
        select (select count(*) from (select * from s.orders except select * from main.orders))
          + (select count(*) from (select * from main.orders except select * from s.orders))
          + (select count(*) from (select * from s.customers except select * from main.customers))
          + abs((select count(*) from s.orders) - (select count(*) from main.orders))
        """);

    public void Dispose() => scratch.Dispose();
}
