#!/bin/bash
# A name never shows other hardware, until an administrator says so; cameras are adopted, renamed and forgotten.
# vm: systemd install timeout=900 memory=3G
# shellcheck source=tests/vm/lib.sh
. /camward/tests/vm/lib.sh
# shellcheck source=tests/vm/service.sh
. /camward/tests/vm/service.sh

told_otherwise() {
	listed | grep "^${1:-$back}	" | has "absent	other hardware at a known place"
}

come

# Another model at the place of the second camera.
hardware other
kill -9 "$(main_pid "$(camera_unit "$back")")"
until_true 20 told_otherwise || fail "other hardware is let in: $(listed)"
! play owner "$token" "$back" 1 || fail "other hardware is shown as $back"
hardware vivid
until_true 20 is_there "$back" || fail "the old hardware is not let in again"
[ "$(identities)" = "$known" ] || fail "the identities are others: $(identities)"

# An administrator decides: it is the camera from now on, and what it was is not, until that is.
hardware other
kill -9 "$(main_pid "$(camera_unit "$back")")"
until_true 20 told_otherwise || fail "other hardware is let in: $(listed)"
ctl camera adopt "$back"
until_true 20 is_there "$back" || fail "adopted hardware is not let in: $(listed)"
watched "$back" "${camera[1]}"
hardware vivid
kill -9 "$(main_pid "$(camera_unit "$back")")"
until_true 20 told_otherwise || fail "the old hardware is let in: $(listed)"
ctl camera adopt "$back"
until_true 20 is_there "$back" || fail "the old hardware is not let in: $(listed)"
[ "$(identities)" = "$known" ] || fail "the identities are others: $(identities)"

# Renamed, by the same grant, over restarts and replugging.
! ctl camera rename "$back" yard || fail "a camera with a file is renamed"
mv "/etc/camward/camera.d/$back.conf" /etc/camward/camera.d/yard.conf
ctl camera rename "$back" yard
until_true 30 is_there yard || fail "it does not come by its new name: $(listed)"
[ -e /dev/camward/yard ] && [ ! -e "/dev/camward/$back" ] || fail "the links: $(ls /dev/camward)"
until_true 10 not_active "$(camera_unit "$back")" || fail "the old name's process is still there"
known=${known//$back/yard}
known=$(sort <<< "$known")
[ "$(identities)" = "$known" ] || fail "the identities are others: $(identities)"
! play owner "$token" "$back" 1 || fail "the old name is still served"
watched yard "${camera[1]}"
systemctl restart camward.service
udevadm trigger --action=add --settle "/sys/class/video4linux/$(basename "${camera[1]}")"
until_true 60 is_there yard || fail "the new name is lost: $(listed)"
watched yard "${camera[1]}"

# Forgotten, it comes again as a stranger.
! ctl camera forget yard || fail "a camera that is plugged in is forgotten"
hardware other
kill -9 "$(main_pid "$(camera_unit yard)")"
until_true 20 told_otherwise yard || fail "other hardware is let in: $(listed)"
ctl camera forget yard | has "with 1 grant" || fail "its grant does not go with it"
until_true 30 is_there "$back" || fail "it does not come again: $(listed)"
! grep -qF "$(identities | grep "^$back	" | cut -f 2)" <<< "$known" || fail "it is the old one"
! play owner "$token" "$back" 1 || fail "a forgotten camera's grant holds"

no_failed_unit
