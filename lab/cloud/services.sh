#!/usr/bin/env bash
# Runs inside the lab. Each call is one phase of a start, so that the seeding can come in between:
#   services.sh databases   database and message broker
#   services.sh schema      tables, keys and cells; needed once for each root
#   services.sh control     everything that needs no service catalog
#   services.sh computes    the computes, and what designate needs to answer
#   services.sh check       fails when a service died, and else marks the lab as ready
# Environment: LAB_IP, LAB_COMPUTES.
set -euo pipefail
export PYTHONPATH=/lab/guest PYTHONPYCACHEPREFIX=/lab/var/pycache HOME=/lab/var no_proxy='*'
run=/run/lab var=/lab/var etc=/lab/etc log=/lab/log
socket=$run/mysql.sock

nova_api=(--config-file "$etc/common.conf" --config-file "$etc/nova.conf")
nova=("${nova_api[@]}" --config-file "$etc/nova-db.conf")
neutron=(--config-file "$etc/common.conf" --config-file "$etc/neutron.conf"
  --config-file "$etc/neutron-ml2.ini")
glance=(--config-file "$etc/common.conf" --config-file "$etc/glance.conf")
cinder=(--config-file "$etc/common.conf" --config-file "$etc/cinder.conf")
designate=(--config-file "$etc/common.conf" --config-file "$etc/designate.conf")
keystone=(--config-file "$etc/keystone.conf")
placement=(--config-file "$etc/placement.conf")

# --- helpers

alive() { [ -s "$run/$1.pid" ] && kill -0 "$(<"$run/$1.pid")" 2>/dev/null; }

# complain NAME WHAT: one line for the person at the machine, with the last thing that the log says
# (not the empty last line of a Python traceback); the whole story is in the log
complain() {
  local last
  last=$(grep -Eav '^ *$|(ERROR|CRITICAL) [^ ]+ *$' "$log/$1.log" | tail -n 1)
  echo "$1 $2: ${last:0:300}" >&2
  exit 1
}
died() { complain "$1" "ended by itself"; }

# start NAME COMMAND...: in a session of its own, so that it can be stopped as a group
start() {
  local name=$1
  shift
  alive "$name" && return
  setsid "$@" >>"$log/$name.log" 2>&1 </dev/null &
  echo $! >"$run/$name.pid"
}

program() { python3 /lab/guest/lab_run.py "$@"; }
start_program() { start "$1" python3 /lab/guest/lab_run.py "${@:2}"; }

# start_wsgi NAME PORT
start_wsgi() {
  start "$1" python3 -m gunicorn --workers 1 --threads 8 --worker-class gthread --timeout 120 \
    --keep-alive 75 --graceful-timeout 2 --worker-tmp-dir /dev/shm -b "$LAB_IP:$2" "lab_wsgi:$1()"
}

# wait_for NAME COMMAND...: until the command succeeds; the first start on a busy machine is slow
wait_for() {
  local name=$1 deadline=$((SECONDS + 180))
  shift
  until "$@" >/dev/null 2>&1; do
    alive "$name" || died "$name"
    [ "$SECONDS" -lt "$deadline" ] || { echo "$name did not answer in 180 s" >&2; exit 1; }
    sleep 0.2
  done
}

answers() { curl -s -o /dev/null -m 5 "http://$LAB_IP:$1/"; }
broker_open() { (exec 3<>/dev/tcp/127.0.0.1/5672); }
sql() { mariadb --no-defaults -uroot -S $socket -e "$1"; }

# in_log NAME COMMAND...: output to a log, its last line to the person when it fails
in_log() {
  local name=$1
  shift
  "$@" >>"$log/$name.log" 2>&1 </dev/null || complain "$name" failed
}

# --- phases

databases() {
  # Erlang's own distribution listens on loopback only, and its schedulers don't spin while idle.
  local name loopback='{127,0,0,1}' schedulers='+sbwt none +S 2:2'
  mkdir -p $var/{nova,glance,neutron,rabbitmq,lock,designate,cinder,keystone}
  [ -d $var/mysql/mysql ] || in_log mariadb-install mariadb-install-db --no-defaults --user=root \
    --datadir=$var/mysql --auth-root-authentication-method=normal --skip-test-db
  # Log to the page cache at each commit: a killed lab loses nothing, a power cut may.
  # MariaDB 11.6 began to fail a transaction with "Record has changed since last read" where it
  # used to wait; OpenStack doesn't try again, so two logins at once could end in a 500.
  start mariadb mariadbd --no-defaults --user=root --datadir=$var/mysql --socket=$socket \
    --skip-networking --pid-file=$run/mariadb.server --innodb-flush-log-at-trx-commit=2 \
    --innodb-snapshot-isolation=OFF \
    --innodb-buffer-pool-size=256M --max-connections=500 --character-set-server=utf8mb3 \
    --collation-server=utf8mb3_general_ci --skip-log-bin
  echo '[].' >$etc/rabbitmq-plugins
  start epmd env ERL_EPMD_ADDRESS=127.0.0.1 epmd -address 127.0.0.1
  start rabbitmq env HOME=$var/rabbitmq ERL_EPMD_ADDRESS=127.0.0.1 \
    RABBITMQ_NODENAME=rabbit@localhost RABBITMQ_CONFIG_FILE=$etc/rabbitmq \
    RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_ENABLED_PLUGINS_FILE=$etc/rabbitmq-plugins \
    RABBITMQ_MNESIA_BASE=$var/rabbitmq/mnesia RABBITMQ_LOG_BASE=$log/rabbitmq \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface $loopback $schedulers" \
    "$(echo /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server)"
  wait_for mariadb sql 'select 1'
  for name in keystone placement glance nova_api nova nova_cell0 neutron designate cinder; do
    sql "create database if not exists $name"
  done
}

