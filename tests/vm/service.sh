# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034,SC2154
# What jobs share that install the service and look at two cameras of it; sourced after lib.sh.

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
	listed 2> /dev/null | has -E "^$1	[^	]*	(idle|running|starting)	"
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

not_active() {
	! systemctl -q is-active "$1"
}

# told CAMERA CONDITION REASON
told() {
	listed | has "^$1	[^	]*	$2	$3"
}

journal() {
	journalctl -b --no-pager -o short-monotonic -u 'camward*' > /out/journal.log || true
	systemctl --no-pager --all list-units 'camward*' 'dev-camward*' || true
	udevadm info "${camera[0]}" || true
}

# All is installed and started, and client `owner` may watch both cameras.
come() {
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
	ctl grant owner "$front" live
	ctl grant owner "$back" live
}

no_failed_unit() {
	! systemctl --failed --no-legend | grep camward || fail "units failed"
	trap - EXIT
}
