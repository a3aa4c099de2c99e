#!/bin/sh
# demo-xinjiang.sh: the figures of a news article of December 2016. From January to
# August 2016, 298 cross-province inpatient stays of Xinjiang's insured in eight
# provinces, 6,290,000.00 yuan of cost. The population is built and labelled so; every
# night of the eight months is closed. Exit code 0 only if the period report shows
# exactly these figures.
#
#   DEMO_INTERNAL=N   also N stays between areas inside Xinjiang
set -eu
cd "$(dirname "$0")/.."
. scripts/daemon.sh

dir=var/demo-xinjiang
from=2016-01-01
to=2016-08-31
ctl=bin/clearctl

say() { printf '\n== %s\n' "$*"; }

daemon_start "$dir" --business-day manual --first-day "$from" \
	--demo-label "built data: clearctl sample --xinjiang"

say "298 stays of Xinjiang's insured in eight provinces, day after day, $from to $to"
$ctl sample --xinjiang --internal "${DEMO_INTERNAL:-0}" --out "$dir/xinjiang.ndjson"
$ctl publish "$dir/xinjiang.ndjson" --by-day --through "$to" --timeout 10m

say "the report of the period"
$ctl report "$from" --to "$to" --dir "$dir/period"
$ctl report "$from" --to "$to" -o json >"$dir/period.json"
daemon_stop

# The totals of the report: stays booked, and their cost in yuan.
totals=$(tr -d ' \n' <"$dir/period.json" | sed -n 's/.*"totals":{\([^{}]*\).*/\1/p')
case "$totals" in
*'"booked":298,'*'"cost":"6290000.00"'*) echo "exactly 298 stays and 6,290,000.00 yuan" ;;
*) echo "expected 298 stays and 6290000.00 yuan, but the totals are: $totals" >&2; exit 1 ;;
esac
say "reports are in $dir/period and, for every night, in $dir/reports"
