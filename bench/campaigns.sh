#!/usr/bin/env bash
# The large campaigns, once: seeds of the simulation, planted bugs, kills of the real program; writes bench/results/simulation.md and kills-sqlite.md.
#   bench/campaigns.sh               everything (hours on two cores)
#   bench/campaigns.sh seeds kills   only these parts: seeds planted kills
# CAMPAIGN_SEEDS (1000000), CAMPAIGN_CHUNK (50000), CAMPAIGN_KILLS (1000), BENCH_DIR (a fresh folder, removed at the end; with a folder of
# its own a campaign goes on after the chunks that are already there)
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
seeds=${CAMPAIGN_SEEDS:-1000000} chunk=${CAMPAIGN_CHUNK:-50000} kills=${CAMPAIGN_KILLS:-1000}
parts=${*:-seeds planted kills}
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
