#!/usr/bin/env bash
# SQLite → SQLite against what a user would type instead, in one run, alternating; writes bench/results/sqlite.md.
#   bench/sqlite.sh            everything (about 15 minutes, 10 GB of disk)
#   bench/sqlite.sh copy rss   only these parts: copy ledger resume rss start
# BENCH_ROWS (2000000), BENCH_PAIRS (5), BENCH_LEDGER_PAIRS (11), BENCH_LARGE (20000000), BENCH_DIR (a fresh folder, removed at the end)
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
rows=${BENCH_ROWS:-2000000} pairs=${BENCH_PAIRS:-5} ledger_pairs=${BENCH_LEDGER_PAIRS:-11} large=${BENCH_LARGE:-20000000}
parts=${*:-copy ledger resume rss start}
keep=${BENCH_DIR:+yes}
"$bench_root/pawl" version >/dev/null
pawl=$bench_root/pawl
export PAWL_HOME=$work/home
trap '[[ -n $keep ]] || rm -rf "$work"' EXIT

columns="id integer primary key, customer_id integer not null, status text not null, channel text not null, amount real not null,
 currency text not null, items integer not null, weight integer, placed_at text not null, updated_at text not null, city text, note text"

# 12 columns, about 130 bytes a row, the same for the same row number
orders() {
  local file=$1 count=$2
  [[ -f $file ]] && return
  say "making $file ($count orders)"
  sqlite3 "$file" "pragma journal_mode=off; pragma synchronous=off; create table orders($columns);
    with recursive n(i) as (select 1 union all select i+1 from n where i < $count)
    insert into orders select i, (i*7919)%100003+1, case i%5 when 0 then 'new' when 1 then 'paid' when 2 then 'sent' when 3 then 'done'
     else 'back' end, case i%3 when 0 then 'web' when 1 then 'shop' else 'phone' end, (i%99991)/100.0, 'CNY', i%7+1,
     case when i%10=0 then null else i%5000 end, datetime(1700000000+i*13,'unixepoch'), datetime(1700000000+i*17,'unixepoch'),
     case i%4 when 0 then '上海' when 1 then '北京' when 2 then '广州' else '深圳' end, 'order '||i||' of the benchmark' from n;" >/dev/null
}

job() { # job FILE SOURCE TARGET TABLE [extra YAML]
  printf 'version: 1\nname: bench\nsource: sqlite:%s\ntarget: sqlite:%s\ntables:\n  %s: %s\n%s\n' "$2" "$3" "$4" "$4" "${5:-}" >"$1"
}

has() { [[ " $parts " == *" $1 "* ]]; }
clean() { rm -f "$1" "$1"-wal "$1"-shm "$1"-journal; }
report=$work/report.tsv
: >"$report"
row() { printf '%s\t%s\t%s\t%s\t%s\n' "$@" >>"$report"; say "$1: $3"; }

if has copy; then
  orders "$work/orders.db" "$rows"
  job "$work/copy.yaml" "$work/orders.db" "$work/copy.db" orders
  for ((n = 0; n <= pairs; n++)); do
    clean "$work/copy.db"
    timed pawl-copy "$pawl" run "$work/copy.yaml" --quiet
    clean "$work/attach.db"
    timed attach sqlite3 "$work/attach.db" "create table orders($columns); attach '$work/orders.db' as s; insert into orders select * from s.orders;"
    if ((n == 0)); then rm "$work"/{pawl-copy,attach}.times; fi # warm-up
  done
  [[ $(sqlite3 "$work/copy.db" 'select count(*) from orders') == "$rows" ]]
  row "SQLite→SQLite, $rows rows × 12 columns" "insert … select over ATTACH" "$(ratios pawl-copy attach | median) ($(ratios pawl-copy attach | spread))" \
    "≤ 3.0" "$(column pawl-copy 1 | median) s against $(column attach 1 | median) s"
  row "peak RSS of that run" "–" "$(column pawl-copy 2 | sort -g | tail -1 | awk '{printf "%.0f MB", $1/1024}')" "≤ 256 MB" "largest of $pairs"
fi

if has ledger; then
  orders "$work/orders.db" "$rows"
  job "$work/many.yaml" "$work/orders.db" "$work/many.db" orders
  job "$work/one.yaml" "$work/orders.db" "$work/one.db" orders "defaults: {commit: {rows: 100M, bytes: 1TB, every: 1h}}"
  for ((n = 0; n <= ledger_pairs; n++)); do
    clean "$work/many.db"; timed many "$pawl" run "$work/many.yaml" --quiet
    clean "$work/one.db"; timed one "$pawl" run "$work/one.yaml" --quiet
    if ((n == 0)); then rm "$work"/{many,one}.times; fi
  done
  row "ledger commit every ≤ 50 000 rows, $rows rows" "one commit for the table" "$(ratios many one | median) ($(ratios many one | spread))" "≤ 1.05" \
    "$ledger_pairs pairs, $(column many 1 | median) s against $(column one 1 | median) s"
fi

