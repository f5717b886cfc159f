#!/bin/sh
# SPDX-License-Identifier: MIT
# The doctor's rows of the link: a socket, TCP with and without TLS, a certificate that is checked, and Debian's pgbouncer in each of
# its modes. Nothing is walked through a pooler. The server listens on an address of this process's own: all of 127/8 is this machine.
# shellcheck disable=SC2154,SC2034
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/lib_servers.sh
. tests/lib_servers.sh
at=127.$((64 + $$ / 62500 % 64)).$((1 + $$ / 250 % 250)).$((1 + $$ % 250))
pooler=""
# shellcheck disable=SC2317 # the trap calls it
end() {
	[ -z "$pooler" ] || { kill "$pooler" && wait "$pooler"; } 2>/dev/null
	servers_end
}

doctor() { # conninfo
	conn=$1
	"$GATEWALK" doctor -d "$conn" --json >"$now/json" 2>"$now/errors"
}

# The row as "state: now", and its fix.
row() { # id
	psql -XAtq -d postgres -v "j=$(cat "$now/json")" -v "id=$1" <<'END' 2>/dev/null
SELECT (r ->> 'state') || ': ' || (r ->> 'now') || coalesce(' > ' || nullif(r ->> 'fix', ''), '') FROM json_array_elements(:'j'::json -> 'rows') r WHERE r ->> 'id' = :'id';
END
}

is() { # id wanted text
	got=$(row "$1")
	say "$(yes_if [ "$got" = "$2" ])" "$3: $got$(cat "$now/errors")"
}

servers_new "listen_addresses='$at'"
trap end EXIT
db=postgres
fix="add sslmode=verify-full sslrootcert=FILE to the connection string"
none="ok: none in between"

doctor "dbname=postgres"
is tls "ok: a socket of this machine" "a socket"
is pooler "$none" "with nothing in between"
tcp="host=db.test hostaddr=$at user=postgres dbname=postgres"
as_server sh -c "echo 'host all all $at/32 trust' >>'$now/pg/data/pg_hba.conf'"
sql "SELECT pg_reload_conf()" >/dev/null
doctor "$tcp"
is tls "warn: not encrypted, sslmode=prefer > $fix" "TCP, and the server has no TLS"
is pooler "$none" "with nothing in between"
doctor "$tcp sslmode=require"
say "$(yes_if grep -q 'does not support SSL' "$now/errors")" "TLS is asked for and is not there: $(head -n 1 "$now/errors")"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=db.test -addext subjectAltName=DNS:db.test \
	-keyout "$now/server.key" -out "$now/server.crt" >/dev/null 2>&1 || exit 1
for f in key crt; do
	as_server sh -c "umask 077; cat >'$now/pg/data/server.$f'" <"$now/server.$f" || exit 1
done
sql "ALTER SYSTEM SET ssl = on" && sql "SELECT pg_reload_conf()" >/dev/null
doctor "$tcp"
is tls "warn: encrypted, sslmode=prefer > $fix" "TLS that nobody checks"
doctor "$tcp sslmode=verify-ca sslrootcert=$now/server.crt"
is tls "warn: encrypted, sslmode=verify-ca > $fix" "the certificate is checked, but not whose it is"
doctor "$tcp sslmode=verify-full sslrootcert=$now/server.crt"
is tls "ok: encrypted, sslmode=verify-full" "certificate and name are checked"
doctor "host=other.test hostaddr=$at user=postgres dbname=postgres sslmode=verify-full sslrootcert=$now/server.crt"
say "$(yes_if grep -q 'does not match host name' "$now/errors")" "another server's certificate is refused: $(head -n 1 "$now/errors")"
doctor "$tcp sslmode=disable"
is tls "warn: not encrypted, sslmode=disable > $fix" "TLS that is there and not used"

# ---- a pooler ----
bouncer=$(PATH=$PATH:/usr/sbin command -v pgbouncer) || { say false "pgbouncer is here"; exit 1; }
as_server mkdir -p "$now/pg/pool"
through() { # mode: sets conn
	[ -z "$pooler" ] || { kill "$pooler" && wait "$pooler"; } 2>/dev/null
	as_server tee "$now/pg/pool/ini" >/dev/null <<-END
		[databases]
		* = host=$now/pg port=$PGPORT user=postgres
		[pgbouncer]
		listen_addr = $at
		listen_port = 6432
		unix_socket_dir =
		auth_type = any
		pool_mode = $1
		ignore_startup_parameters = extra_float_digits, options
	END
	as_server "$bouncer" -q "$now/pg/pool/ini" >"$now/pooler" 2>&1 &
	pooler=$!
	conn="host=$at port=6432 user=postgres dbname=postgres"
	tries=0
	until psql -XAtqc "SELECT 1" "$conn" >/dev/null 2>&1; do
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] || { cat "$now/pooler"; return 1; }
		sleep 0.1
	done
}

refused() { # text
	say "$(yes_if grep -q 'there is a connection pooler in between' "$now/said")" "$1: $(grep '^error\|^stage\|^gatewalk' "$now/said")"
}

for mode in session transaction statement; do
	through $mode || { say false "pgbouncer runs"; exit 1; }
	doctor "$conn"
	rc=$?
	is pooler "missing: a pooler is in between: the backend is not the one that was logged in to > give the server's own address and port with -d" "pgbouncer, a $mode each"
	say "$(yes_if [ "$rc" -ne 0 ])" "and doctor does not end as if all were well: $rc"
	"$GATEWALK" init --environment rehearsal -d "$conn" --key "$now/home/bare" >"$now/said" 2>&1
	refused "no database is marked through it"
	say "$(yes_if [ "$(sql "SELECT count(*) FROM pg_namespace WHERE nspname = 'gatewalk'")" = 0 ])" "and nothing was made there"
done
through session || { say false "pgbouncer runs"; exit 1; }
place_walk beside 10 1
direct=$conn
conn="host=$at port=6432 user=postgres dbname=beside"
go begin
refused "no walk begins through it"
conn=$direct
go begin
say "$(yes_if [ "$(stage)" = snapshot ])" "it begins beside it: $(stage)"
conn="host=$at port=6432 user=postgres dbname=beside"
go act:snapshot
refused "nor does one go on"
agree resync
refused "nor is it made to agree"
"$GATEWALK" uninstall -d "$conn" >"$now/said" 2>&1
refused "nor is anything taken away"
exit "$failed"
