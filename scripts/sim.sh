#!/bin/sh
# sim.sh: kills the daemon in every way we know and audits what is left, see
# cmd/internal/simulate. About a minute.
#
#   SEED=n     replay the world and the schedule of one seed; a failure of a night prints
#              the whole command, with its KILLS and MESSAGES
#   SEEDS=n    so many seeds, from FIRST (default 1) on: 200 are a night
#   CHECKS=n   instead, the property tests with so many checks each; SEED replays one
set -eu
cd "$(dirname "$0")/.."

if [ -n "${CHECKS:-}" ]; then
	packages=$(grep -rl --include='*_test.go' '^[[:space:]]*"pgregory.net/rapid"' clearing cmd ledger provinces | xargs -n 1 dirname | sort -u | sed 's|^|./|')
	[ -n "$packages" ] || { echo "sim: found no property test" >&2; exit 1; }
	# shellcheck disable=SC2086
	exec go test -count=1 -timeout 60m $packages -rapid.checks="$CHECKS" ${SEED:+-rapid.seed="$SEED"}
fi

version=$(git describe --tags --always --dirty 2>/dev/null || echo dev)
CGO_ENABLED=0 go build -ldflags "-X clearingd/cmd/internal/daemon.Version=$version" -o bin/ ./cmd/clearingd ./cmd/clearsim
if [ -n "${SEED:-}" ]; then
	exec bin/clearsim --seed "$SEED" --kills "${KILLS:-4}" --messages "${MESSAGES:-200}"
fi
if [ -n "${SEEDS:-}" ]; then
	# The night: longer runs, and every second one of a binary with named kill points.
	bin/clearsim plant --out bin/clearingd-planted
	half=$(((SEEDS + 1) / 2)) first=${FIRST:-1} code=0
	bin/clearsim --seed "$first" --seeds "$half" --kills 20 --messages 800 --patience 10m || code=1
	bin/clearsim --binary bin/clearingd-planted --points --dir var/sim-points \
		--seed "$((first + half))" --seeds "$((SEEDS - half))" --kills 20 --messages 800 --patience 10m || code=1
	exit "$code"
fi
# One seed for each focus that a run can have.
exec bin/clearsim --seed 1 --seeds 8 --kills 4 --messages 200
