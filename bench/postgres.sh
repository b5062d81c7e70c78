#!/usr/bin/env bash
# PostgreSQL against what a user would type instead, in one run, alternating, on the same two servers; writes bench/results/postgres.md.
#   bench/postgres.sh              every part, then the page and the READMEs' table (an hour or two on two cores, 30 GB of disk)
#   bench/postgres.sh pipe uuid    only these parts: pipe create columns typed from-sqlite to-sqlite from-csv to-csv tables resume uuid rss
#   bench/postgres.sh page         the page from the parts that were measured in full; it names those that were not
#   bench/postgres.sh clean        removes the servers and all data
# ROWS (of the part's table, 5000000 or as the issue says) and PAIRS (5) make a try smaller; such a part is shown, but no page is made of it.
# BENCH_NOTE is a sentence for the page: what else the machine did.
# PARALLEL (the default of the job file) sets Pawl's lanes. BENCH_DIR ($TMPDIR/pawl-bench-postgres-UID) holds servers and data, and is kept.
umask 022
BENCH_DIR=${BENCH_DIR:-${TMPDIR:-/tmp}/pawl-bench-postgres-$(id -u)}
[[ ! -e $BENCH_DIR || (-O $BENCH_DIR && ! -L $BENCH_DIR) ]] || { echo "bench: $BENCH_DIR belongs to somebody else" >&2; exit 1; }
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$bench_root/bench/postgres-servers.sh"
every=(pipe create columns typed from-sqlite to-sqlite from-csv to-csv tables resume uuid rss)
choose "$@"

need psql:postgresql-client-15 "$pg_programs/postgres:postgresql-15" sqlite3:sqlite3 pgcopydb:pgcopydb pgloader:pgloader \
  /usr/bin/time:time
exec 8>"$work/lock"
flock -n 8 || { say "another benchmark is running in $work"; exit 1; }
trap 'stop_servers' EXIT
trap 'exit 130' INT TERM
mkdir -p "$work/parts"
export PAWL_HOME=$work/home
start_servers() { start_postgres; }
stop_servers() { stop_postgres; }
idle() { pg_idle; }
settle() { pg_settle; }
source_cpu() { pg_cpu source; }
target_cpu() { pg_cpu target; }

# The same 12 columns of SQLite's types as in bench/sqlite.sh
sqlite_columns="customer_id integer not null, status text not null, channel text not null, amount real not null, currency text not null,
  items integer not null, weight integer, placed_at text not null, updated_at text not null, city text, note text"
sqlite_orders() { # sqlite_orders FILE ROWS
  [[ ! -f $1 ]] || return 0
  say "making $1"
  sqlite3 "$1.part" "pragma journal_mode=off; pragma synchronous=off; create table orders(id integer primary key, $sqlite_columns);
    with recursive n(i) as (select 1 union all select i+1 from n where i < $2)
    insert into orders select i, (i*7919)%100003+1, case i%5 when 0 then 'new' when 1 then 'paid' when 2 then 'sent' when 3 then 'done'
     else 'back' end, case i%3 when 0 then 'web' when 1 then 'shop' else 'phone' end, (i%99991)/100.0, 'CNY', i%7+1,
     case when i%10=0 then null else i%5000 end, datetime(1700000000+i*13,'unixepoch'), datetime(1700000000+i*17,'unixepoch'),
     case i%4 when 0 then '上海' when 1 then '北京' when 2 then '广州' else '深圳' end, 'order '||i||' of the benchmark' from n;" >/dev/null
  mv "$1.part" "$1"
}

pipe() { # pipe LABEL DATABASE FROM TO: COPY statements of two psql
  measured "$1" bash -c 'set -o pipefail; psql -X -q -v ON_ERROR_STOP=1 -h "$0" -U postgres -d "$2" -c "$3" \
    | psql -X -q -v ON_ERROR_STOP=1 -h "$1" -U postgres -d bench -c "$4"' "$work/source" "$work/target" "$2" "$3" "$4"
}
clone() { # clone LABEL DATABASE [options]: pgcopydb
  rm -rf "$work/pgcopydb"
  measured "$1" pgcopydb clone --source "$(libpq_url source "$2")" --target "$(libpq_url target bench)" --dir "$work/pgcopydb" \
    --table-jobs 2 --index-jobs 2 --skip-large-objects --skip-extensions "${@:3}"
}

