#!/usr/bin/env bash
# MariaDB against what a user would type instead, in one run, alternating, on the same servers; writes bench/results/mysql.md.
#   bench/mysql.sh                  every part, then the page and the READMEs' table (about half an hour on two cores, 10 GB of disk)
#   bench/mysql.sh to-postgres rss  only these parts: to-postgres from-postgres copy decode rss
#   bench/mysql.sh page             the page from the parts that were measured in full; it names those that were not
#   bench/mysql.sh clean            removes the servers and all data
# ROWS (2000000, or as the part says) and PAIRS (5) make a try smaller; such a part is shown, but no page is made of it.
# BENCH_NOTE is a sentence for the page: what else the machine did.
# PARALLEL (the default of the job file) sets Pawl's lanes. BENCH_DIR ($TMPDIR/pawl-bench-mysql-UID) holds servers and data, and is kept.
umask 022
BENCH_DIR=${BENCH_DIR:-${TMPDIR:-/tmp}/pawl-bench-mysql-$(id -u)}
[[ ! -e $BENCH_DIR || (-O $BENCH_DIR && ! -L $BENCH_DIR) ]] || { echo "bench: $BENCH_DIR belongs to somebody else" >&2; exit 1; }
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
pg_servers=(postgres)
source "$bench_root/bench/postgres-servers.sh"
source "$bench_root/bench/mysql-servers.sh"
every=(to-postgres from-postgres copy decode rss)
choose "$@"

need psql:postgresql-client-15 "$pg_programs/postgres:postgresql-15" "$my_program:mariadb-server" mariadb:mariadb-client pgloader:pgloader \
  mydumper:mydumper /usr/bin/time:time
exec 8>"$work/lock"
flock -n 8 || { say "another benchmark is running in $work"; exit 1; }
trap 'stop_servers' EXIT
trap 'exit 130' INT TERM
mkdir -p "$work/parts"
export PAWL_HOME=$work/home
start_servers() { start_postgres; start_mysql; }
stop_servers() { stop_postgres; stop_mysql; }
idle() { pg_idle; my_idle; }
settle() { pg_settle; my_settle; }
between() { cpu_of=("$1" "$2"); } # between SOURCE TARGET: whose CPU seconds are told, each "postgres", or one of MariaDB's
server_cpu() { if [[ $1 == postgres ]]; then pg_cpu "$1"; else my_cpu "$1"; fi; }
source_cpu() { server_cpu "${cpu_of[0]}"; }
target_cpu() { server_cpu "${cpu_of[1]}"; }

# The 12 columns and the values of the table orders of bench/postgres.sh, but that the server takes no uuid of a version there is not
my_columns="id bigint primary key, customer_id int not null, items int not null, amount decimal(12,2) not null, status varchar(20) not null,
  city varchar(40), note varchar(200), placed_at timestamp(6) not null, ship_on date, paid tinyint(1) not null, token uuid not null, details json"
# The same without its type for uuids
my_columns_plain=${my_columns/uuid/char(36) character set ascii collate ascii_bin}
my_orders() { # my_orders DATABASE ROWS [columns]
  my_source_database "$1" <<SQL
    create table orders(${3:-$my_columns});
    insert into orders select seq, (seq * 7919) % 100003 + 1, seq % 7 + 1, (seq % 999983) / 100,
      elt(seq % 5 + 1, 'new', 'paid', 'sent', 'done', 'back'), elt(seq % 4 + 1, '上海', '北京', '广州', null),
      concat('order ', seq, ' of the benchmark'), timestamp '2024-01-01 00:00:00' + interval seq * 1250000 microsecond,
      if(seq % 10 = 0, null, date '2024-01-01' + interval seq % 700 day), seq % 3 <> 0,
      insert(insert(md5(concat('token ', seq)), 13, 1, '4'), 17, 1, 'a'),
      if(seq % 8 = 0, null, concat('{"n": ', seq % 1000, ', "gift": ', if(seq % 2 = 0, 'true', 'false'), '}'))
      from seq_1_to_$2;
    analyze table orders;
SQL
}

# Row count and the sum of a hash of every row, alike on both systems
row_text="concat_ws('|', id, customer_id, items, amount, status, coalesce(city, '~'), coalesce(note, '~'), PLACED_AT, coalesce(SHIP_ON, '~'),
  PAID, token, coalesce(DETAILS, '~'))"
