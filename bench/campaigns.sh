#!/usr/bin/env bash
# The large campaigns, once: seeds of the simulation, planted bugs, kills of the real program; writes bench/results/simulation.md,
# kills-sqlite.md, postgres-crash.md and late-commits.md.
#   bench/campaigns.sh               everything (hours on two cores)
#   bench/campaigns.sh seeds kills   only these parts: seeds planted kills postgres late
# CAMPAIGN_SEEDS (1000000), CAMPAIGN_CHUNK (50000), CAMPAIGN_KILLS (1000), CAMPAIGN_PG_SHARDS (10: seeds, each with 7 kills a pair, 10 lost
# answers a pair and 2 killed servers a pair), CAMPAIGN_LATE_ROWS (1000000 for each kind of cursor), CAMPAIGN_JOBS (2: parts side by side), BENCH_DIR (a fresh folder, removed at the end; with a
# folder of its own a campaign goes on after the parts that are already there)
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
seeds=${CAMPAIGN_SEEDS:-1000000} chunk=${CAMPAIGN_CHUNK:-50000} kills=${CAMPAIGN_KILLS:-1000}
pg_shards=${CAMPAIGN_PG_SHARDS:-10} pg_jobs=${CAMPAIGN_JOBS:-2} pg_build=$bench_root/artifacts/campaign
pairs=("PG → PG" "SQLite → PG" "PG → SQLite")
parts=${*:-seeds planted kills postgres late}
keep=${BENCH_DIR:+yes}
trap '[[ -n $keep ]] || rm -rf "$work"' EXIT
has() { [[ " $parts " == *" $1 "* ]]; }
built() { dotnet build "$bench_root/tests/$1" -c Release -v q -nologo >"$work/build.log" 2>&1 || { tail -n 5 "$work/build.log" >&2; exit 1; }; }
commit() { git -C "$bench_root" rev-parse --short HEAD; }

if has seeds; then
  built Simulation
  for ((from = 1; from <= seeds; from += chunk)); do
    to=$((from + chunk - 1 > seeds ? seeds : from + chunk - 1)) out=$work/seeds.$from.json
    [[ -s $out ]] || { "$bench_root/artifacts/bin/Simulation/release/pawl-sim" --seeds "$from..$to" --jobs "$(nproc)" --json >"$out.part" \
      || say "seeds $from to $to: a violation, see $out"; mv "$out.part" "$out"; commit >"$work/seeds.commit"; }
    say "seeds up to $to"
  done
  {
    echo "## Seeds of the simulation"
    echo
    echo "At commit $(cat "$work/seeds.commit"). Repeat it with \`bench/campaigns.sh seeds\`."
    echo
    sqlite3 :memory: "create table part(j); $(for f in "$work"/seeds.*.json; do echo "insert into part values (readfile('$f'));"; done)
      select '| seeds | ' || sum(j ->> 'seeds') || ' |' || char(10) || '|---|---:|' || char(10)
        || '| violations | ' || sum(json_array_length(j, '\$.violations')) || ' |' || char(10)
        || '| steps | ' || sum(j ->> 'steps') || ' |' || char(10) || '| seconds on $(nproc) busy cores | ' || round(sum(j ->> 'seconds')) || ' |' from part;
      select '| ' || t.key || ' | ' || sum(t.value) || ' |' from part, json_each(j, '\$.tally') t group by t.key order by min(t.id);"
  } >"$work/seeds.md"
fi

if has planted; then
  built Simulation.Planted
  {
    echo "## Bugs planted into copies of the sources, and the seeds it takes to catch them"
    echo
    echo "At commit $(commit). Repeat it with \`bench/campaigns.sh planted\`."
    echo
    "$bench_root/artifacts/bin/Simulation.Planted/release/pawl-sim-planted" --planted-table --limit 20000
  } >"$work/planted.md"
fi

