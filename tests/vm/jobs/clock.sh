#!/bin/bash
# A clock that is set, forward or back, decides running leases again at once.
# vm: timeout=120
# shellcheck source=tests/vm/lib.sh
. /camward/tests/vm/lib.sh

CAMWARD_TEST_MAY_SET_CLOCK=1 /build/tests/unit/test-lease 2>&1 | tee /tmp/lease.log
! grep -q SKIPPED /tmp/lease.log || fail "the test of the clock is skipped"
