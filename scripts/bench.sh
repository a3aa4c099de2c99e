#!/bin/sh
# bench.sh: builds what is measured and runs bench, with SQLite and PostgreSQL beside it
# where they can be had. Further arguments go to bench; see its --help.
#
#   BENCH=full    the sizes of a national installation: hours, and about 60 GB of disk
#   BENCH_DIR     scratch directory; its disk is the one measured (default var/bench)
#
# PostgreSQL runs as a user without privileges, on a socket inside the scratch directory
# and on no port, and is stopped at the end.
set -eu
cd "$(dirname "$0")/.."

go=${GO:-go}
dir=${BENCH_DIR:-var/bench}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
pg=$dir/postgres

CGO_ENABLED=0 "$go" build -trimpath -o bin/bench ./bench
set -- --daemon bin/clearingd --dir "$dir" "$@"
[ "${BENCH:-}" != full ] || set -- --full "$@"

if command -v "${CC:-gcc}" >/dev/null 2>&1 && CGO_ENABLED=1 "$go" -C bench/peers build -trimpath -o "$PWD/bin/bench-peers" .; then
	set -- --peers bin/bench-peers "$@"
else
	echo "bench: NOT BUILT: the peers need a C compiler and their modules; SQLite and PostgreSQL are left out" >&2
fi

# PostgreSQL refuses to run as root.
as() { "$@"; }
if [ "$(id -u)" -eq 0 ]; then
	as() { runuser -u postgres -- "$@"; }
fi

pg_bin=""
for found in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/local/pgsql/bin; do
	[ ! -x "$found/initdb" ] || pg_bin=$found
done
[ -n "$pg_bin" ] || ! command -v initdb >/dev/null 2>&1 || pg_bin=$(dirname "$(command -v initdb)")

pg_started=""
stop() {
	code=$?
	trap - EXIT
	if [ -n "$pg_started" ]; then
		as "$pg_bin/pg_ctl" -D "$pg/data" -m fast -w stop >/dev/null || code=1
	fi
	rm -rf "$pg"
	exit "$code"
}
trap stop EXIT
trap 'exit 130' INT TERM

start_postgres() {
	rm -rf "$pg"
	mkdir -p "$pg"
	if [ "$(id -u)" -eq 0 ]; then
		id postgres >/dev/null 2>&1 || return 1
		chmod 711 "$dir"
		chown postgres "$pg"
	fi
	# The server starts in the directory it is given, so that paths stay short and readable for its user.
	( cd "$pg" &&
		as "$pg_bin/initdb" -D "$pg/data" -U bench -A trust --no-instructions >"$pg.log" 2>&1 &&
		as "$pg_bin/pg_ctl" -D "$pg/data" -l "$pg/server.log" -w -o "-c listen_addresses='' -k $pg" start >>"$pg.log" 2>&1 ) || return 1
	pg_started=yes
}

if [ -z "$pg_bin" ]; then
	echo "bench: NOT INSTALLED: PostgreSQL (apt-get install postgresql); it is left out" >&2
elif start_postgres; then
	set -- --postgres "host=$pg user=bench dbname=postgres" "$@"
else
	echo "bench: PostgreSQL did not start, it is left out:" >&2
	tail -n 5 "$pg.log" >&2
fi
rm -f "$pg.log"

bin/bench "$@"
