#!/bin/bash
# Installed and started by systemd: cameras come by themselves, are watched, and all is back by itself after any crash.
# vm: systemd install timeout=1500 memory=3G
# shellcheck source=tests/vm/lib.sh
. /camward/tests/vm/lib.sh

front=front-door
back=platform-vivid.1-0

# vivid's instances share one place: a rule of ours tells them apart. hardware MODEL: of the second.
hardware() {
	cat > /etc/udev/rules.d/70-vivid.rules <<-RULES
		SUBSYSTEM=="video4linux", ATTR{name}=="vivid-000-vid-cap", ENV{ID_PATH}="platform-vivid.0", ENV{ID_SERIAL}="vivid_A1", ENV{ID_SERIAL_SHORT}="A1", ENV{ID_MODEL}="vivid"
		SUBSYSTEM=="video4linux", ATTR{name}=="vivid-001-vid-cap", ENV{ID_PATH}="platform-vivid.1", ENV{ID_SERIAL}="vivid_B2", ENV{ID_MODEL}="$1"
	RULES
	udevadm control --reload
	udevadm trigger --settle --subsystem-match=video4linux
}

install_all() {
	install_service
	printf '[match]\nserial=A1\n[camera]\nsize=320x180\n' > "/etc/camward/camera.d/$front.conf"
	printf '[camera]\nsize=320x180\n' > "/etc/camward/camera.d/$back.conf"
}

ctl() {
	/usr/local/bin/camwardctl "$@"
}

# The names, UUIDs and conditions of the cameras, one a line.
listed() {
	ctl cameras --json | python3 -c 'import json, sys
for c in json.load(sys.stdin)["cameras"]:
    print(c["name"], c["uuid"], c["condition"], c["reason"], sep="\t")'
}

identities() {
	listed | cut -f 1,2 | sort
}

is_there() {
	listed 2> /dev/null | grep -Eq "^$1	[^	]*	(idle|running|starting)	"
}

all_there() {
	is_there "$front" && is_there "$back" && systemctl -q is-active camward-gate.service
}

camera_unit() {
	echo "camward-camera@$(systemd-escape "$1").service"
}

main_pid() {
	systemctl show -P MainPID "$1"
}

# play CLIENT TOKEN CAMERA SECONDS [FILE [FRAMES]]; SECONDS and FILE may be empty
play() {
	timeout 150 ffmpeg -y -hide_banner -nostdin -loglevel error -rtsp_transport tcp \
		-i "rtsps://$1:$2@127.0.0.1:322/$3" ${4:+-t "$4"} ${6:+-frames:v "$6"} -an \
		-f framemd5 "${5:-/tmp/frames}"
}

# watched CAMERA NODE: twenty frames of it, in its own process alone; then the light goes out.
watched() {
	local node=$2 begun player
	play owner "$token" "$1" "" "" 20 &
	player=$!
	until_true 120 in_use "$node" || fail "nobody opens $node for $1"
	[ "$(users_of "$node")" = "$(main_pid "$(camera_unit "$1")")" ] ||
		fail "$node is open in $(users_of "$node")"
	wait $player || fail "$1: ffmpeg ends with $?"
	begun=$(date +%s%3N)
	until_true 6 not_in_use "$node" || fail "$node stays open"
	echo "$1: $(grep -vc '^#' /tmp/frames) frames; dark $(($(date +%s%3N) - begun)) ms after"
	[ "$(grep -vc '^#' /tmp/frames)" = 20 ] || fail "$1: other than twenty frames"
}

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

not_active() {
	! systemctl -q is-active "$1"
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

# told CAMERA CONDITION REASON
told() {
	listed | grep -q "^$1	[^	]*	$2	$3"
}

logged() {
	journalctl -b -u camward.service | grep -q "camera $1 is lost: $2"
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

told_otherwise() {
	listed | grep "^${1:-$back}	" | grep -q "absent	other hardware at a known place"
}

# exposure UNIT LIMIT: in tenths.
exposure() {
	systemd-analyze security --no-pager "$1" | tail -n 1
	systemd-analyze security --no-pager --threshold="$2" "$1" > /dev/null ||
		fail "$1 is more exposed than $2 tenths"
}

journal() {
	journalctl -b --no-pager -o short-monotonic -u 'camward*' > /out/journal.log || true
	systemctl --no-pager --all list-units 'camward*' 'dev-camward*' || true
	udevadm info "${camera[0]}" || true
}
trap journal EXIT

cameras 2 30
install_all
hardware vivid
systemctl start camward.service
until_true 60 all_there || fail "not all is there: $(listed)"
known=$(identities)
echo "$known"
[ "$(wc -l <<< "$known")" = 2 ] || fail "not two cameras"
not_in_use "${camera[0]}" || fail "${camera[0]} is open before anybody watches"

token=$(ctl client add owner --quiet)
other=$(ctl client add stranger --quiet)
ctl grant owner "$front" live
ctl grant owner "$back" live
! play stranger "$other" "$front" 1 || fail "a stranger sees $front"
watched "$front" "${camera[0]}"
watched "$back" "${camera[1]}"

# Controls are known once somebody has watched; what is set holds at each opening.
brightness() {
	v4l2-ctl -d "${camera[0]}" -C brightness | grep -q ": $1\$"
}
ctl camera controls "$front" | grep -q "^brightness *integer *0..255 " || fail "no brightness"
ctl camera controls "$front" | grep -Eq "^  [0-9]+: 75% Colorbar" || fail "no menu of patterns"
! ctl camera set "$front" brightness=256 2> /tmp/refused || fail "brightness goes to 256"
grep -q "the nearest to 256 is 255" /tmp/refused || fail "refused otherwise: $(cat /tmp/refused)"
ctl camera set "$front" brightness=61 | grep -q "nobody watches" || fail "it is set while closed"
! brightness 61 || fail "the device was opened for it"
play owner "$token" "$front" 6 &
player=$!
until_true 40 brightness 61 || fail "what was set before is not set at the opening"
ctl camera set "$front" brightness=62 | grep -q "^brightness: 62\.$" || fail "it is not set at once"
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
journalctl -b -u camward.service | grep -q "camera.sock: refused" || fail "that is not logged"

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
ctl camera forget yard | grep -q "with 1 grant" || fail "its grant does not go with it"
until_true 30 is_there "$back" || fail "it does not come again: $(listed)"
! grep -qF "$(identities | grep "^$back	" | cut -f 2)" <<< "$known" || fail "it is the old one"
! play owner "$token" "$back" 1 || fail "a forgotten camera's grant holds"

! systemctl --failed --no-legend | grep camward || fail "units failed"
trap - EXIT