keyed() { same "$1" "$2" "$(sql target bench -c "select count(*) from pg_constraint c join pg_class t on t.oid = c.conrelid
  where c.contype = 'p' and t.relnamespace = 'public'::regnamespace and t.relname !~ '^pawl_'")"; }

# ---- PostgreSQL → PostgreSQL

orders_in() { # the big table, and what a right copy of it is
  rows=${ROWS:-5000000}
  from=orders_$rows
  orders "$from" "$rows"
  wanted=$(digest source "$from")
}
in_place="create table orders($(orders_columns bigint), primary key (id))"
pawl_copy() { fresh "$in_place"; run_pawl "$1"; same "$1" "$wanted" "$(digest target bench)"; }
pawl_unverified() { pawl_copy "$1"; }
pawl_typed() { pawl_copy "$1"; }
psql_pipe() {
  fresh "$in_place"
  pipe "$1" "$from" "copy orders to stdout (format binary)" "copy orders from stdin (format binary)"
  same "$1" "$wanted" "$(digest target bench)"
}
unverified="verify: {after: never}"

part_pipe() {
  orders_in
  job pawl_copy "$(pawl_url source "$from")" "$(pawl_url target bench)" "{public.orders: orders}"
  job pawl_unverified "$(pawl_url source "$from")" "$(pawl_url target bench)" "{public.orders: orders}" "$unverified"
  rounds pawl_copy psql_pipe pawl_unverified
  against "PG→PG, $rows rows × 12 columns, key in place" "psql COPY (binary) \\| psql COPY (binary)" "≤ 1.0" pawl_copy psql_pipe
  against "the same, without counting both sides afterwards" "the same" "–" pawl_unverified psql_pipe
  row "peak RSS of the first" "–" "$(peak pawl_copy)" "≤ 256 MB" "largest of $pairs"
}

part_typed() {
  orders_in
  job pawl_typed "$(pawl_url source "$from")&wire=off" "$(pawl_url target bench)" "{public.orders: orders}"
  rounds pawl_typed psql_pipe
  against "PG→PG through typed values (wire=off)" "psql COPY (binary) \\| psql COPY (binary)" "≤ 1.3" pawl_typed psql_pipe
}

pawl_create() { fresh; run_pawl "$1"; same "$1" "$wanted" "$(digest target bench)"; keyed "$1" 1; }
pgcopydb_create() { fresh; clone "$1" "$from"; same "$1" "$wanted" "$(digest target bench)"; keyed "$1" 1; }
pgcopydb_split() { fresh; clone "$1" "$from" --split-tables-larger-than 256MB; same "$1" "$wanted" "$(digest target bench)"; keyed "$1" 1; }
part_create() {
  orders_in
  job pawl_create "$(pawl_url source "$from")" "$(pawl_url target bench)" "{public.orders: orders}"
  rounds pawl_create pgcopydb_create pgcopydb_split
  against "PG→PG into a table Pawl creates (key built after)" "pgcopydb clone" "≤ 0.8" pawl_create pgcopydb_create \
    "pgcopydb: --table-jobs 2 --index-jobs 2 --skip-large-objects --skip-extensions; it ends with VACUUM ANALYZE"
  against "the same" "pgcopydb clone, the table in parts" "–" pawl_create pgcopydb_split "also --split-tables-larger-than 256MB"
}

