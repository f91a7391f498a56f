#!/bin/bash
# Installed and started by systemd: cameras come by themselves, are watched, and all is back by itself after any crash.
# vm: systemd install timeout=1200 memory=3G
# shellcheck source=tests/vm/lib.sh
. /camward/tests/vm/lib.sh
# shellcheck source=tests/vm/service.sh
. /camward/tests/vm/service.sh

back_by_itself() {
	until_true 120 all_there || fail "after $1: $(listed)"
	[ "$(identities)" = "$known" ] || fail "after $1 the identities are others: $(identities)"
	watched "$front" "${camera[0]}"
	watched "$back" "${camera[1]}"
	echo "back after $1"
}

# crash UNIT
crash() {
	local pid
	pid=$(main_pid "$1")
	[ "$pid" -gt 1 ] || fail "$1 does not run"
	kill -9 "$pid"
	until_true 10 test ! -d "/proc/$pid"
	back_by_itself "the crash of $1"
}

# hang UNIT: it is alive and does nothing; its watchdog finds out.
hang() {
	local pid
	pid=$(main_pid "$1")
	[ "$pid" -gt 1 ] || fail "$1 does not run"
	kill -STOP "$pid"
	until_true 90 test ! -d "/proc/$pid" || fail "$1 hangs for good"
	back_by_itself "a hang of $1"
}

logged() {
	journalctl -b -u camward.service | has "camera $1 is lost: $2"
}

# loses_once REASON CONTROL=VALUE CONTROL=VALUE: what the first setting does to a camera that is
# watched, until the second one.
loses_once() {
	local player
	play owner "$token" "$front" 120 &
	player=$!
	until_true 120 told "$front" running "" || fail "$front is not watched"
	v4l2-ctl -d "${camera[0]}" -c "$2"
	wait $player || true
	logged "$front" "$1" || fail "it is not lost: $1"
	v4l2-ctl -d "${camera[0]}" -c "$3"
	until_true 40 is_there "$front" || fail "$front is not back: $1"
	watched "$front" "${camera[0]}"
	echo "lost and back: $1"
}

trouble_of_one() {
	local other program
	play owner "$token" "$back" 60 /tmp/other &
	other=$!
	until_true 120 told "$back" running "" || fail "$back is not watched"
	loses_once "the format of its picture changed" dv_timings_signal_mode=1 dv_timings_signal_mode=0
	loses_once "stalled: no frame" percentage_of_dropped_buffers=100 percentage_of_dropped_buffers=0
	v4l2-ctl -d "${camera[0]}" --stream-mmap --stream-to=/dev/null > /dev/null 2>&1 &
	program=$!
	until_true 20 in_use "${camera[0]}"
	until_true 120 takes_the_blame || fail "it is not told that $front is busy: $(listed)"
	kill $program
	until_true 60 is_there "$front" || fail "$front stays busy"
	watched "$front" "${camera[0]}"
	wait $other || fail "the other viewer was disturbed"
	echo "the other viewer: $(grep -vc '^#' /tmp/other) frames"
}

takes_the_blame() {
	play owner "$token" "$front" 1 2> /dev/null || true
	told "$front" lost "busy: used by another program"
}

# exposure UNIT LIMIT: in tenths.
exposure() {
	systemd-analyze security --no-pager "$1" | tail -n 1
	systemd-analyze security --no-pager --threshold="$2" "$1" > /dev/null ||
		fail "$1 is more exposed than $2 tenths"
}

come
other=$(ctl client add stranger --quiet)
! play stranger "$other" "$front" 1 || fail "a stranger sees $front"
watched "$front" "${camera[0]}"
watched "$back" "${camera[1]}"

# Controls are known once somebody has watched; what is set holds at each opening.
brightness() {
	v4l2-ctl -d "${camera[0]}" -C brightness | has ": $1\$"
}
controls=$(ctl camera controls "$front")
grep -q "^brightness *integer *0..255 " <<< "$controls" || fail "no brightness"
grep -Eq "^  [0-9]+: 75% Colorbar" <<< "$controls" || fail "no menu of patterns"
! ctl camera set "$front" brightness=256 2> /tmp/refused || fail "brightness goes to 256"
grep -q "the nearest to 256 is 255" /tmp/refused || fail "refused otherwise: $(cat /tmp/refused)"
ctl camera set "$front" brightness=61 | has "nobody watches" || fail "it is set while closed"
! brightness 61 || fail "the device was opened for it"
play owner "$token" "$front" 6 &
player=$!
until_true 40 brightness 61 || fail "what was set before is not set at the opening"
ctl camera set "$front" brightness=62 | has "^brightness: 62\.$" || fail "it is not set at once"
brightness 62 || fail "the device was not told"
wait $player || fail "setting a control ends the viewer"
until_true 6 not_in_use "${camera[0]}" || fail "${camera[0]} stays open"
v4l2-ctl -d "${camera[0]}" -c brightness=1
ctl camera set "$front" bitrate=300000 gop=15

