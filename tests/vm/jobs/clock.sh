#!/bin/bash
# A clock that is set, a zone that is changed, hours that are skipped or come twice: all decide running leases again at once.
# vm: timeout=300
# shellcheck source=tests/vm/lib.sh
. /camward/tests/vm/lib.sh

CAMWARD_TEST_MAY_SET_CLOCK=1 /build/tests/unit/test-lease 2>&1 | tee /tmp/lease.log
! grep -q SKIPPED /tmp/lease.log || fail "the test of the clock is skipped"
CAMWARD_TEST_MAY_SET_CLOCK=1 /build/tests/unit/test-reissue 2>&1 | tee /tmp/reissue.log
! grep -q SKIPPED /tmp/reissue.log || fail "the test of the certificate and the clock is skipped"

CAMWARD_BUILD=/build python3 /camward/tests/vm/tools/clock.py || fail "viewers and the clock"
