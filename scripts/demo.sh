#!/bin/sh
# demo.sh: a built business day from beginning to end. Exit code 0 only if every message
# is accounted for and the books balance.
#
#   DEMO_DAY, DEMO_SEED, DEMO_COUNT   the day (yyyy-MM-dd), seed and number of messages
set -eu
cd "$(dirname "$0")/.."
. scripts/daemon.sh

day=${DEMO_DAY:-2026-11-20}
seed=${DEMO_SEED:-1}
count=${DEMO_COUNT:-2000}
dir=var/demo
reports=$dir/reports/$day
ctl=bin/clearctl

say() { printf '\n== %s\n' "$*"; }

daemon_start "$dir" --business-day manual --first-day "$day" \
	--demo-label "built data: clearctl sample --seed $seed --count $count --day $day"

say "hospitals of all provinces publish $count messages of $day and wait for their answers"
$ctl sample --seed "$seed" --count "$count" --day "$day" --out "$dir/day.ndjson"
$ctl publish "$dir/day.ndjson" --wait --strict --answers "$dir/answers.ndjson"

say "some of them cancel"
$ctl sample --seed "$seed" --count "$count" --day "$day" --phase 2 --answers "$dir/answers.ndjson" --out "$dir/after.ndjson"
$ctl publish "$dir/after.ndjson" --wait --strict --answers "$dir/after-answers.ndjson"

say "hospitals, treatment provinces and home provinces state what they have of the day; six hospitals err"
$ctl statement sample --day "$day" --messages "$dir/day.ndjson,$dir/after.ndjson" \
	--answers "$dir/answers.ndjson,$dir/after-answers.ndjson" --plant 6

say "the day is closed"
$ctl close "$day"

say "the night's report of $day"
$ctl summary "$day"

say "where the three sides and the books differ"
$ctl breaks list || true

daemon_stop
for file in report.html report.xlsx obligations.csv report.json journal.hledger; do
	[ -s "$reports/$file" ] || { echo "missing: $reports/$file" >&2; exit 1; }
done
say "the books, checked once more without the daemon"
$ctl check --offline "$dir/books.db"

say "reports are in $reports"
ls "$reports"
