#!/bin/sh
# fuzz.sh TIME: every fuzz test of the project in turn, TIME each.
set -eu

time=${1:-20s}
found=0
for package in $(go list ./...); do
	for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		found=$((found + 1))
		echo "== $package $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$package" </dev/null
	done
done
[ "$found" -gt 0 ] || { echo "fuzz: found no fuzz test" >&2; exit 1; }
echo "$found fuzz tests, $time each: no failure"