# token is dropped, note renamed to remark
kept="id, customer_id, items, amount, status, city, note, placed_at, ship_on, paid, details"
kept_there=${kept/note/remark}
eleven=$(orders_columns bigint | sed 's/token uuid not null, //; s/note text/remark text/')
pawl_columns() {
  fresh "create table orders($eleven, primary key (id))"
  run_pawl "$1"
  same "$1" "$wanted" "$(digest target bench "$kept_there")"
}
psql_columns() {
  fresh "create table orders($eleven, primary key (id))"
  pipe "$1" "$from" "copy orders ($kept) to stdout (format binary)" "copy orders ($kept_there) from stdin (format binary)"
  same "$1" "$wanted" "$(digest target bench "$kept_there")"
}
part_columns() {
  orders_in
  wanted=$(digest source "$from" "$kept")
  job pawl_columns "$(pawl_url source "$from")" "$(pawl_url target bench)" \
    "{public.orders: {target: orders, transform: {rename: {note: remark}, drop: [token]}}}"
  rounds pawl_columns psql_columns
  against "PG→PG, one column renamed, one dropped" "the pipe with the same columns" "≤ 1.1" pawl_columns psql_columns
}

pawl_uuid() { fresh "create table orders($(orders_columns uuid), primary key (id))"; run_pawl "$1"; same "$1" "$wanted" "$(digest target bench)"; }
psql_uuid() {
  fresh "create table orders($(orders_columns uuid), primary key (id))"
  pipe "$1" "$from" "copy orders to stdout (format binary)" "copy orders from stdin (format binary)"
  same "$1" "$wanted" "$(digest target bench)"
}
part_uuid() {
  rows=${ROWS:-2000000} from=uuid_${ROWS:-2000000}
  orders "$from" "$rows" uuid "md5('key ' || i)::uuid"
  wanted=$(digest source "$from")
  job pawl_uuid "$(pawl_url source "$from")" "$(pawl_url target bench)" "{public.orders: orders}"
  rounds pawl_uuid psql_uuid
  against "PG→PG, uuid key in random order, $rows rows, key in place" "psql COPY (binary) \\| psql COPY (binary)" "report" pawl_uuid psql_uuid
}

