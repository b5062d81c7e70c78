#!/usr/bin/env bash
# The large campaigns, once: seeds of the simulation, planted bugs, kills of the real program; writes bench/results/simulation.md,
# kills-sqlite.md, postgres-crash.md, mysql-crash.md and late-commits.md.
#   bench/campaigns.sh               everything (hours on two cores)
#   bench/campaigns.sh seeds kills   only these parts: seeds planted kills postgres mysql late
# CAMPAIGN_SEEDS (1000000), CAMPAIGN_CHUNK (50000), CAMPAIGN_KILLS (1000), CAMPAIGN_SHARDS (10: seeds of postgres and of mysql, each with 7 kills a
# pair, 10 lost answers a pair and 2 ended servers a pair), CAMPAIGN_LATE_ROWS (1000000 for each kind of cursor), CAMPAIGN_JOBS (2: parts side by
# side), CAMPAIGN_UNDER (a command that their tests run under, as nice), BENCH_DIR (a fresh folder, removed at the end; with a folder of its own
# a campaign goes on after the parts that are already there)
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
seeds=${CAMPAIGN_SEEDS:-1000000} chunk=${CAMPAIGN_CHUNK:-50000} kills=${CAMPAIGN_KILLS:-1000}
shards=${CAMPAIGN_SHARDS:-10} side_by_side=${CAMPAIGN_JOBS:-2} crash_build=$bench_root/artifacts/campaign
# The named points, in so many parts of the campaign.
pieces=12
parts=${*:-seeds planted kills postgres mysql late}
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

# crash_part CAMPAIGN NAME SEED FILTER… : one part of it, once; what it came to lies in $work/CAMPAIGN, its words in $work/CAMPAIGN.NAME.SEED.log
crash_part() {
  local campaign=$1 name=$2 seed=$3 log=$work/$1.$2.$3.log points=all; shift 3
  [[ $name != points ]] || points=$seed/$pieces
  [[ -e $log.done ]] && return 0
  while (( $(jobs -r | wc -l) >= side_by_side )); do wait -n || true; done
  {
    # shellcheck disable=SC2086
    PAWL_KILL_SEED=$seed PAWL_CRASH_RECORD=$work/$campaign PAWL_KILL_POINTS=$points PAWL_KILLS=7 PAWL_LOST_ANSWERS=10 PAWL_SERVER_KILLS=2 PAWL_DDL_ROWS=500000 \
      PAWL_PROGRAM=$crash_build/app/pawl \
      ${CAMPAIGN_UNDER:-} "$crash_build/tests/Pawl.EndToEnd.Tests" -noColor -maxThreads 1 "$@" >"$log" 2>&1 || echo "$name, seed $seed" >"$log.failed"
    [[ ! -e $log.failed ]] || say "$campaign: $name, seed $seed: failed, see $log"
    cp "$work/crash.commit" "$log.done"
    say "$campaign: $name, seed $seed"
  } &
}

# crash_table CAMPAIGN KIND AGGREGATE NAME: figures of that kind, one column a pair, and NAME for AGGREGATE (sum, max) of all
crash_table() {
  local pair columns="" line="|---|"
  for pair in "${pairs[@]}"; do columns+=" || ' | ' || coalesce($3(value) filter (where pair = '$pair'), '–')" line+="---:|"; done
  printf '| |'; printf ' %s |' "${pairs[@]}" "$4"; printf '\n%s---:|\n' "$line"
  sqlite3 :memory: ".mode tabs" "create table f(campaign, pair, name, value integer);" ".import '|cat $work/$1/$2.*.tsv' f" ".mode list" \
    "select '| ' || name$columns || ' | ' || $3(value) || ' |' from f group by name order by min(rowid);"
}

# crash_passed CAMPAIGN NAME: what the runner counted
crash_passed() {
  cat "$work/$1.$2".*.log | sed -n 's/.*Total: \([0-9]*\), Errors: \([0-9]*\), Failed: \([0-9]*\).*/\1 \2 \3/p' \
    | awk '{total += $1; failed += $2 + $3} END {print total " tests, " failed " failed"}'
}

