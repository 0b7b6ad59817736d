# SPDX-License-Identifier: BSD-3-Clause
# What setup, demo, test and bench share. Sourced, never run.
set -euo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$top"

# The distribution's Python: it is the one that has scapy and pytest.
python=/usr/bin/python3

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# quietly LOG COMMAND...: the command's output goes to LOG, and to the screen only if it fails.
quietly() {
	local log=$1 status=0
	shift
	"$@" >"$log" 2>&1 || status=$?
	if [ $status -ne 0 ]; then
		tail -n 60 "$log" >&2
		printf '%s: failed (status %d): %s\n' "${0##*/}" "$status" "$*" >&2
	fi
	return $status
}

# build DIRECTORY [MESON OPTIONS...]: configures it the first time, then builds what changed; only the `targets`, if
# that is set.
build() {
	local dir=$1
	shift
	mkdir -p "$dir"
	if [ ! -f "$dir/build.ninja" ]; then
		quietly "$dir/setup.log" meson setup "$dir" "$@" || return
	fi
	quietly "$dir/build.log" ninja -C "$dir" ${targets:-}
}

# The build that people run and measure.
build_release() { CC=gcc build build --buildtype=release; }
