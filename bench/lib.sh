# Shared by the benchmarks: paired timing in one run, medians, a Markdown table. Source it; needs bash 5, awk, /usr/bin/time (Debian: time).
# The second half is for benchmarks of servers.
set -euo pipefail
export LC_ALL=C
bench_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
work=${BENCH_DIR:-$(mktemp -d "${TMPDIR:-/tmp}/pawl-bench.XXXXXX")}
mkdir -p "$work"

say() { echo "bench: $*" >&2; }

# timed LABEL COMMAND…  → appends "seconds peak-RSS-KiB user-seconds system-seconds" to $work/LABEL.times; stops when the command fails
timed() {
  local label=$1; shift
  if ! /usr/bin/time -f '%e %M %U %S' -o "$work/time.out" "$@" >"$work/$label.out" 2>"$work/$label.err"; then
    say "failed: $*"; tail -n 5 "$work/$label.err" >&2; exit 1
  fi
  cat "$work/time.out" >>"$work/$label.times"
}

# column LABEL N → that column of all counted runs, one per line
column() { awk -v n="$2" '{print $n}' "$work/$1.times"; }

median() { sort -g | awk '{v[NR]=$1} END {if (NR==0) exit 1; print (NR%2) ? v[(NR+1)/2] : (v[NR/2]+v[NR/2+1])/2}'; }

# ratios A B → A/B pair by pair
ratios() { paste <(column "$1" 1) <(column "$2" 1) | awk '{printf "%.3f\n", $1/$2}'; }

spread() { sort -g | awk '{v[NR]=$1} END {printf "%s–%s", v[1], v[NR]}'; }

machine() {
  echo "$(nproc) cores, $(awk '/MemTotal/ {printf "%.0f GiB", $2/1048576}' /proc/meminfo), $(uname -sr), .NET $(dotnet --version)"
}

# ---- Against servers. The script that sources this says what servers do: settle, source_cpu, target_cpu.

pawl=$bench_root/pawl