my_digest() { # my_digest SERVER DATABASE
  local text=$row_text
  text=${text/PLACED_AT/placed_at} text=${text/SHIP_ON/ship_on} text=${text/PAID/paid} text=${text/DETAILS/details}
  my_sql "$1" "$2" -e "select concat(count(*), ' ', coalesce(sum(cast(conv(left(md5($text), 12), 16, 10) as unsigned)), 0)) from orders"
}
pg_digest() { # pg_digest DATABASE
  local text=$row_text
  text=${text/PLACED_AT/"to_char(placed_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"} text=${text/SHIP_ON/ship_on::text}
  text=${text/PAID/paid::integer} text=${text/DETAILS/details::text}
  sql postgres "$1" -c "select count(*) || ' ' || coalesce(sum(('x' || left(md5($text), 12))::bit(48)::bigint), 0) from orders"
}
mine_in() { # mine_in: MariaDB's big table, and what a right copy of it is
  rows=${ROWS:-2000000}
  from=orders_$rows
  my_orders "$from" "$rows"
  wanted=$(my_digest source "$from")
}
mine_out() { echo "$(my_url source "$from")&tinyint1=bool"; }
client=(mariadb --no-defaults --default-character-set=utf8mb4 --skip-ssl -u root)

# ---- MariaDB → PostgreSQL

# Its json is text there, and stays what it is.
pg_in_place="create table orders($(orders_columns bigint | sed 's/jsonb/text/'), primary key (id))"
arrived() { same "$1" "$wanted" "$(pg_digest bench)"; }
pawl_to_postgres() { fresh "$pg_in_place"; run_pawl "$1"; arrived "$1"; }
# What -B writes is COPY's text but for NULL, which is the word.
client_to_postgres() {
  fresh "$pg_in_place"
  measured "$1" bash -c 'set -o pipefail; "${@:3}" | psql -X -q -v ON_ERROR_STOP=1 -h "$1" -U postgres -d bench \
    -c "copy orders from stdin (null '"'NULL'"')"' _ "$work/postgres" _ "${client[@]}" -S "$work/source/my.sock" --quick -B -N "$from" \
    -e "set time_zone = '+00:00'; select * from orders"
  arrived "$1"
}
pgloader_to_postgres() {
  fresh "$pg_in_place"
  echo "load database from mysql://root@unix:$work/source/my.sock:3306/$from into postgresql://postgres@unix:$work/postgres:5432/bench
    with data only including only table names matching 'orders' alter schema '$from' rename to 'public';" >"$work/pgloader.load"
  measured "$1" pgloader --root-dir "$work/pgloader" "$work/pgloader.load"
  arrived "$1"
}
part_to-postgres() {
  mine_in
  between source postgres
  job pawl_to_postgres "$(mine_out)" "$(pawl_url postgres bench)" "{$from.orders: orders}"
  rounds pawl_to_postgres client_to_postgres pgloader_to_postgres
  against "MariaDB→PG, $rows rows × 12 columns, key in place" "mariadb --quick \\| psql COPY" "≤ 0.9" pawl_to_postgres client_to_postgres \
    "the pipe cannot tell NULL from the word NULL"
  against "the same" "pgloader" "≤ 0.3" pawl_to_postgres pgloader_to_postgres "pgloader: with data only, else its defaults"
  row "peak RSS of that run" "–" "$(peak pawl_to_postgres)" "≤ 256 MB" "largest of $pairs"
}

# ---- PostgreSQL → MariaDB

# A text without a limit takes the type without one, and a uuid of any version takes text.
my_in_place="create table orders($(sed -E 's/varchar\([0-9]+\)/longtext/g' <<<"$my_columns_plain"))"
came_back() { same "$1" "$wanted" "$(my_digest target bench)"; }
pawl_from_postgres() { my_fresh "$my_in_place"; run_pawl "$1"; came_back "$1"; }
psql_from_postgres() {
  my_fresh "$my_in_place"
  measured "$1" bash -c 'set -o pipefail; psql -X -q -v ON_ERROR_STOP=1 -h "$1" -U postgres -d "$2" -c "copy (select id, customer_id, items,
    amount, status, city, note, placed_at at time zone '"'UTC'"', ship_on, paid::integer, token, details from orders) to stdout" | "${@:3}"' \
    _ "$work/postgres" "$from" "${client[@]}" -S "$work/target/my.sock" --local-infile=1 bench \
    -e "load data local infile '/dev/stdin' into table orders character set utf8mb4"
  came_back "$1"
}
part_from-postgres() {
  rows=${ROWS:-2000000}
  from=orders_$rows
  orders "$from" "$rows"
  wanted=$(pg_digest "$from")
  between postgres target
  job pawl_from_postgres "$(pawl_url postgres "$from")" "$(my_url target bench)" "{public.orders: orders}"
  rounds pawl_from_postgres psql_from_postgres
  against "PG→MariaDB, $rows rows × 12 columns, key in place" "psql COPY \\| LOAD DATA LOCAL" "≤ 0.9" pawl_from_postgres psql_from_postgres
  row "peak RSS of that run" "–" "$(peak pawl_from_postgres)" "≤ 256 MB" "largest of $pairs"
}

