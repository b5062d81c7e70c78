-- A small shop, the same at every run:  sqlite3 shop.db < shop.sql
-- 500 customers, 5 000 orders, 12 500 items, and a table without a key.
pragma journal_mode = wal;
begin;

create table customers (
  id integer primary key,
  name text not null,
  email text not null unique,
  country text not null
);

create table orders (
  id integer primary key,
  customer_id integer not null references customers (id),
  status text not null,
  amount real not null,
  placed_at text not null,
  note text
);

create table order_items (
  order_id integer not null references orders (id),
  line integer not null,
  sku text not null collate nocase,
  quantity integer not null,
  primary key (order_id, line)
) without rowid;

-- No key at all: it is read by SQLite's own row number.
create table visits (
  page text,
  seconds real
);

with recursive n (i) as (select 1 union all select i + 1 from n where i < 500)
insert into customers
select i, 'Customer ' || i, 'customer' || i || '@example.org', case i % 3 when 0 then 'CN' when 1 then 'DE' else 'US' end from n;

with recursive n (i) as (select 1 union all select i + 1 from n where i < 5000)
insert into orders
select i, 1 + (i * 7919) % 500, case i % 10 when 0 then 'cancelled' when 1 then 'open' else 'paid' end, ((i * 104729) % 100000) / 100.0,
  datetime(1767225600 + i * 613, 'unixepoch'), case i % 4 when 0 then null else '订单 ' || i end
from n;

insert into order_items
select o.id, l.line, 'SKU-' || ((o.id * 31 + l.line * 17) % 97), 1 + (o.id + l.line) % 5
from orders o join (select 1 as line union all select 2 union all select 3 union all select 4) l on l.line <= 1 + o.id % 4;

insert into visits
select '/item/' || (id % 97), (id % 600) / 10.0 from orders where id <= 1000;

commit;
