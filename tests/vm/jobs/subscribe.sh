#!/bin/bash
# A program of this machine takes a camera's raw pictures by the bus: with the system bus's own policy, and each process its own user.
# vm: systemd install timeout=400 memory=3G
# shellcheck source=tests/vm/lib.sh
. /camward/tests/vm/lib.sh
# shellcheck source=tests/vm/service.sh
. /camward/tests/vm/service.sh

# subscribe USER ARGUMENTS...
subscribe() {
	local user=$1
	shift
	group=${group:-$(getent group camward-local | cut -d : -f 3)}
	setpriv --reuid="$user" --regid="$user" --groups="$group" /build/docs/examples/subscribe "$@"
}

begun() {
	[ "$(stat -c %s /tmp/raw)" -ge $((20 * 320 * 180 * 3 / 2)) ]
}

come
! setpriv --reuid=daemon --regid=daemon --clear-groups /build/docs/examples/subscribe "$front" \
	2> /tmp/refused || fail "the bus lets anybody ask"
! has "no client" < /tmp/refused || fail "the service was asked: $(cat /tmp/refused)"
! subscribe daemon "$front" 2> /tmp/refused || fail "a user who is no client sees $front"
has "Access is denied" < /tmp/refused || fail "refused otherwise: $(cat /tmp/refused)"
ctl client add recorder --quiet > /dev/null
ctl client user recorder daemon
ctl grant recorder "$front" raw
! subscribe daemon "$back" 2> /tmp/refused || fail "it sees what it is not granted"
has "There is no camera '$back'" < /tmp/refused || fail "refused otherwise: $(cat /tmp/refused)"
! subscribe bin --raw "$front" 2> /tmp/refused || fail "another user is the client"
has "Access is denied" < /tmp/refused || fail "refused otherwise: $(cat /tmp/refused)"
subscribe daemon --raw "$front" > /tmp/raw &
program=$!
until_true 60 begun || fail "no pictures come"
in_use "${camera[0]}" || fail "pictures of a closed device"
ctl leases | has "recorder .* local .* user 1 " || fail "the lease is another: $(ctl leases)"
ctl revoke recorder "$front"
wait $program || fail "the end of its access ends the program with $?"
until_true 6 not_in_use "${camera[0]}" || fail "${camera[0]} stays open"
ctl exposure --client recorder | has "user 1" || fail "the ledger does not say who"
no_failed_unit
