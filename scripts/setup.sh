#!/bin/sh
# setup.sh test|outside: installs from Debian's packages what the tests need and the
# machine lacks. Where it may not (no root, no apt) it says so; the tests then decide
# themselves what cannot do without.
set -eu

case "${1:-}" in
test)    wanted="gcc:gcc libc-dev:/usr/include/stdlib.h:libc6-dev systemd-analyze:systemd" ;;
outside) wanted="hledger:hledger ledger:ledger bean-check:beancount soffice:libreoffice-calc-nogui chromium:chromium promtool:prometheus cjk:/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc:fonts-noto-cjk" ;;
*)       echo "usage: setup.sh test|outside" >&2; exit 64 ;;
esac

command -v go >/dev/null 2>&1 || { echo "setup: Go is missing; see https://go.dev/dl/ for the version in go.mod" >&2; exit 1; }

# Each entry is command:package, or name:file:package.
missing=""
for entry in $wanted; do
	package=${entry##*:}
	probe=${entry%:*}
	case "$probe" in
	*:*) [ -e "${probe#*:}" ] || missing="$missing $package" ;;
	*)   command -v "$probe" >/dev/null 2>&1 || missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
	if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as_root="sudo -n"; else as_root="no"; fi
fi
if [ "$as_root" = no ] || ! command -v apt-get >/dev/null 2>&1; then
	echo "setup: NOT INSTALLED, because this needs root and apt-get:$missing" >&2
	exit 0
fi

echo "setup: installing$missing"
install() {
	# Services of the packages are not wanted, only their programs.
	# shellcheck disable=SC2086
	$as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
		apt-get install -y -q --no-install-recommends $missing </dev/null >"$log" 2>&1
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! install; then
	$as_root apt-get update -q </dev/null >/dev/null 2>&1 || true
	if ! install; then
		tail -20 "$log" >&2
		echo "setup: apt-get failed; NOT INSTALLED:$missing" >&2
		[ -z "${CI:-}" ] || exit 1
	fi
fi