# need PROGRAM:PACKAGE…: what is missing comes from Debian
need() {
  local program missing=()
  for program in "$@"; do command -v "${program%%:*}" >/dev/null || missing+=("${program##*:}"); done
  ((${#missing[@]})) || return 0
  [[ $(id -u) == 0 ]] || { say "missing: ${missing[*]} (install them, or run this as root on Debian)"; exit 1; }
  # The package must not start a server of its own.
  [[ -e /etc/postgresql-common/createcluster.conf ]] \
    || { mkdir -p /etc/postgresql-common && echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf; }
  say "installing ${missing[*]}"
  { apt-get -o DPkg::Lock::Timeout=300 update && DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
    install -y --no-install-recommends "${missing[@]}"; } >"$work/install.log" 2>&1 || { tail -n 5 "$work/install.log" >&2; exit 1; }
}

# choose PART…: what was asked for, of the parts in $every
choose() {
  parts=("$@")
  ((${#parts[@]})) || parts=("${every[@]}" page)
  [[ ${parts[*]} != all ]] || parts=("${every[@]}" page)
  pairs=${PAIRS:-5}
  for part in "${parts[@]}"; do
    [[ " ${every[*]} page clean " == *" $part "* ]] || { say "no part $part; there are: ${every[*]} page clean"; exit 2; }
  done
}

# measured LABEL COMMAND…: timed, on servers that have nothing left to write; columns 5 and 6 are the CPU seconds of source and target
measured() {
  local source_before target_before
  settle; sync
  source_before=$(source_cpu) target_before=$(target_cpu)
  timed "$@"
  idle
  sed -i "\$s/\$/ $(awk "BEGIN {print $(source_cpu) - $source_before, $(target_cpu) - $target_before}")/" "$work/$1.times"
}

job() { # job NAME SOURCE TARGET TABLES [extra YAML] → $work/NAME.yaml
  printf 'version: 1\nname: bench\nsource: %s\ntarget: %s\ntables: %s\n%s\n%s\n' "$2" "$3" "$4" \
    "${PARALLEL:+parallel: $PARALLEL}" "${5:-}" >"$work/$1.yaml"
}
run_pawl() { # run_pawl LABEL: the job of that name, timed
  measured "$1" "$pawl" run "$work/$1.yaml" --quiet
}
same() { # same WHAT WANTED FOUND
  [[ $2 == "$3" ]] || { say "$1: wrong copy: wanted '$2', found '$3'"; exit 1; }
}

# rounds FUNCTION…: each makes ready, measures and checks one run under its own name as label; alternating, after one warm-up each
rounds() {
  local n tool
  for tool in "$@"; do rm -f "$work/$tool.times"; done
  for ((n = 0; n <= pairs; n++)); do
    for tool in "$@"; do
      "$tool" "$tool"
      say "$part $n/$pairs: $tool $(tail -n 1 "$work/$tool.times" | awk '{print $1}') s"
    done
    if ((n == 0)); then for tool in "$@"; do rm "$work/$tool.times"; done; fi
  done
}
row() { printf '%s\t%s\t%s\t%s\t%s\n' "$@" >>"$work/parts/$part.tsv"; say "$1 | $2 | $3 | $4 | $5"; }
against() { # against WHAT OPPONENT GOAL LABEL-A LABEL-B [note]
  row "$1" "$2" "$(ratios "$4" "$5" | median) ($(ratios "$4" "$5" | spread))" "$3" \
    "$(column "$4" 1 | median) s against $(column "$5" 1 | median) s; CPU $(cpu "$4") against $(cpu "$5")${6:+; $6}"
}
cpu() { # seconds of the programs + the source's server + the target's server, medians
  echo "$(awk '{print $3 + $4}' "$work/$1.times" | median | awk '{printf "%.1f", $1}') + $(column "$1" 5 | median | awk '{printf "%.1f", $1}')$(
    ) + $(column "$1" 6 | median | awk '{printf "%.1f", $1}') s"
}
peak() { column "$1" 2 | sort -g | tail -n 1 | awk '{printf "%.0f MB", $1/1024}'; }

# finished → whole and missing: a part that was only tried, with ROWS, PAIRS or PARALLEL set, counts as not measured.
finished() {
  local name
  whole=() missing=()
  for name in "${every[@]}"; do
    if [[ -s $work/parts/$name.tsv ]] && grep -q '^full' "$work/parts/$name.run"; then whole+=("$name"); else missing+=("$name"); fi
  done
  ((${#whole[@]})) || { say "no page: nothing was measured"; return 1; }
}

# when → "DATES at commit COMMITS on MACHINE", of the parts that are whole
when() {
  local runs=("${whole[@]/#/$work/parts/}")
  runs=("${runs[@]/%/.run}")
  echo "$(cut -f 2 "${runs[@]}" | sort -u | paste -sd, | sed 's/,/, /g') at commit $(cut -f 3 "${runs[@]}" | sort -u | paste -sd, \
    | sed 's/,/, /g') on $(machine)"
}

table() {
  local name
  echo "| what | against | measured | goal | |"
  echo "|---|---|---|---|---|"
  for name in "${whole[@]}"; do
    awk -F'\t' '{printf "| %s | %s | **%s** | %s | %s |\n", $1, $2, $3, $4, $5}' "$work/parts/$name.tsv"
  done
  if ((${#missing[@]})); then
    echo
    echo "Parts of the script that were not measured: ${missing[*]}."
  fi
}

# show README MARKER SENTENCE: the READMEs hold the table of $work/report.md; a test holds them to the committed result.
show() {
  grep -q "<!-- performance: $2 -->" "$bench_root/$1" || { say "$1 has no place for $2"; exit 1; }
  { echo "$3"; echo; grep '^|' "$work/report.md"; } >"$work/table.md"
  sed -i -e "/<!-- performance: $2 -->/,/<!-- end -->/{//!d}" -e "/<!-- performance: $2 -->/r $work/table.md" "$bench_root/$1"
}

# measure: the chosen parts, one after another; "page" is a function of the script's
measure() {
  local how
  if [[ ${parts[*]} == clean ]]; then stop_servers; rm -rf "$work"; exit; fi
  if [[ ${parts[*]} != page ]]; then
    "$pawl" version >/dev/null
    start_servers
  fi
  for part in "${parts[@]}"; do
    [[ $part != page ]] || { page; continue; }
    rm -f "$work/parts/$part".{tsv,run}
    "part_$part"
    how=full
    [[ -z ${ROWS:-}${PARALLEL:-} ]] && ((pairs >= 5)) || how=tried
    printf '%s\t%s\t%s\n' "$how" "$(date -u +%F)" "$(git -C "$bench_root" rev-parse --short HEAD)" >"$work/parts/$part.run"
  done
}
