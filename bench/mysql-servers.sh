# MariaDB servers for the benchmarks, "source" and "target" or those named in my_servers, on unix sockets in $work/NAME. Source it after
# lib.sh.
[[ -v my_servers ]] || my_servers=(source target)
my_settings=(innodb-buffer-pool-size=1G innodb-log-file-size=2G innodb-flush-log-at-trx-commit=1 innodb-doublewrite=1 skip-log-bin
  max-allowed-packet=64M local-infile=1 character-set-server=utf8mb4 collation-server=utf8mb4_bin default-time-zone=+00:00
  innodb-buffer-pool-dump-at-shutdown=0 innodb-buffer-pool-load-at-startup=0)
my_program=${MARIADBD:-/usr/sbin/mariadbd}
export MYSQL_HISTFILE=/dev/null
unset MYSQL_HOST MYSQL_PWD MYSQL_TCP_PORT MYSQL_UNIX_PORT

start_mysql() {
  local name dir n account=()
  chmod 711 "$work"
  # A server refuses to run as root.
  if [[ $(id -u) == 0 ]]; then account=(--user=mysql); fi
  for name in "${my_servers[@]}"; do
    dir=$work/$name
    if [[ ! -f $dir/ready ]]; then
      rm -rf "$dir"; mkdir -m 700 "$dir"
      if [[ $(id -u) == 0 ]]; then chown mysql "$dir"; fi
      mariadb-install-db --no-defaults --auth-root-authentication-method=normal --skip-test-db --datadir="$dir/data" "${account[@]}" \
        >"$work/$name.init" 2>&1 || { tail -n 5 "$work/$name.init" >&2; exit 1; }
      touch "$dir/ready"
    fi
    # The folder keeps everybody else out; there is no other way in. The locks of this script are not the server's.
    (cd / && exec "$my_program" --no-defaults "${account[@]}" --datadir="$dir/data" --socket="$dir/my.sock" --pid-file="$dir/pid" \
      --log-error="$dir/log" --skip-networking "${my_settings[@]/#/--}" >/dev/null 2>&1 8>&-) &
    for ((n = 0; ; n++)); do
      mariadb-admin --no-defaults -S "$dir/my.sock" -u root ping >/dev/null 2>&1 && break
      ((n < 600)) || { tail -n 5 "$dir/log" >&2; exit 1; }
      sleep 0.1
    done
  done
}

stop_mysql() {
  local name pid
  for name in "${my_servers[@]}"; do
    pid=$(cat "$work/$name/pid" 2>/dev/null) || continue
    mariadb-admin --no-defaults -S "$work/$name/my.sock" -u root shutdown >/dev/null 2>&1 || continue
    while [[ -d /proc/$pid ]]; do sleep 0.1; done
  done
}

# my_sql SERVER DATABASE [mariadb arguments]: from the arguments, or from stdin
my_sql() { mariadb --no-defaults --default-character-set=utf8mb4 --skip-ssl -S "$work/$1/my.sock" -u root -B -N "$2" "${@:3}"; }
my_url() { echo "mysql://root@localhost/$2?socket=$work/$1/my.sock"; }

# my_source_database NAME < SQL: made once, and whole or not at all
my_source_database() {
  local found
  found=$(my_sql "${my_servers[0]}" mysql -e "select 1 from information_schema.tables where table_schema = '$1' and table_name = 'made'")
  if [[ $found == 1 ]]; then cat >/dev/null; return; fi
  say "making the source database $1"
  my_sql "${my_servers[0]}" mysql -e "drop database if exists $1; create database $1"
  my_sql "${my_servers[0]}" "$1"
  my_sql "${my_servers[0]}" "$1" -e 'create table made(n int)'
}

# my_fresh [SQL]: the target database "bench", empty but for what the SQL makes
my_fresh() {
  my_idle
  my_sql "${my_servers[-1]}" mysql -e 'drop database if exists bench; create database bench'
  if [[ -n ${1:-} ]]; then my_sql "${my_servers[-1]}" bench -e "$1" >/dev/null; fi
}

# Waits until nobody is connected: sessions of a program that has ended, or was killed, may still be at work.
my_idle() {
  local name n
  for name in "${my_servers[@]}"; do
    for ((n = 0; ; n++)); do
      [[ $(my_sql "$name" mysql -e "select count(*) from information_schema.processlist where command <> 'Daemon' and id <> connection_id()") \
        == 0 ]] && break
      ((n < 300)) || { say "somebody is still connected to the $name"; exit 1; }
      sleep 0.1
    done
  done
}

# Nothing is left to write or to purge.
my_settle() {
  local name n
  my_idle
  for name in "${my_servers[@]}"; do
    my_sql "$name" mysql -e 'set global innodb_max_dirty_pages_pct = 0, global innodb_max_dirty_pages_pct_lwm = 0'
    for ((n = 0; ; n++)); do
      [[ $(my_sql "$name" mysql -e "select sum(variable_value <= if(variable_name like '%list%', 100, 8)) from information_schema.global_status
        where variable_name in ('innodb_buffer_pool_pages_dirty', 'innodb_history_list_length')") == 2 ]] && break
      ((n < 3000)) || { say "the $name does not come to rest"; exit 1; }
      sleep 0.1
    done
    my_sql "$name" mysql -e 'set global innodb_max_dirty_pages_pct = 90, global innodb_max_dirty_pages_pct_lwm = 0'
  done
}

# CPU seconds a server has used so far
my_cpu() { cut -d')' -f2 "/proc/$(cat "$work/$1/pid")/stat" | awk -v tick="$(getconf CLK_TCK)" '{print ($12 + $13) / tick}'; }
