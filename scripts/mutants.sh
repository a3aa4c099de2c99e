#!/bin/sh
# mutants.sh [DEFECT...]: plants defects in the daemon, one at a time, and demands that the
# simulator, or the test that a defect names, notices each; without any nothing may be
# found. The defects and where they lie: cmd/internal/simulate/plant. Exit code 0 only if
# every one was caught.
set -eu
cd "$(dirname "$0")/.."

dir=var/mutants
seeds="6 8 1"
rm -rf "$dir"
mkdir -p "$dir"
CGO_ENABLED=0 go build -o bin/ ./cmd/clearsim
bin/clearsim plant --out bin/clearingd-planted
bin/clearsim plant --overlay "$dir/_overlay"

simulate() { # DEFECT SEED
	CLEARINGD_PLANTED=$1 bin/clearsim --binary bin/clearingd-planted --points --seed "$2" --kills 4 --messages 200 \
		--patience 60s --dir "$dir/run" >"$dir/$1.txt" 2>&1 </dev/null
}

# tried runs the test that a defect names; the overlay reaches what the test builds, too.
tried() { # DEFECT PACKAGE TEST
	CLEARINGD_PLANTED=$1 GOFLAGS="-overlay=$PWD/$dir/_overlay/overlay.json" go test -vet=off -count=1 -run "^$3\$" -v "$2" >"$dir/$1.txt" 2>&1 </dev/null
}

test_of() { bin/clearsim plant --defects | awk -F '\t' -v name="$1" '$1 == name {print $3}'; }

began=$(date +%s)
# Which of the wanted defects a test must notice, and which the simulator.
simulated="" tested=""
for defect in ${*:-$(bin/clearsim plant --defects | cut -f1)}; do
	if [ -n "$(test_of "$defect")" ]; then tested="$tested $defect"; else simulated="$simulated $defect"; fi
done

missed="" count=0
for defect in $tested; do
	count=$((count + 1))
	# shellcheck disable=SC2046
	set -- $(test_of "$defect")
	tried none "$@" || { cat "$dir/none.txt"; echo "mutants: without any defect $2 fails" >&2; exit 1; }
	if grep -q -- '--- SKIP' "$dir/none.txt"; then
		echo "$defect: SKIPPED, NOT TRIED: $2 cannot run here"
	elif tried "$defect" "$@"; then
		echo "$defect: NOT CAUGHT"
		missed="$missed $defect"
	elif grep -q -- '--- FAIL: ' "$dir/$defect.txt"; then
		echo "$defect: caught by $2"
	else
		cat "$dir/$defect.txt" >&2
		echo "mutants: the test of $defect could not be run" >&2
		exit 1
	fi
done

[ -z "$simulated" ] || for seed in $seeds; do
	simulate none "$seed" || { cat "$dir/none.txt"; echo "mutants: without any defect seed $seed fails; nothing can be said of the others" >&2; exit 1; }
done
[ -z "$simulated" ] || echo "no defect planted: nothing found, as it should be"

for defect in $simulated; do
	count=$((count + 1))
	caught=""
	for seed in $seeds; do
		if ! simulate "$defect" "$seed"; then
			# It must be the promises that fail, not the simulation.
			if grep -q '^  FAULT' "$dir/$defect.txt"; then caught=$seed; break; fi
			cat "$dir/$defect.txt" >&2
			echo "mutants: the simulation of $defect could not be run" >&2
			exit 1
		fi
	done
	if [ -n "$caught" ]; then
		echo "$defect: caught with seed $caught: $(grep -m 1 '^  FAULT' "$dir/$defect.txt" | cut -c 9-160)"
	else
		echo "$defect: NOT CAUGHT"
		missed="$missed $defect"
	fi
done
rm -rf "$dir/run"
[ -z "$missed" ] || { echo "mutants: not caught:$missed" >&2; exit 1; }
echo "$count defects planted, all caught, $(($(date +%s) - began)) s"
