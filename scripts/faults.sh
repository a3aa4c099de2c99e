#!/bin/sh
# faults.sh: breaks the machine under the daemon in every way this machine allows, in
# full: see cmd/internal/faults. What could not be tested is counted at the end. The
# output stays in var/test/faults.txt.
set -eu
cd "$(dirname "$0")/.."

mkdir -p var/test
out=var/test/faults.txt
status=0
go test -tags faults -count=1 -timeout 90m -v "$@" ./cmd/internal/faults/ >"$out" 2>&1 || status=$?
grep -E '^ *(--- (FAIL|SKIP)|[a-z_]+_test\.go:|ok|FAIL|panic)' "$out" || true
echo "faults: $(grep -c -- '--- SKIP' "$out" || true) tests SKIPPED, $(grep -c -- '--- FAIL' "$out" || true) failed; all output in $out"
exit "$status"