tables_digest() { # counts and hashes of all tables of one database, summed
  sql "$1" "$2" -c "select string_agg(format('select count(*) as n, sum(hash_record_extended(row(t.*), 0)) as h from %I t', relname),
    ' union all ') from pg_class where relkind = 'r' and relname like 'item\\_%'" \
    | { read -r all; sql "$1" "$2" -c "select count(*) || ' ' || sum(n) || ' ' || sum(h) from ($all) x"; }
}
pawl_tables() { fresh; run_pawl "$1"; same "$1" "$wanted" "$(tables_digest target bench)"; keyed "$1" "$count"; }
pgcopydb_tables() { fresh; clone "$1" "$from"; same "$1" "$wanted" "$(tables_digest target bench)"; keyed "$1" "$count"; }
part_tables() {
  count=$((${ROWS:-500000} / 1000)) from=tables_$((${ROWS:-500000} / 1000))
  source_database "$from" <<SQL
    select format('create table item_%s (id bigint primary key, name text not null, price numeric(10,2), made_at timestamptz not null)', t),
      format('insert into item_%s select i, ''item '' || i || '' of table %1\$s'', i / 100.0, timestamptz ''2024-01-01'' + i * interval ''1 minute''
        from generate_series(1, 1000) i', t)
      from generate_series(1, $count) t \\gexec
SQL
  wanted=$(tables_digest source "$from")
  job pawl_tables "$(pawl_url source "$from")" "$(pawl_url target bench)" '{"*": "{table}"}'
  rounds pawl_tables pgcopydb_tables
  against "$count tables of 1000 rows, all created" "pgcopydb clone" "≤ 0.7" pawl_tables pgcopydb_tables "the same options as above"
}

# ---- SQLite → PostgreSQL and back. The check is a sum that both systems compute alike; CODE is each one's function for a character's number.

mix() { local c; for c in "$@"; do printf "|| ' ' || sum((id %% 97 + 1) * coalesce(length(%s) * 131 + CODE(substr(%s, length(%s), 1)), -7))" "$c" "$c" "$c"; done; }
sqlite_sums="select count(*) || ' ' || sum(id) || ' ' || sum(customer_id * (id % 97 + 1)) || ' ' || sum(items * (id % 89 + 1))
  || ' ' || sum(coalesce(weight, -7) * (id % 83 + 1)) || ' ' || sum(cast(round(amount * 100) as bigint) * (id % 79 + 1))
  $(mix status channel currency placed_at updated_at city note) from orders"
into_postgres="create table orders(id bigint primary key, $(sed 's/ integer/ bigint/g; s/ real/ double precision/' <<<"$sqlite_columns"))"
pawl_from_sqlite() { fresh "$into_postgres"; run_pawl "$1"; sqlite_arrived "$1"; }
psql_from_sqlite() {
  fresh "$into_postgres"
  measured "$1" bash -c 'set -o pipefail; sqlite3 -csv "$0" "select * from orders" \
    | psql -X -q -v ON_ERROR_STOP=1 -h "$1" -U postgres -d bench -c "copy orders from stdin (format csv)"' "$from" "$work/target"
  sqlite_arrived "$1"
}
pgloader_from_sqlite() {
  fresh "$into_postgres"
  echo "load database from sqlite://$from into postgresql://postgres@unix:$work/target:5432/bench with data only;" >"$work/pgloader.load"
  measured "$1" pgloader --root-dir "$work/pgloader" "$work/pgloader.load"
  sqlite_arrived "$1"
}
sqlite_arrived() { same "$1" "$wanted" "$(sql target bench -c "${sqlite_sums//CODE/ascii}")"; }
part_from-sqlite() {
  rows=${ROWS:-2000000} from=$work/orders-${ROWS:-2000000}.db
  sqlite_orders "$from" "$rows"
  wanted=$(sqlite3 "$from" "${sqlite_sums//CODE/unicode}")
  job pawl_from_sqlite "sqlite:$from" "$(pawl_url target bench)" "{orders: orders}"
  rounds pawl_from_sqlite psql_from_sqlite pgloader_from_sqlite
  against "SQLite→PG, $rows rows × 12 columns, key in place" "sqlite3 -csv \\| psql COPY (csv)" "≤ 1.0" pawl_from_sqlite psql_from_sqlite
  against "the same" "pgloader" "≤ 0.3" pawl_from_sqlite pgloader_from_sqlite "pgloader: with data only, else its defaults"
}

# A moment is compared by its date and time of day in UTC, an amount by its digits, an absent text as the empty one that .import makes of it.
back_sums="select count(*) || ' ' || sum(id) || ' ' || sum(customer_id * (id % 97 + 1)) || ' ' || sum(items * (id % 89 + 1))
  || ' ' || sum(cast(replace(cast(amount as text), '.', '') as bigint) * (id % 79 + 1))
  $(mix status city note ship_on token details placed_on placed_time | sed 's/null)/null)/') from
  (select id, customer_id, items, amount, status, nullif(city, '') as city, note, nullif(cast(ship_on as text), '') as ship_on,
    cast(token as text) as token, nullif(cast(details as text), '') as details, substr(cast(placed_at as text), 1, 10) as placed_on,
    substr(cast(placed_at as text), 12, 8) as placed_time from orders) o"
into_sqlite="create table orders(id integer primary key, customer_id integer not null, items integer not null, amount text not null,
  status text not null, city text, note text, placed_at text not null, ship_on text, paid integer not null, token text not null, details text)"
new_file() { idle; rm -f "$work"/back.db*; sqlite3 "$work/back.db" "$into_sqlite"; }
pawl_to_sqlite() { new_file; run_pawl "$1"; sqlite_back "$1"; }
psql_to_sqlite() {
  new_file
  measured "$1" bash -c 'set -o pipefail; psql -X -q -v ON_ERROR_STOP=1 -h "$0" -U postgres -d "$1" -c "copy orders to stdout (format csv)" \
    | sqlite3 "$2" ".import --csv /dev/stdin orders"' "$work/source" "$from" "$work/back.db"
  sqlite_back "$1"
}
sqlite_back() { same "$1" "$wanted" "$(sqlite3 "$work/back.db" "${back_sums//CODE/unicode}")"; }
part_to-sqlite() {
  rows=${ROWS:-2000000} from=orders_${ROWS:-2000000}
  orders "$from" "$rows"
  wanted=$(sql source "$from" -c "${back_sums//CODE/ascii}")
  job pawl_to_sqlite "$(pawl_url source "$from")" "sqlite:$work/back.db" "{public.orders: orders}"
  rounds pawl_to_sqlite psql_to_sqlite
  against "PG→SQLite, $rows rows × 12 columns, key in place" "psql COPY (csv) \\| sqlite3 .import" "≤ 1.0" pawl_to_sqlite psql_to_sqlite \
    "sqlite3: one transaction, its default journal and synchronous=full; NULL arrives there as an empty text"
}

# ---- CSV → PostgreSQL. The file is what the server's own COPY writes.

csv_types="id:bigint,customer_id:int,items:int,amount:decimal(12,2),placed_at:timestamptz,ship_on:date,paid:bool,token:uuid"
csv_in_place=${in_place/details jsonb/details text} # jsonb would not keep a document as it stands
csv_columns="id, customer_id, items, amount, status, city, note, placed_at, ship_on, paid, token, details::text"
pawl_from_csv() { fresh "$csv_in_place"; run_pawl "$1"; same "$1" "$wanted" "$(digest target bench "$csv_columns")"; }
psql_from_csv() {
  fresh "$csv_in_place"
  measured "$1" bash -c 'psql -X -q -v ON_ERROR_STOP=1 -h "$0" -U postgres -d bench -c "\\copy orders from $1 with (format csv, header)"' \
    "$work/target" "$csv_file"
  same "$1" "$wanted" "$(digest target bench "$csv_columns")"
}
part_from-csv() {
  rows=${ROWS:-2000000} from=orders_${ROWS:-2000000}
  orders "$from" "$rows"
  wanted=$(digest source "$from" "$csv_columns")
  csv_file=$work/csv-in/orders.csv
  mkdir -p "$work/csv-in"
  sql source "$from" -c "copy orders to stdout (format csv, header)" >"$csv_file"
  job pawl_from_csv "'csv:$work/csv-in/?types=$csv_types'" "$(pawl_url target bench)" "{orders: orders}"
  rounds pawl_from_csv psql_from_csv
  against "CSV→PG, $rows rows × 12 columns, key in place" "psql \\\\copy (csv)" "≤ 1.0" pawl_from_csv psql_from_csv
  row "peak RSS of that run" "–" "$(peak pawl_from_csv)" "≤ 256 MB" "largest of $pairs"
}

# ---- PostgreSQL → CSV. What was written is read by the server, and has to be what the source holds.

csv_holds() { # csv_holds LABEL FILE…
  fresh "create table orders($(orders_columns bigint))"
  tail -q -n +2 "${@:2}" | sql target bench -c "copy orders from stdin (format csv)"
  same "$1" "$wanted" "$(digest target bench)"
}
pawl_to_csv() { idle; rm -rf "$work/csv"; run_pawl "$1"; csv_holds "$1" "$work"/csv/orders/part-*.csv; }
psql_to_csv() {
  idle
  rm -f "$work/orders.csv"
  measured "$1" bash -c 'psql -X -q -v ON_ERROR_STOP=1 -h "$0" -U postgres -d "$1" -c "copy orders to stdout (format csv, header)" >"$2"' \
    "$work/source" "$from" "$work/orders.csv"
  csv_holds "$1" "$work/orders.csv"
}
part_to-csv() {
  rows=${ROWS:-2000000} from=orders_${ROWS:-2000000}
  orders "$from" "$rows"
  wanted=$(digest source "$from")
  job pawl_to_csv "$(pawl_url source "$from")" "csv:$work/csv/" "{public.orders: orders}"
  rounds pawl_to_csv psql_to_csv
  against "PG→CSV, $rows rows × 12 columns" "psql COPY (csv) to stdout, into a file" "≤ 1.2" pawl_to_csv psql_to_csv \
    "Pawl: parts on the disk (fsync) and counted; psql: as the system keeps it"
  row "peak RSS of that run" "–" "$(peak pawl_to_csv)" "≤ 256 MB" "largest of $pairs"
}

# ---- Resuming

events() { # events ROWS: narrow rows in the database events_ROWS
  source_database "events_$1" <<SQL
    create table events(id bigint primary key, customer integer not null, amount integer not null, kind text not null);
    insert into events select i, (i * 7919) % 100003, i % 1000, 'kind ' || i % 10 from generate_series(1::bigint, $1) i;
SQL
}
half() { # half ROWS: the target database half_ROWS of a run that was killed half-way; the default commit is 50 000 rows
  idle
  sql target postgres -c "drop database if exists half_$1" -c "create database half_$1"
  sql target "half_$1" -c "create table events(id bigint primary key, customer integer not null, amount integer not null, kind text not null)"
  job "resume_$1" "$(pawl_url source "events_$1")" "$(pawl_url target "half_$1")" "{public.events: events}"
  { PAWL_KILL_AT=commit-done:$(($1 / 100000 > 0 ? $1 / 100000 : 1)) "$pawl" run "$work/resume_$1.yaml" --quiet >/dev/null || true; } 2>/dev/null
  idle
  local done_rows
  done_rows=$(sql target "half_$1" -c "select count(*) from events")
  ((done_rows > 0 && done_rows < $1)) || { say "half_$1 holds $done_rows of $1 rows"; exit 1; }
}
first_row() { # milliseconds from starting the process to its first durable rows; the run is killed then
  local began line child before
  idle
  before=$(sql target "half_$1" -c "select count(*) from events")
  sql source postgres -c checkpoint; sql target postgres -c checkpoint; sync
  rm -f "$work/events"; mkfifo -m 600 "$work/events"
  began=$(date +%s%N)
  "$pawl" run "$work/resume_$1.yaml" --progress json --quiet 2>"$work/events" >/dev/null &
  child=$!
  while read -r line; do
    if [[ $line == *run.first-row* ]]; then echo $((($(date +%s%N) - began) / 1000000)) >>"$work/resume_$1.times"; break; fi
  done <"$work/events"
  kill -KILL "$child" 2>/dev/null || true; wait "$child" 2>/dev/null || true
  idle
  (($(sql target "half_$1" -c "select count(*) from events") > before)) || { say "resume_$1: no row became durable"; exit 1; }
}
finish() { # what was resumed so often ends right
  "$pawl" run "$work/resume_$1.yaml" --quiet >/dev/null
  same "resume_$1" "$(digest source "events_$1" t.\* events)" "$(digest target "half_$1" t.\* events)"
}
part_resume() {
  local large=${ROWS:-20000000} small n
  # Less than this is not half done after whole commits.
  ((large >= 400000)) || large=400000
  small=$((large / 20 > 200000 ? large / 20 : 200000))
  events "$small"; events "$large"
  rm -f "$work"/resume_{"$small","$large"}.times
  # The large one goes on from where it was killed, a few commits further each time; the small one is made anew.
  half "$large"
  for ((n = 0; n <= pairs; n++)); do
    first_row "$large"
    half "$small"; first_row "$small"
    say "resume $n/$pairs: $(tail -n 1 "$work/resume_$large.times") ms, $(tail -n 1 "$work/resume_$small.times") ms"
    if ((n == 0)); then rm "$work"/resume_{"$small","$large"}.times; fi
  done
  finish "$small"; finish "$large"
  row "start of a resumed run to its first durable rows, $large rows" "the same at $small rows" \
    "$(ratios "resume_$large" "resume_$small" | median) ($(ratios "resume_$large" "resume_$small" | spread))" "≤ 1.2" \
    "$(column "resume_$large" 1 | median) ms against $(column "resume_$small" 1 | median) ms (goal < 500 ms)"
  idle
  sql target postgres -c "drop database half_$large" -c "drop database half_$small"
}

# ---- Memory

docs_table="create table docs(id bigint primary key, body BODY not null)"
docs() { # docs DATABASE ROWS TYPE VALUE
  source_database "$1" <<SQL
    ${docs_table/BODY/$3}; alter table docs alter body set storage external;
    insert into docs select i, $4 from generate_series(1::bigint, $2) i;
SQL
}
rss_orders() { pawl_copy "$1"; }
rss_lanes() { pawl_copy "$1"; }
rss_wide() { fresh "${docs_table/BODY/bytea}"; run_pawl "$1"; same "$1" "$wide" "$(digest target bench t.\* docs)"; }
rss_narrow() { fresh "${docs_table/BODY/text}"; run_pawl "$1"; same "$1" "$narrow" "$(digest target bench t.\* docs)"; }
part_rss() {
  local wide_rows=600 narrow_rows=4000000 label
  if [[ -n ${ROWS:-} ]]; then wide_rows=$((ROWS / 8000 + 1)) narrow_rows=$ROWS; fi
  orders_in
  docs "wide_$wide_rows" "$wide_rows" bytea "decode(repeat(md5(i::text), 65536), 'hex')"
  docs "narrow_$narrow_rows" "$narrow_rows" text "rpad('a hundred bytes of text, the same for every row but for its number: ' || i, 88, ' ')"
  wide=$(digest source "wide_$wide_rows" t.\* docs) narrow=$(digest source "narrow_$narrow_rows" t.\* docs)
  job rss_orders "$(pawl_url source "$from")" "$(pawl_url target bench)" "{public.orders: orders}"
  PARALLEL=8 job rss_lanes "$(pawl_url source "$from")" "$(pawl_url target bench)" "{public.orders: {target: orders, splits: 16}}"
  job rss_wide "$(pawl_url source "wide_$wide_rows")" "$(pawl_url target bench)" "{public.docs: docs}"
  job rss_narrow "$(pawl_url source "narrow_$narrow_rows")" "$(pawl_url target bench)" "{public.docs: docs}"
  rounds rss_orders rss_lanes rss_wide rss_narrow
  while read -r label what; do
    row "peak RSS, $what" "–" "$(peak "$label")" "≤ 256 MB" "largest of $pairs; median $(column "$label" 2 | median | awk '{printf "%.0f MB", $1/1024}')"
  done <<<"rss_orders $rows orders
rss_lanes $rows orders by 8 lanes
rss_wide 1-MB rows ($wide_rows)
rss_narrow 100-byte rows ($narrow_rows)"
}

# ---- The page

page() {
  local page=$bench_root/bench/results/postgres.md
  finished
  {
    echo "# PostgreSQL"
    echo
    echo "Measured $(when), PostgreSQL $("$pg_programs/postgres" --version | awk '{print $3}'),"
    echo "$(pgcopydb --version 2>/dev/null | head -n 1 | sed 's/ version//'), pgloader $(pgloader --version | sed -n '1s/.*"\(.*\)"/\1/p'), SQLite $(sqlite3 \
      --version | cut -d' ' -f1) (command line). Repeat it with \`bench/postgres.sh\`."
    echo
    echo "- One source and one target server on this machine, the same for every tool, reached by unix sockets:"
    echo "  $(printf '`%s`, ' "${pg_settings[@]}")else the defaults."
    echo "- Whole processes, alternating, after one warm-up each; medians, with smallest and largest. Before every run the target database is made anew"
    echo "  and both servers write a checkpoint. After it row count and a hash over every row are compared with the source."
    echo "- Pawl runs its default job: 2 lanes, a ledger entry every 50 000 rows at most, and counts compared at the end, where not said otherwise."
    echo "- CPU: seconds of the programs + the source's server + the target's server."
    [[ -z ${BENCH_NOTE:-} ]] || echo "- $BENCH_NOTE"
    echo
    table
  } >"$work/report.md"
  mkdir -p "$bench_root/bench/results"
  cp "$work/report.md" "$page"
  show README.md PostgreSQL "PostgreSQL, the same way: every tool on the same two servers, every copy checked. \`bench/postgres.sh\` repeats it and writes this table:"
  show README.zh-CN.md PostgreSQL "PostgreSQL 同样如此：所有工具使用相同的两台服务器，每份副本都经过检查。\`bench/postgres.sh\` 可重复测量并写出下表："
  cat "$work/report.md"
}

measure