# ---- MariaDB → MariaDB. Each creates the table, with its key. Without a uuid: myloader 0.10 makes zeros of all, and says nothing.

plain_in() {
  rows=${ROWS:-2000000}
  from=plain_$rows
  my_orders "$from" "$rows" "$my_columns_plain"
  wanted=$(my_digest source "$from")
}

copied() {
  came_back "$1"
  same "$1, key" id "$(my_sql target bench -e "select group_concat(column_name) from information_schema.key_column_usage
    where table_schema = 'bench' and table_name = 'orders' and constraint_name = 'PRIMARY'")"
}
pawl_copy() { my_fresh; run_pawl "$1"; copied "$1"; }
dump_copy() {
  my_fresh
  measured "$1" bash -c 'set -o pipefail; mariadb-dump --no-defaults --skip-ssl -u root -S "$1" --single-transaction "$3" orders \
    | "${@:4}" -S "$2" bench' _ "$work/source/my.sock" "$work/target/my.sock" "$from" "${client[@]}"
  copied "$1"
}
# myloader's threads may deadlock with each other, and then it dies: such a run is begun again, and told.
mydumper_copy() {
  local turn
  for ((turn = 1; ; turn++)); do
    my_fresh
    rm -rf "$work/mydumper"
    (measured "$1" bash -c 'set -e; mydumper --user root --socket "$1" --database "$3" --tables-list orders --threads 2 --rows 250000 --outputdir "$4"
      myloader --user root --socket "$2" --database bench --threads 2 --directory "$4"' \
      _ "$work/source/my.sock" "$work/target/my.sock" "$from" "$work/mydumper") &
    if wait $!; then break; fi
    grep -q "Deadlock found" "$work/$1.err" && ((turn < 5)) || exit 1
    say "$1: a deadlock of its own threads; once more"
    deadlocks=$((deadlocks + 1))
  done
  copied "$1"
}
part_copy() {
  plain_in
  deadlocks=0
  between source target
  job pawl_copy "$(my_url source "$from")" "$(my_url target bench)" "{$from.orders: orders}"
  rounds pawl_copy dump_copy mydumper_copy
  against "MariaDB→MariaDB, $rows rows × 12 columns, into a table that is created" "mariadb-dump \\| mariadb" "≤ 0.5" pawl_copy dump_copy \
    "mariadb-dump: --single-transaction, else its defaults"
  against "the same" "mydumper, then myloader" "≤ 1.0" pawl_copy mydumper_copy \
    "mydumper, myloader: --threads 2, --rows 250000; $deadlocks of its runs died of a deadlock of its own and were begun again"
  row "peak RSS of that run" "–" "$(peak pawl_copy)" "≤ 256 MB" "largest of $pairs"
}

# ---- Decoding alone: no target, one session. bench/decode is what reads by the connector.

decode_build() {
  local work_dir=$work/decode
  "$(dotnet_program)" publish "$bench_root/bench/decode" -c Release -o "$work_dir" -v q -nologo -nodeReuse:false -p:UseSharedCompilation=false \
    -p:PawlLaunch=true -p:PublishAot=true >"$work/decode.log" 2>&1 || { tail -n 5 "$work/decode.log" >&2; exit 1; }
}
dotnet_program() { command -v dotnet || echo "${DOTNET_ROOT:-/usr/share/dotnet}/dotnet"; }
pawl_decode() {
  measured "$1" "$work/decode/pawl-decode" "$work/source/my.sock" "$from" orders
  same "$1" "$sums" "$(cut -f 1 "$work/$1.out")"
  cut -f 2 "$work/$1.out" >>"$work/allocated"
}
client_decode() {
  measured "$1" bash -c '"$@" >/dev/null' _ "${client[@]}" -S "$work/source/my.sock" --quick -B -N "$from" -e "select * from orders"
}
part_decode() {
  decode_build
  mine_in
  between source source
  # As bench/decode sums them
  sums=$(my_sql source "$from" -e "select concat_ws(' ', count(*), sum(id + customer_id + items + paid), sum(octet_length(amount)
    + octet_length(status) + octet_length(coalesce(city, '')) + octet_length(coalesce(note, '')) + octet_length(coalesce(details, '')))) from orders")
  rm -f "$work/allocated"
  rounds pawl_decode client_decode
  against "select * to batches, $rows rows × 12 columns, no target" "mariadb --quick > /dev/null" "≤ 0.8" pawl_decode client_decode \
    "one session each; the second and third figures are the same server"
  row "managed bytes allocated by that, a row in steady state" "–" "$(tail -n "$pairs" "$work/allocated" | median)" "0" \
    "median of $pairs; from the 50th batch on; what there is is of batches, not of rows"
}

