# PostgreSQL servers for the benchmarks, on unix sockets in $work/NAME: "source" and "target", or those named in pg_servers, of which the
# first is read and the last is written. Source it after lib.sh.
[[ -v pg_servers ]] || pg_servers=(source target)
pg_settings=(shared_buffers=512MB max_wal_size=8GB checkpoint_timeout=30min fsync=on synchronous_commit=on maintenance_work_mem=256MB
  autovacuum=off timezone=UTC)
pg_programs=${PG_PROGRAMS:-/usr/lib/postgresql/15/bin}
export PATH=$pg_programs:$PATH
unset "${!PG@}"
export PGOPTIONS='-c client_min_messages=warning'

# A server refuses to run as root.
as_postgres() { if [[ $(id -u) == 0 ]]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi; }

start_postgres() {
  local name settings
  chmod 711 "$work"
  for name in "${pg_servers[@]}"; do
    local dir=$work/$name
    if [[ ! -f $dir/ready ]]; then
      rm -rf "$dir"; mkdir -m 700 "$dir"
      if [[ $(id -u) == 0 ]]; then chown postgres "$dir"; fi
      as_postgres "$pg_programs/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 >"$work/$name.init" 2>&1 \
        || { tail -n 5 "$work/$name.init" >&2; exit 1; }
      touch "$dir/ready"
    fi
    # The folder keeps everybody else out; there is no other way in.
    settings="-c listen_addresses= -c unix_socket_directories=$dir"
    settings+=$(printf ' -c %s' "${pg_settings[@]}")
    as_postgres "$pg_programs/pg_ctl" -D "$dir/data" -l "$dir/log" -o "$settings" -w -t 120 start >"$work/$name.start" 2>&1 \
      || { cat "$work/$name.start" >&2; exit 1; }
  done
}

stop_postgres() {
  local name
  for name in "${pg_servers[@]}"; do
    as_postgres "$pg_programs/pg_ctl" -D "$work/$name/data" -m fast -w stop >/dev/null 2>&1 || true
  done
}

# sql SERVER DATABASE [psql arguments]: from the arguments, or from stdin
sql() { psql -X -q -A -t -v ON_ERROR_STOP=1 -h "$work/$1" -U postgres -d "$2" "${@:3}"; }
pawl_url() { echo "postgres://postgres@localhost:5432/$2?socket=$work/$1"; }
libpq_url() { echo "postgresql://postgres@/$2?host=$work/$1"; }

# source_database NAME < SQL: made once, and whole or not at all
source_database() {
  local found
  found=$(sql "${pg_servers[0]}" postgres -c "select 1 from pg_database where datname = '$1'")
  if [[ $found == 1 ]]; then cat >/dev/null; return; fi
  say "making the source database $1"
  sql "${pg_servers[0]}" postgres -c 'drop database if exists making' -c 'create database making'
  sql "${pg_servers[0]}" making >/dev/null
  sql "${pg_servers[0]}" making -c 'vacuum (freeze, analyze)'
  sql "${pg_servers[0]}" postgres -c "alter database making rename to $1" -c checkpoint
}

# fresh [SQL]: the target database "bench", empty but for what the SQL makes
fresh() {
  pg_idle
  sql "${pg_servers[-1]}" postgres -c 'drop database if exists bench' -c 'create database bench'
  if [[ -n ${1:-} ]]; then sql "${pg_servers[-1]}" bench -c "$1" >/dev/null; fi
}

# Waits until nobody is connected: sessions of a program that has ended, or was killed, may still be at work.
pg_idle() {
  local name n
  for name in "${pg_servers[@]}"; do
    for ((n = 0; ; n++)); do
      [[ $(sql "$name" postgres -c "select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()") \
        == 0 ]] && break
      ((n < 300)) || { say "somebody is still connected to the $name"; exit 1; }
      sleep 0.1
    done
  done
}

# CPU seconds a server has used so far: ended processes as their parent has counted them, and those that live. Read again when one ended meanwhile.
pg_cpu() {
  local parent child counted living
  parent=$(head -n 1 "$work/$1/data/postmaster.pid")
  while
    counted=$(cut -d')' -f2 "/proc/$parent/stat" | awk '{print $12 + $13 + $14 + $15}')
    living=$(for child in $(pgrep -P "$parent"); do cut -d')' -f2 "/proc/$child/stat" 2>/dev/null || true; done | awk '{s += $12 + $13} END {print s + 0}')
    [[ $counted != "$(cut -d')' -f2 "/proc/$parent/stat" | awk '{print $12 + $13 + $14 + $15}')" ]]
  do :; done
  awk "BEGIN {print ($counted + $living) / $(getconf CLK_TCK)}"
}

# Nothing is left to write.
pg_settle() {
  local name
  pg_idle
  for name in "${pg_servers[@]}"; do sql "$name" postgres -c checkpoint; done
}

# 12 columns, about 150 bytes a row, the same for the same row number; the key is the only thing that differs
orders_columns() {
  echo "id $1 not null, customer_id integer not null, items integer not null, amount numeric(12,2) not null, status text not null, city text,
    note text, placed_at timestamptz not null, ship_on date, paid boolean not null, token uuid not null, details jsonb"
}
orders() { # orders DATABASE ROWS [key type] [key of row i]
  source_database "$1" <<SQL
    create table orders($(orders_columns "${3:-bigint}"));
    insert into orders select ${4:-i}, (i * 7919) % 100003 + 1, i % 7 + 1, (i % 999983) / 100.0,
      (array['new', 'paid', 'sent', 'done', 'back'])[i % 5 + 1], (array['上海', '北京', '广州', null])[i % 4 + 1],
      'order ' || i || ' of the benchmark', timestamptz '2024-01-01' + i * interval '1.25 seconds',
      case when i % 10 = 0 then null else date '2024-01-01' + (i % 700)::integer end, i % 3 <> 0, md5('token ' || i)::uuid,
      case when i % 8 = 0 then null else jsonb_build_object('n', i % 1000, 'gift', i % 2 = 0) end
      from generate_series(1::bigint, $2) i;
    alter table orders add primary key (id);
SQL
}

# Row count and the sum of a hash of every row, computed by the server
digest() { # digest SERVER DATABASE [columns] [table]
  sql "$1" "$2" -c "select count(*) || ' ' || coalesce(sum(hash_record_extended(row(${3:-t.*}), 0)), 0) from ${4:-orders} t"
}