if has kills; then
  "$bench_root/pawl" version >/dev/null
  built EndToEnd.Tests
  PAWL_KILLS=$kills PAWL_KILL_REPORT=$work/kills.report \
    "$bench_root/artifacts/bin/EndToEnd.Tests/release/Pawl.EndToEnd.Tests" -noColor -method '*random_instants*' >"$work/kills.log" \
    || { tail -n 20 "$work/kills.log" >&2; exit 1; }
  {
    echo "## SIGKILL at random instants, SQLite → SQLite, checked by the sqlite3 program"
    echo
    echo "At commit $(commit). Repeat it with \`bench/campaigns.sh kills\`."
    echo
    cat "$work/kills.report"
  } >"$work/kills.md"
fi

# pg_part NAME SEED FILTER… : one part of the PostgreSQL campaign, once; what it came to lies in $work/pg, its words in $work/pg.NAME.SEED.log
pg_part() {
  local name=$1 seed=$2 log=$work/pg.$1.$2.log; shift 2
  [[ -e $log.done ]] && return 0
  while (( $(jobs -r | wc -l) >= pg_jobs )); do wait -n || true; done
  {
    PAWL_KILL_SEED=$seed PAWL_CRASH_RECORD=$work/pg PAWL_KILL_POINTS=all PAWL_KILLS=7 PAWL_LOST_ANSWERS=10 PAWL_SERVER_KILLS=2 \
      PAWL_PROGRAM=$pg_build/app/pawl \
      "$pg_build/tests/Pawl.EndToEnd.Tests" -noColor -maxThreads 1 "$@" >"$log" 2>&1 || echo "$name, seed $seed" >"$log.failed"
    [[ ! -e $log.failed ]] || say "postgres: $name, seed $seed: failed, see $log"
    cp "$work/pg.commit" "$log.done"
    say "postgres: $name, seed $seed"
  } &
}

# pg_table CAMPAIGN AGGREGATE NAME: its figures, one column a pair, and NAME for AGGREGATE (sum, max) of all
pg_table() {
  local pair columns=""
  for pair in "${pairs[@]}"; do columns+=" || ' | ' || coalesce($2(value) filter (where pair = '$pair'), '–')"; done
  printf '| |'; printf ' %s |' "${pairs[@]}" "$3"; printf '\n|---|---:|---:|---:|---:|\n'
  sqlite3 :memory: ".mode tabs" "create table f(campaign, pair, name, value integer);" ".import '|cat $work/pg/$1.*.tsv' f" ".mode list" \
    "select '| ' || name$columns || ' | ' || $2(value) || ' |' from f group by name order by min(rowid);"
}

# pg_passed NAME SEED: what the runner counted
pg_passed() { sed -n 's/.*Total: \([0-9]*\), Errors: \([0-9]*\), Failed: \([0-9]*\).*/\1 tests, \3 failed/p' "$work/pg.$1.$2.log" | tail -n 1; }

