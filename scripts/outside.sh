#!/bin/sh
# outside.sh: runs exactly the tests that need programs from outside: those in files
# with the build tag `outside`.
set -eu

files=$(grep -rl --include='*_test.go' '^//go:build outside$' bench clearing cmd config ledger provinces || true)
[ -n "$files" ] || { echo "outside: no test has the build tag outside" >&2; exit 1; }
# shellcheck disable=SC2086
names=$(sed -n 's/^func \(Test[A-Za-z0-9_]*\)(t \*testing.T.*/\1/p' $files | sort -u | paste -s -d '|' -)
packages=$(for file in $files; do echo "./$(dirname "$file")"; done | sort -u)
# shellcheck disable=SC2086
exec bin/tools/testsum var/test/outside.txt go test -json -timeout 9m -tags outside -run "^($names)\$" $packages
