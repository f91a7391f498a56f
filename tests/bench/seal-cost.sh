#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Instructions a frame of sealing and of verifying, by callgrind, for a size in bytes (17300), as
# the difference of two runs. CAMWARD_BUILD names the build directory.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
program=${CAMWARD_BUILD:-$top/build}/tests/bench/seal-cost
bytes=${1:-17300}

# Instructions of a whole run.
count() {
	valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$@" 2>&1 |
		sed -n 's/.*Collected : *//p'
}

for what in seal verify; do
	few=$(count "$what" "$bytes" 10)
	many=$(count "$what" "$bytes" 110)
	echo "$what $bytes bytes: $(((many - few) / 100)) instructions a frame"
done