# A process of no unit of ours, though root, is nobody.
python3 - <<'PYTHON' || fail "a stranger is let in for a camera"
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect("/run/camward/camera.sock")
s.settimeout(10)
sys.exit(s.recv(1) != b"")
PYTHON
journalctl -b -u camward.service | has "camera.sock: refused" || fail "that is not logged"

# Of all devices its own alone, by the unit's own rules.
allowed=$(systemctl show -P DeviceAllow "$(camera_unit "$front")")
grep -q "/dev/camward/$front rw" <<< "$allowed" || fail "its own device is not allowed: $allowed"
! grep -qE "video4linux|$back" <<< "$allowed" || fail "other cameras are allowed: $allowed"

ctl cameras --json | python3 -c 'import json, sys
front, = [c for c in json.load(sys.stdin)["cameras"] if c["name"] == "front-door"]
sys.exit((front["configuration"], front["chosen_controls"]) !=
         ({"bitrate": 300000, "gop": 15}, {"brightness": 62}))' || fail "choices: $(ctl cameras --json)"

exposure camward-gate.service 6
exposure camward.service 8
exposure "$(camera_unit "$front")" 8

# A card that lends memory is found, and left alone.
modprobe vkms
until_true 30 test -e /dev/camward-card || fail "udev shows no card that lends memory"
not_in_use "$(readlink -f /dev/camward-card)" || fail "the card is open"

# A hardware encoder that comes late is taken, by a new process of each camera: at once where nobody
# watches, else when the last viewer has gone, who notices nothing.
process_of() {
	main_pid "$(camera_unit "$1")"
}
is_another() {
	local now
	now=$(process_of "$1")
	[ "$now" != "$2" ] && [ "$now" != 0 ] && is_there "$1"
}
has_more_than() {
	[ -e /tmp/late ] && [ "$(wc -l < /tmp/late)" -gt "$1" ]
}
front_before=$(process_of "$front")
back_before=$(process_of "$back")
timeout 300 ffmpeg -y -hide_banner -nostdin -loglevel error -rtsp_transport tcp \
	-i "rtsps://owner:$token@127.0.0.1:322/$back" -an -flush_packets 1 -f framemd5 /tmp/late &
player=$!
until_true 120 has_more_than 20 || fail "$back is not watched"
modprobe venc
until_true 30 test -e /dev/camward-encoder || fail "udev shows no encoder"
until_true 60 is_another "$front" "$front_before" || fail "$front goes on without the encoder"
[ "$(process_of "$back")" = "$back_before" ] || fail "$back was restarted while it was watched"
until_true 60 has_more_than $(($(wc -l < /tmp/late) + 20)) || fail "its viewer sees no more"
kill $player
wait $player || true
until_true 60 is_another "$back" "$back_before" || fail "$back goes on without the encoder"
! journalctl -b -u "$(camera_unit "$front")" -u "$(camera_unit "$back")" |
	has "Failed with result" || fail "that a process makes way counts as its failure"
! logged "$front" "" && ! logged "$back" "" || fail "a camera that makes way counts as lost"
encoder=$(readlink -f /dev/camward-encoder)
play owner "$token" "$back" "" "" 60 &
player=$!
until_true 120 in_use "$encoder" || fail "$back does without the encoder"
[ "$(users_of "$encoder")" = "$(main_pid "$(camera_unit "$back")")" ] ||
	fail "$encoder is open in $(users_of "$encoder")"
wait $player || fail "$back by hardware: ffmpeg ends with $?"
until_true 20 not_in_use "$encoder" || fail "$encoder stays open"
modprobe -r venc vkms

# Stopped means stopped.
systemctl stop camward.service
sleep 3
! systemctl -q is-active camward.service camward.socket camward-gate.service camward-gate.socket ||
	fail "it does not stay stopped"
systemctl start camward.service
back_by_itself "a stop and a start"

systemctl reload camward.service
back_by_itself "a reload"
systemctl restart camward.service
back_by_itself "a restart"
crash "$(camera_unit "$front")"
crash camward-gate.service
crash camward.service
brightness 62 || fail "the choice has not survived"
hang "$(camera_unit "$front")"
hang camward-gate.service
hang camward.service
trouble_of_one

no_failed_unit