schema_of_identity_and_compute() {
  local cell0="mysql+pymysql://root@localhost/nova_cell0?unix_socket=$socket&charset=utf8"
  program keystone.cmd.manage:main "${keystone[@]}" db_sync
  program keystone.cmd.manage:main "${keystone[@]}" fernet_setup \
    --keystone-user root --keystone-group root
  program keystone.cmd.manage:main "${keystone[@]}" credential_setup \
    --keystone-user root --keystone-group root
  # The password goes by environment: arguments are for every process of the machine to read.
  OS_BOOTSTRAP_PASSWORD=$(<$etc/admin-password) program keystone.cmd.manage:main \
    "${keystone[@]}" bootstrap --bootstrap-region-id RegionOne \
    --bootstrap-public-url "http://$LAB_IP:5000/v3" \
    --bootstrap-internal-url "http://$LAB_IP:5000/v3"
  program placement.cmd.manage:main "${placement[@]}" db sync
  program nova.cmd.manage:main "${nova[@]}" api_db sync
  program nova.cmd.manage:main "${nova[@]}" cell_v2 map_cell0 --database_connection "$cell0"
  program nova.cmd.manage:main "${nova[@]}" cell_v2 list_cells | grep ' cell1 ' >/dev/null ||
    program nova.cmd.manage:main "${nova[@]}" cell_v2 create_cell --name cell1
  program nova.cmd.manage:main "${nova[@]}" db sync
}

schema_of_the_rest() {
  program neutron.db.migration.cli:main "${neutron[@]}" upgrade heads
  program glance.cmd.manage:main "${glance[@]}" db_sync
  program designate.cmd.manage:main "${designate[@]}" database sync
  program cinder.cmd.manage:main "${cinder[@]}" db sync
}

# half NAME: a phase's part as a process of its own, with errexit of its own
half() { in_log "$1" bash "$0" "$1"; }

# Two at a time suits two cores.
schema() {
  local first second
  # As root.sh: all that needs the lab waits for it.
  [[ ! -e /proc/self/autogroup ]] || echo -10 >/proc/self/autogroup
  half schema_of_identity_and_compute &
  first=$!
  half schema_of_the_rest &
  second=$!
  wait $first
  wait $second
}

control() {
  local part
  wait_for rabbitmq broker_open
  OS_KEYSTONE_CONFIG_DIR=$etc start_wsgi keystone 5000
  OS_PLACEMENT_CONFIG_DIR=$etc start_wsgi placement 8778
  LAB_ARGUMENTS="${neutron[*]}" start_wsgi neutron 9696
  start_program nova-conductor nova.cmd.conductor:main "${nova[@]}"
  wait_for keystone answers 5000
  start_program nova-api nova.cmd.api:main "${nova[@]}"
  start_program nova-scheduler nova.cmd.scheduler:main "${nova[@]}"
  start_program glance glance.cmd.api:main "${glance[@]}"
  for part in central mdns api worker; do
    start_program designate-$part designate.cmd.$part:main "${designate[@]}"
  done
  for part in api scheduler volume; do
    start_program cinder-$part cinder.cmd.$part:main "${cinder[@]}"
  done
}

# What is asked before central listens is lost, and its answer would be waited for 60 s.
update_pool() {
  OS_DEFAULT__RPC_RESPONSE_TIMEOUT=10 program designate.cmd.manage:main "${designate[@]}" \
    pool update --file $etc/designate-pools.yaml >>$log/designate-pool.log 2>&1
}

computes() {
  local number
  wait_for placement answers 8778
  for ((number = 0; number < LAB_COMPUTES; number++)); do
    mkdir -p "$var/nova/lab-$number/instances"
    start_program "nova-compute-$number" nova.cmd.compute:main "${nova_api[@]}" \
      --config-file "$etc/nova-compute-$number.conf"
  done
  wait_for designate-api answers 9001
  [ -e $var/pool ] || wait_for designate-central update_pool
  touch $var/pool
  # After central: the timers of the producer don't survive an RPC that times out.
  start_program designate-producer designate.cmd.producer:main "${designate[@]}"
  wait_for glance answers 9292
  wait_for nova-api answers 8774
  wait_for neutron answers 9696
  wait_for cinder-api answers 8776
}

check() {
  local file name
  for file in "$run"/*.pid; do
    name=$(basename "$file" .pid)
    alive "$name" || died "$name"
  done
  touch $run/ready
}

"$1"