if has postgres; then
  mkdir -p "$work/pg"
  # The program as users have it, compiled ahead; both out of the way of later builds, in the checkout that the tests look for.
  if [[ ! -e $work/pg.commit ]]; then
    "$bench_root/pawl" version >/dev/null
    built EndToEnd.Tests
    rm -rf "${pg_build:?}" && mkdir -p "$pg_build"
    cp -r "$bench_root/artifacts/launch/$(<"$bench_root/artifacts/launch/current")" "$pg_build/app"
    cp -r "$bench_root/artifacts/bin/EndToEnd.Tests/release" "$pg_build/tests"
    commit >"$work/pg.commit"
  fi
  pg_part points 1 -class '*Crash.Postgres.PgNamedKillTests'
  pg_part restored 1 -class '*Crash.Postgres.RestoredTargetTests'
  pg_part stopped 1 -class '*Crash.Postgres.PgZombieTests'
  for ((shard = 1; shard <= pg_shards; shard++)); do
    pg_part kills "$shard" -class '*Crash.Postgres.PgRandomKillTests'
    pg_part answers "$shard" -class '*Crash.Postgres.LostAnswerTests'
    pg_part servers "$shard" -method '*ServerKillTests.A_run_survives*'
  done
  wait
  {
    echo "At commit $(cat "$work"/pg.*.done | sort -u | paste -sd ' '), seeds 1 to $pg_shards. Repeat it with \`bench/campaigns.sh postgres\`."
    echo "PostgreSQL 15; in PG → PG the target of the kills and of the lost answers is PostgreSQL 18. Source and target are compared row by row,"
    echo "read through psql and sqlite3. Half of the jobs write into tables without a unique key."
    if compgen -G "$work/pg.*.failed" >/dev/null; then echo; echo "**Failed:** $(cat "$work"/pg.*.failed | paste -sd ';')"; fi
    printf '\n## SIGKILL of pawl at random instants\n\nOnly kills that met an open target transaction were counted towards the goal.\n\n'
    pg_table kills sum all
    printf '\n## COMMITs whose answer was lost on the wire\n\nUp to four in one job; every fifth job also loses answers of transactions that carry no rows.\n\n'
    pg_table lost-answers sum all
    printf '\n## The server killed during a copy, and started again\n\nIn PG → SQLite it is the source. The same run went on.\n\n'
    pg_table server-kills sum all
    printf '\n## A runner stopped (SIGSTOP) inside COPY\n\n'
    pg_table take-over max slowest
    printf '\n## Others\n\n| | |\n|---|---|\n'
    printf '| SIGKILL at every named point, once and twice in a row | %s |\n' "$(pg_passed points 1)"
    printf '| target restored from an older dump, or from a copy of its files | %s |\n' "$(pg_passed restored 1)"
    printf '| stopped and killed runners | %s |\n' "$(pg_passed stopped 1)"
  } >"$work/postgres.md"
fi

if has late; then
  "$bench_root/pawl" version >/dev/null
  built EndToEnd.Tests
  mkdir -p "$work/late"
  PAWL_LATE_ROWS=${CAMPAIGN_LATE_ROWS:-1000000} PAWL_LATE_HOLD=10 PAWL_LATE_WRITERS=8 PAWL_CRASH_RECORD=$work/late \
    PAWL_PROGRAM=$bench_root/artifacts/launch/$(<"$bench_root/artifacts/launch/current")/pawl \
    "$bench_root/artifacts/bin/EndToEnd.Tests/release/Pawl.EndToEnd.Tests" -noColor -class '*LateCommitTests' >"$work/late.log" \
    || { tail -n 20 "$work/late.log" >&2; exit 1; }
  {
    echo "At commit $(commit). Repeat it with \`bench/campaigns.sh late\`."
    echo
    echo "Eight writers hold transactions open for up to ten seconds, commit nine of ten and roll back the tenth, while incremental runs follow them one after"
    echo "another and half of those are killed (SIGKILL). At the end both sides are compared row by row, by hash and by number. PostgreSQL 15; the target of the"
    echo "key cursor has no unique key, so that a row that came twice would be there twice."
    printf '\n| | time | key |\n|---|---:|---:|\n'
    sqlite3 :memory: ".mode tabs" "create table f(campaign, pair, name, value integer);" ".import '|cat $work/late/late-commits.*.tsv' f" ".mode list" \
      "select '| ' || name || ' | ' || sum(value) filter (where pair = 'time') || ' | ' || sum(value) filter (where pair = 'key') || ' |'
        from f group by name order by min(rowid);"
  } >"$work/late.md"
fi

# result NAME TITLE PART…: a page of the parts that were measured
result() {
  local page=$bench_root/bench/results/$1.md title=$2 part; shift 2
  for part in "$@"; do [[ -s $work/$part.md ]] || return 0; done
  {
    echo "# $title"
    echo
    echo "Measured $(date -u +%F) on $(machine), with other work beside them."
    for part in "$@"; do echo; cat "$work/$part.md"; done
  } >"$page"
  cat "$page"
}
result simulation "Simulation" seeds planted
result kills-sqlite "Kills" kills
result postgres-crash "Crashes with PostgreSQL" postgres
result late-commits "Late commits" late
