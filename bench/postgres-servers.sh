# Two PostgreSQL servers for the benchmarks, "source" and "target", on unix sockets in $work/source and $work/target. Source it after lib.sh.
pg_settings=(shared_buffers=512MB max_wal_size=8GB checkpoint_timeout=30min fsync=on synchronous_commit=on maintenance_work_mem=256MB
  autovacuum=off timezone=UTC)
pg_programs=${PG_PROGRAMS:-/usr/lib/postgresql/15/bin}
export PATH=$pg_programs:$PATH
unset "${!PG@}"
export PGOPTIONS='-c client_min_messages=warning'

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

# A server refuses to run as root.
as_server() { if [[ $(id -u) == 0 ]]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi; }

start_servers() {
  local name settings
  chmod 711 "$work"
  for name in source target; do
    local dir=$work/$name
    if [[ ! -f $dir/ready ]]; then
      rm -rf "$dir"; mkdir -m 700 "$dir"
      if [[ $(id -u) == 0 ]]; then chown postgres "$dir"; fi
      as_server "$pg_programs/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 >"$work/$name.init" 2>&1 \
        || { tail -n 5 "$work/$name.init" >&2; exit 1; }
      touch "$dir/ready"
    fi
    # The folder keeps everybody else out; there is no other way in.
    settings="-c listen_addresses= -c unix_socket_directories=$dir"
    settings+=$(printf ' -c %s' "${pg_settings[@]}")
    as_server "$pg_programs/pg_ctl" -D "$dir/data" -l "$dir/log" -o "$settings" -w -t 120 start >"$work/$name.start" 2>&1 \
      || { cat "$work/$name.start" >&2; exit 1; }
  done
}

stop_servers() {
  local name
  for name in source target; do
    as_server "$pg_programs/pg_ctl" -D "$work/$name/data" -m fast -w stop >/dev/null 2>&1 || true
  done
}

# sql SERVER DATABASE [psql arguments]: from the arguments, or from stdin
sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -h "$work/$1" -U postgres -d "$2" "${@:3}"; }
pawl_url() { echo "postgres://postgres@localhost:5432/$2?socket=$work/$1"; }
libpq_url() { echo "postgresql://postgres@/$2?host=$work/$1"; }

# source_database NAME < SQL: made once, and whole or not at all
source_database() {
  local found
  found=$(sql source postgres -c "select 1 from pg_database where datname = '$1'")
  if [[ $found == 1 ]]; then cat >/dev/null; return; fi
  say "making the source database $1"
  sql source postgres -c 'drop database if exists making' -c 'create database making'
  sql source making >/dev/null
  sql source making -c 'vacuum (freeze, analyze)'
  sql source postgres -c "alter database making rename to $1" -c checkpoint
}

# fresh [SQL]: the target database "bench", empty but for what the SQL makes
fresh() {
  idle
  sql target postgres -c 'drop database if exists bench' -c 'create database bench'
  if [[ -n ${1:-} ]]; then sql target bench -c "$1" >/dev/null; fi
}

# Waits until nobody is connected: sessions of a program that has ended, or was killed, may still be at work.
idle() {
  local name n
  for name in source target; do
    for ((n = 0; ; n++)); do
      [[ $(sql "$name" postgres -c "select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()") \
        == 0 ]] && break
      ((n < 300)) || { say "somebody is still connected to the $name"; exit 1; }
      sleep 0.1
    done
  done
}

# CPU seconds a server has used so far: ended processes as their parent has counted them, and those that live. Read again when one ended meanwhile.
server_cpu() {
  local parent child counted living
  parent=$(head -n 1 "$work/$1/data/postmaster.pid")
  while
    counted=$(cut -d')' -f2 "/proc/$parent/stat" | awk '{print $12 + $13 + $14 + $15}')
    living=$(for child in $(pgrep -P "$parent"); do cut -d')' -f2 "/proc/$child/stat" 2>/dev/null || true; done | awk '{s += $12 + $13} END {print s + 0}')
    [[ $counted != "$(cut -d')' -f2 "/proc/$parent/stat" | awk '{print $12 + $13 + $14 + $15}')" ]]
  do :; done
  awk "BEGIN {print ($counted + $living) / $(getconf CLK_TCK)}"
}

# measured LABEL COMMAND…: timed, on servers that have nothing left to write; columns 5 and 6 are the CPU seconds of source and target
measured() {
  local source_before target_before
  idle
  sql source postgres -c checkpoint; sql target postgres -c checkpoint; sync
  source_before=$(server_cpu source) target_before=$(server_cpu target)
  timed "$@"
  idle
  sed -i "\$s/\$/ $(awk "BEGIN {print $(server_cpu source) - $source_before, $(server_cpu target) - $target_before}")/" "$work/$1.times"
}
