# daemon.sh: sourced by the demonstrations. Starts bin/clearingd on a fresh directory
# and free ports, and stops it again whatever happens.
#
#   daemon_start DIR FLAG...   leaves the broker's address in $CLEARCTL_NATS
#   daemon_stop                fails unless the daemon stops cleanly

daemon_pid=""

daemon_start() {
	daemon_dir=$1
	shift
	daemon_fresh
	daemon_log=$daemon_dir/clearingd.log
	: >"$daemon_log" # there before it is read, however late the daemon opens it
	bin/clearingd --state "$daemon_dir" --nats 127.0.0.1:0 --http 127.0.0.1:0 "$@" \
		</dev/null >>"$daemon_log" 2>&1 &
	daemon_pid=$!
	trap 'daemon_abandon' EXIT
	trap 'exit 130' INT TERM
	echo "$daemon_pid" >"$daemon_dir/clearingd.pid"

	tries=0
	while :; do
		# The log's line "broker listens" has the port that was taken.
		CLEARCTL_NATS=$(sed -n 's/.*"message":"broker listens".*"url":"\([^"]*\)".*/\1/p' "$daemon_log" | tail -n 1)
		export CLEARCTL_NATS
		[ -z "$CLEARCTL_NATS" ] || ! bin/clearctl status --timeout 2s >/dev/null 2>&1 || break
		kill -0 "$daemon_pid" 2>/dev/null || { daemon_why "the daemon ended while starting"; return 1; }
		tries=$((tries + 1))
		[ "$tries" -lt 300 ] || { daemon_why "the daemon is not ready after 30 s"; return 1; }
		sleep 0.1
	done
}

# daemon_fresh empties the directory, unless a daemon still lives in it.
daemon_fresh() {
	if [ -f "$daemon_dir/clearingd.pid" ] && kill -0 "$(cat "$daemon_dir/clearingd.pid")" 2>/dev/null; then
		echo "$daemon_dir is in use by process $(cat "$daemon_dir/clearingd.pid")" >&2
		return 1
	fi
	rm -rf "$daemon_dir"
	mkdir -p "$daemon_dir"
	chmod 700 "$daemon_dir"
}

daemon_why() {
	echo "$1; the end of $daemon_log:" >&2
	tail -n 20 "$daemon_log" >&2
}

daemon_stop() {
	[ -n "$daemon_pid" ] || return 0
	kill -TERM "$daemon_pid" 2>/dev/null || true
	code=0
	wait "$daemon_pid" || code=$?
	daemon_pid=""
	rm -f "$daemon_dir/clearingd.pid"
	[ "$code" -eq 0 ] || { daemon_why "the daemon ended with exit code $code"; return 1; }
}

# daemon_abandon is the way out after a failure: the exit code stays what it was.
daemon_abandon() {
	daemon_code=$?
	trap - EXIT
	daemon_stop || [ "$daemon_code" -ne 0 ] || daemon_code=1
	exit "$daemon_code"
}