# crash CAMPAIGN: all of its parts
crash() {
  local campaign=$1 folder=Postgres kind=Pg restored=RestoredTargetTests shard
  [[ $campaign == postgres ]] || { folder=MySql kind=My restored=MyRestoredTargetTests; }
  mkdir -p "$work/$campaign"
  # The program as users have it, compiled ahead; both out of the way of later builds, in the checkout that the tests look for.
  if [[ ! -e $work/crash.commit ]]; then
    "$bench_root/pawl" version >/dev/null
    built EndToEnd.Tests
    rm -rf "${crash_build:?}" && mkdir -p "$crash_build"
    cp -r "$bench_root/artifacts/launch/$(<"$bench_root/artifacts/launch/current")" "$crash_build/app"
    cp -r "$bench_root/artifacts/bin/EndToEnd.Tests/release" "$crash_build/tests"
    commit >"$work/crash.commit"
  fi
  for ((shard = 1; shard <= shards; shard++)); do
    crash_part "$campaign" kills "$shard" -class "*Crash.$folder.*" -method "*Kills_with_a_transaction_open*"
    crash_part "$campaign" answers "$shard" -class "*Crash.$folder.*" -method "*Answers_lost_at_random*"
    crash_part "$campaign" servers "$shard" -class "*Crash.$folder.*" -method "*A_run_survives*"
  done
  crash_part "$campaign" restored 1 -class "*Crash.$folder.$restored"
  crash_part "$campaign" stopped 1 -class "*Crash.$folder.${kind}ZombieTests"
  crash_part "$campaign" sure 1 -class "*Crash.$folder.*" -method "*A_commit_without_an_answer*"
  crash_part "$campaign" given-up 1 -class "*Crash.$folder.*" -method "*A_run_that_may_not_wait*"
  [[ $campaign == postgres ]] || crash_part "$campaign" ddl 1 -class "*Crash.MySql.MyDdlKillTests"
  for ((shard = 1; shard <= pieces; shard++)); do
    crash_part "$campaign" points "$shard" -class "*Crash.$folder.${kind}NamedKillTests"
  done
  wait
}

# crash_page CAMPAIGN WORDS: what it came to
crash_page() {
  local campaign=$1
  echo "At commit $(cat "$work/$campaign".*.done | sort -u | paste -sd ' '), seeds 1 to $shards. Repeat it with \`bench/campaigns.sh $campaign\`."
  echo "$2"
  if compgen -G "$work/$campaign.*.failed" >/dev/null; then echo; echo "**Failed:** $(cat "$work/$campaign".*.failed | paste -sd ';')"; fi
  printf '\n## SIGKILL of pawl at random instants\n\nOnly kills that met an open target transaction were counted towards the goal.\n\n'
  crash_table "$campaign" kills sum all
  printf '\n## COMMITs whose answer was lost on the wire\n\nUp to four in one job; every fifth job also loses answers of transactions that carry no rows.\n\n'
  crash_table "$campaign" lost-answers sum all
  printf '\n## The server ended during a copy, and started again\n\nThe target'"'"'s, or, where the target is of another kind, the source'"'"'s. The same run went on.\n\n'
  crash_table "$campaign" server-kills sum all
  printf '\n## A runner stopped (SIGSTOP) inside a load of rows\n\n'
  crash_table "$campaign" take-over max slowest
  printf '\n## Others\n\n| | |\n|---|---|\n'
  printf '| SIGKILL at every named point, once and twice in a row | %s |\n' "$(crash_passed "$campaign" points)"
  [[ $campaign == postgres ]] || printf '| pawl or the server killed while a long CREATE TABLE, index or ALTER ran | %s |\n' "$(crash_passed "$campaign" ddl)"
  printf '| target restored from an older dump, or from a copy of its files | %s |\n' "$(crash_passed "$campaign" restored)"
  printf '| stopped and killed runners | %s |\n' "$(crash_passed "$campaign" stopped)"
  printf '| one kind of lost answer, and what had become of its COMMIT | %s |\n' "$(crash_passed "$campaign" sure)"
  printf '| runs that may not wait for the ended server: exit 5, and the next one goes on | %s |\n' "$(crash_passed "$campaign" given-up)"
}

if has postgres; then
  pairs=("PG → PG" "SQLite → PG" "PG → SQLite")
  crash postgres
  crash_page postgres "PostgreSQL 15; in PG → PG the target of the kills and of the lost answers is PostgreSQL 18. Source and target are compared row by row,
read through psql and sqlite3. Half of the jobs write into tables without a unique key." >"$work/postgres.md"
fi

if has mysql; then
  pairs=("MariaDB → MariaDB" "MariaDB → PG" "PG → MariaDB" "SQLite → MariaDB")
  crash mysql
  crash_page mysql "MariaDB 10.11, PostgreSQL 15. Source and target are compared row by row, read through mariadb, psql and sqlite3. Half of the jobs
write into tables without a unique key." >"$work/mysql.md"
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
result mysql-crash "Crashes with MariaDB" mysql
result late-commits "Late commits" late