# Milliseconds from starting the process to its first durable rows, for a run that carries on half-way.
first_row() { # first_row LABEL HALF
  local target=$work/resume-target.db began line child
  clean "$target"; cp "$2" "$target"; [[ -f $2-wal ]] && cp "$2-wal" "$target-wal"
  sync
  mkfifo -m 600 "$work/events"
  began=$(date +%s%N)
  "$pawl" run "$work/$1.yaml" --progress json --quiet 2>"$work/events" >/dev/null &
  child=$!
  while read -r line; do
    if [[ $line == *run.first-row* ]]; then echo $((($(date +%s%N) - began) / 1000000)) >>"$work/$1.times"; break; fi
  done <"$work/events"
  kill -KILL "$child" 2>/dev/null || true; wait "$child" 2>/dev/null || true
  rm "$work/events"
}

half() { # half LABEL SOURCE HALF COMMITS: a target whose run was killed half-way
  clean "$work/resume-target.db"
  job "$work/$1.yaml" "$2" "$work/resume-target.db" orders
  PAWL_KILL_AT=commit-done:$4 "$pawl" run "$work/$1.yaml" --quiet 2>/dev/null >/dev/null || true
  sqlite3 "$work/resume-target.db" 'pragma wal_checkpoint(truncate)' >/dev/null
  mv "$work/resume-target.db" "$3"; clean "$work/resume-target.db"
}

if has resume; then
  orders "$work/small.db" 1000000
  orders "$work/large.db" "$large"
  half resume-small "$work/small.db" "$work/half-small.db" 10
  half resume-large "$work/large.db" "$work/half-large.db" $((large / 100000))
  for ((n = 0; n <= pairs; n++)); do
    first_row resume-large "$work/half-large.db"
    first_row resume-small "$work/half-small.db"
    if ((n == 0)); then rm "$work"/resume-{small,large}.times; fi
  done
  row "start of a resumed run to its first durable rows, $large rows" "the same at 1 000 000 rows" \
    "$(ratios resume-large resume-small | median) ($(ratios resume-large resume-small | spread))" "≤ 1.2" \
    "$(column resume-large 1 | median) ms against $(column resume-small 1 | median) ms (goal < 500 ms)"
fi

if has rss; then
  if [[ ! -f $work/wide.db ]]; then
    sqlite3 "$work/wide.db" "create table docs(id integer primary key, body blob not null);
      with recursive n(i) as (select 1 union all select i+1 from n where i < 600) insert into docs select i, randomblob(1048576) from n;"
    sqlite3 "$work/narrow.db" "create table docs(id integer primary key, body text not null);
      with recursive n(i) as (select 1 union all select i+1 from n where i < 4000000)
      insert into docs select i, substr('a hundred bytes of text, the same for every row but for its number, which stands at its end: '||i||'          ',1,92) from n;"
  fi
  for size in narrow wide; do
    job "$work/$size.yaml" "$work/$size.db" "$work/rss.db" docs
    for ((n = 0; n < pairs; n++)); do clean "$work/rss.db"; timed "rss-$size" "$pawl" run "$work/$size.yaml" --quiet; done
    label="100-byte rows (4 000 000)"; [[ $size == wide ]] && label="1-MB rows (600)"
    row "peak RSS, $label" "–" "$(column "rss-$size" 2 | sort -g | tail -1 | awk '{printf "%.0f MB", $1/1024}')" "≤ 256 MB" \
      "largest of $pairs; median $(column "rss-$size" 2 | median | awk '{printf "%.0f MB", $1/1024}')"
  done
fi

if has start; then
  for ((n = 0; n < 11; n++)); do timed start "$pawl" version; done
  row "pawl version, built" "–" "$(column start 1 | median) s ($(column start 1 | spread))" "< 0.3 s" "median of 11"
fi

{
  echo "# SQLite → SQLite"
  echo
  echo "Measured $(date -u +%F) at commit $(git -C "$bench_root" rev-parse --short HEAD) on $(machine), SQLite $(sqlite3 --version | cut -d' ' -f1) (command line)."
  echo "Whole processes, alternating, after one warm-up each; medians, with smallest and largest. Repeat it with \`bench/sqlite.sh\`."
  echo
  echo "| what | against | measured | goal | |"
  echo "|---|---|---|---|---|"
  awk -F'\t' '{printf "| %s | %s | **%s** | %s | %s |\n", $1, $2, $3, $4, $5}' "$report"
} >"$work/report.md"
cat "$work/report.md"
if [[ $parts == "copy ledger resume rss start" ]]; then
  mkdir -p "$bench_root/bench/results"
  cp "$work/report.md" "$bench_root/bench/results/sqlite.md"
  # The READMEs show the same table; a test holds them to the committed result.
  for readme in README.md README.zh-CN.md; do
    grep '^|' "$work/report.md" >"$work/table.md"
    sed -i -e '/<!-- performance -->/,/<!-- end -->/{//!d}' -e "/<!-- performance -->/r $work/table.md" "$bench_root/$readme"
  done
fi
