# Shared by the benchmarks: paired timing in one run, medians, a Markdown table. Source it; needs bash 5, awk, /usr/bin/time (Debian: time).
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
