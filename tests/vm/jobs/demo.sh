#!/bin/bash
# The whole service on two real cameras: ffmpeg decodes 10 s of each over RTSPS, and with no lease nobody has a device open.
# vm: timeout=600 memory=3G
# shellcheck source=tests/vm/lib.sh
. /camward/tests/vm/lib.sh

cameras 2 30
# As udev's rules have it.
chgrp video "${camera[@]}"
chmod 660 "${camera[@]}"
# Red and blue: a frame of the wrong camera shows.
v4l2-ctl -d "${camera[0]}" -c test_pattern=7
v4l2-ctl -d "${camera[1]}" -c test_pattern=9

python3 /camward/tests/support/demo.py --build /build --no-install --cameras 2 --size 320x180 \
	--fps 30 --source "v4l2:${camera[0]},${camera[1]}" --json /tmp/demo.json \
	> /out/demo.log 2>&1 &
demo=$!
trap 'tail -n 30 /out/demo.log' EXIT

serving() {
	kill -0 $demo || fail "the demo ended"
	[ -s /tmp/demo.json ]
}

url() {
	python3 - "$1" "$2" <<'EOF'
import json, sys
demo = json.load(open("/tmp/demo.json"))
token = next(c["token"] for c in demo["clients"] if c["name"] == sys.argv[2])
print(f"rtsps://{sys.argv[2]}:{token}@{demo['host']}:{demo['rtsps_port']}/{sys.argv[1]}")
EOF
}

camera_pid() {
	python3 -c 'import json, sys
print(json.load(open("/tmp/demo.json"))["pids"]["cameras"][int(sys.argv[1])])' "$1"
}

# play CAMERA CLIENT SECONDS OUTPUT...
play() {
	local from
	from=$(url "$1" "$2")
	timeout 90 ffmpeg -hide_banner -nostdin -loglevel error -rtsp_transport tcp -i "$from" \
		-t "$3" -an "${@:4}"
}

# Refused, and the camera is not even switched on.
refused() {
	! play "$1" "$2" 1 -f null - || fail "$2 sees $1"
	not_in_use "$3" || fail "$3 is open for somebody without a right"
}

# watched INDEX CAMERA OTHER: ten seconds of it, with its device open in its process alone.
watched() {
	local node=${camera[$1]} other=${camera[$3]} frames pictures begun=$SECONDS
	play "$2" owner 10 -f framemd5 "/tmp/$2.md5" &
	local player=$!
	until_true 30 in_use "$node" || fail "nobody opens $node"
	[ "$(users_of "$node")" = "$(camera_pid "$1")" ] || fail "$node is open in $(users_of "$node")"
	not_in_use "$other" || fail "$other is open while only $2 is watched"
	wait $player || fail "ffmpeg: $?"

	read -r frames pictures span < <(judge_frames "/tmp/$2.md5")
	echo "$2: $frames frames, $pictures different, $span s of time, in $((SECONDS - begun)) s"
	# The virtual machine is slow, and more so in company: it may drop, but not stand.
	[ "$frames" -ge 30 ] || fail "$2: only $frames frames"
	[ "$pictures" -ge $((frames * 9 / 10)) ] || fail "$2: only $pictures different pictures"
	[ "$span" -ge 9 ] || fail "$2: only $span s"
	until_true 10 not_in_use "$node" || fail "$node stays open after the last lease"
}

# Frames, different ones, and the seconds from the first to the last.
judge_frames() {
	awk -F '[:,/ ]+' '/^#tb/ { unit = $3 / $4 } /^#/ { next } {
		if (!n++) first = $3
		last = $3; seen[$NF] = 1
	} END { print n, length(seen), int((last - first) * unit + 0.5) }' "$1"
}

# colour CAMERA: the mean of U and of V in a frame.
colour() {
	play "$1" owner 1 -frames:v 1 -vf signalstats,metadata=print:file=- -f null - |
		awk -F = '/signalstats.[UV]AVG/ && n++ < 2 { print int($2) }' | xargs
}

until_true 60 serving || fail "the demo does not come up"
not_in_use "${camera[0]}" || fail "${camera[0]} is open before anybody watches"
not_in_use "${camera[1]}" || fail "${camera[1]} is open before anybody watches"

refused front stranger "${camera[0]}"
refused back guest "${camera[1]}"

watched 0 front 1
watched 1 back 0
read -r u v < <(colour front)
((v > 150 && u < 128)) || fail "front is not red: U $u, V $v"
read -r u v < <(colour back)
((u > 150 && v < 128)) || fail "back is not blue: U $u, V $v"

kill $demo
wait $demo || fail "the demo ended with $?"
trap - EXIT
