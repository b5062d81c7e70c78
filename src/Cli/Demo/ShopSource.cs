using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Pawl.Cli.Demo;

/// <summary>
/// The shop of the demo: customers, orders (twelve columns) and items, made inside SQLite from a seed. <c>items</c> has no key, so that a
/// row written twice would stay and be seen.
/// </summary>
internal static class ShopSource
{
    public const int Customers = 5_000;
    public const int Orders = 200_000;
    public const int Items = 300_000;

    public static readonly IReadOnlyList<string> Tables = ["customers", "orders", "items"];

    /// <summary>Creates the file; it must not be there.</summary>
    public static void Create(string file, long seed)
    {
        using var shop = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Pooling = false }.ToString());
        shop.Open();
        using var command = shop.CreateCommand();
        command.CommandText = Script.Replace("$seed", (seed % 1_000_003).ToString(CultureInfo.InvariantCulture));
        command.ExecuteNonQuery();
    }

    /// <summary>One mixing step per row keeps it quick; the numbers need to look lively, not to be unpredictable.</summary>
    private const string Script = """
        pragma journal_mode = off;
        pragma synchronous = off;
        begin;
        create table customers (id integer primary key, name text not null, email text not null, city text, joined text not null);
        create table orders (
          id integer primary key, customer_id integer not null, number text not null, status text not null, placed_at text not null,
          paid_at text, currency text not null, net_cents integer not null, tax_cents integer not null,
          discount real, note text, signature blob);
        create table items (
          order_id integer not null, line integer not null, sku text not null, quantity integer not null, cents integer not null);
        with recursive
          n(i) as (select 1 union all select i + 1 from n limit 5000),
          r as (select i, (i * 2654435761 + $seed * 40503) >> 4 as h from n)
        insert into customers select i, 'Customer ' || i, 'c' || (h % 1000000) || '@shop.example',
          case h % 5 when 0 then 'Zürich' when 1 then '上海' when 2 then 'São Paulo' when 3 then 'Lagos' end,
          date(1500000000 + h % 200000000, 'unixepoch') from r;
        with recursive
          n(i) as (select 1 union all select i + 1 from n limit 200000),
          r as (select i, (i * 2654435761 + $seed * 40503) >> 4 as h from n)
        insert into orders select i, 1 + h % 5000, 'A-' || (1000000 + i),
          case when h % 11 = 0 then 'cancelled' when h % 3 = 0 then 'paid' else 'shipped' end,
          datetime(1700000000 + i * 37, 'unixepoch'),
          case when h % 11 <> 0 then datetime(1700000000 + i * 37 + h % 86400, 'unixepoch') end,
          case h % 3 when 0 then 'EUR' when 1 then 'CNY' else 'USD' end, h % 50000, (h % 50000) / 5,
          case when h % 7 = 0 then (h % 1000) / 10.0 end, case when h % 13 = 0 then 'gift – 礼物 ' || h end,
          case when h % 4 = 0 then unhex(printf('%012x', h % 281474976710656)) end from r;
        with recursive
          n(i) as (select 0 union all select i + 1 from n limit 300000),
          r as (select i, (i * 2654435761 + $seed * 40503) >> 4 as h from n)
        insert into items select 1 + i / 3, 1 + i % 3, 'SKU-' || (h % 9973), 1 + h % 9, 99 + h % 20000 from r;
        commit;
        """;
}