# ---- Memory

docs_table="create table docs(id bigint primary key, body BODY not null)"
docs() { # docs DATABASE ROWS TYPE VALUE
  my_source_database "$1" <<SQL
    ${docs_table/BODY/$3};
    insert into docs select seq, $4 from seq_1_to_$2;
    analyze table docs;
SQL
}
docs_digest() { # docs_digest SERVER DATABASE
  my_sql "$1" "$2" -e "select concat(count(*), ' ', sum(cast(conv(left(md5(concat(id, '|', body)), 12), 16, 10) as unsigned))) from docs"
}
rss_orders() { pawl_copy "$1"; }
rss_lanes() { pawl_copy "$1"; }
rss_wide() { my_fresh; run_pawl "$1"; same "$1" "$wide" "$(docs_digest target bench)"; }
rss_narrow() { my_fresh; run_pawl "$1"; same "$1" "$narrow" "$(docs_digest target bench)"; }
part_rss() {
  local wide_rows=600 narrow_rows=4000000 label what
  if [[ -n ${ROWS:-} ]]; then wide_rows=$((ROWS / 8000 + 1)) narrow_rows=$ROWS; fi
  plain_in
  between source target
  docs "wide_$wide_rows" "$wide_rows" longblob "unhex(repeat(md5(seq), 65536))"
  docs "narrow_$narrow_rows" "$narrow_rows" "varchar(100)" \
    "rpad(concat('a hundred bytes of text, the same for every row but for its number: ', seq), 88, '.')"
  wide=$(docs_digest source "wide_$wide_rows") narrow=$(docs_digest source "narrow_$narrow_rows")
  job rss_orders "$(my_url source "$from")" "$(my_url target bench)" "{$from.orders: orders}"
  PARALLEL=8 job rss_lanes "$(my_url source "$from")" "$(my_url target bench)" "{$from.orders: {target: orders, splits: 16}}"
  job rss_wide "$(my_url source "wide_$wide_rows")" "$(my_url target bench)" "{wide_$wide_rows.docs: docs}"
  job rss_narrow "$(my_url source "narrow_$narrow_rows")" "$(my_url target bench)" "{narrow_$narrow_rows.docs: docs}"
  rounds rss_orders rss_lanes rss_wide rss_narrow
  while read -r label what; do
    row "peak RSS, $what" "–" "$(peak "$label")" "≤ 256 MB" "largest of $pairs; median $(column "$label" 2 | median | awk '{printf "%.0f MB", $1/1024}')"
  done <<<"rss_orders MariaDB→MariaDB, $rows orders
rss_lanes $rows orders by 8 lanes
rss_wide 1-MB rows ($wide_rows)
rss_narrow 100-byte rows ($narrow_rows)"
}

# ---- The page

page() {
  local page=$bench_root/bench/results/mysql.md
  finished
  {
    echo "# MySQL and MariaDB"
    echo
    echo "Measured $(when), MariaDB $("$my_program" --version | sed 's/.*Ver \([0-9.]*\).*/\1/'),"
    echo "PostgreSQL $("$pg_programs/postgres" --version | awk '{print $3}'), pgloader $(pgloader --version | sed -n '1s/.*"\(.*\)"/\1/p'), mydumper $(
      mydumper --version | sed 's/mydumper \([0-9.]*\).*/\1/'). Repeat it with \`bench/mysql.sh\`."
    echo
    echo "- Servers on this machine, the same for every tool, reached by unix sockets; MariaDB:"
    echo "  $(printf '`%s`, ' "${my_settings[@]}")else the defaults; PostgreSQL: $(printf '`%s`, ' "${pg_settings[@]}")else the defaults."
    echo "- Whole processes, alternating, after one warm-up each; medians, with smallest and largest. Before every run the target database is made anew"
    echo "  and the servers write out what is dirty. After it row count and a hash over every row are compared with the source."
    echo "- Pawl runs its default job: 2 lanes, a ledger entry every 50 000 rows at most, and counts compared at the end, where not said otherwise."
    echo "- CPU: seconds of the programs + the source's server + the target's server."
    [[ -z ${BENCH_NOTE:-} ]] || echo "- $BENCH_NOTE"
    echo
    table
  } >"$work/report.md"
  mkdir -p "$bench_root/bench/results"
  cp "$work/report.md" "$page"
  show README.md MySQL "MariaDB, the same way: every tool on the same servers, every copy checked. \`bench/mysql.sh\` repeats it and writes this table:"
  show README.zh-CN.md MySQL "MariaDB 同样如此：所有工具使用相同的服务器，每份副本都经过检查。\`bench/mysql.sh\` 可重复测量并写出下表："
  cat "$work/report.md"
}

measure
