#!/bin/bash
# What a camera encodes itself, H.264 or JPEG, reaches a viewer byte by byte.
# vm: timeout=900 memory=3G
# shellcheck source=tests/vm/lib.sh
. /camward/tests/vm/lib.sh

modprobe v4l2loopback video_nr=10,11 card_label=h264,mjpeg exclusive_caps=1,1 max_buffers=8
devices=(/dev/video10 /dev/video11)
until_true 10 test -c "${devices[1]}" || fail "no loopback devices"
chgrp video "${devices[@]}"
chmod 660 "${devices[@]}"

# clip FILE OPTION...: four seconds whose every picture is another one. At a low rate: v4l2loopback
# writes over a buffer that its reader holds, should that one be four pictures late.
clip() {
	ffmpeg -hide_banner -nostdin -loglevel error -f lavfi -i testsrc2=size=320x240:rate=5 \
		-frames:v 20 "${@:2}" "$1"
}

clip /tmp/h264 -pix_fmt yuv420p -c:v libx264 -preset ultrafast -profile:v baseline -bf 0 -g 5 \
	-x264-params slices=1:aud=1 -f h264
clip /tmp/mjpeg -pix_fmt yuvj420p -c:v mjpeg -huffman default -f mjpeg

python3 /camward/tests/support/demo.py --build /build --no-install --cameras 2 --size 320x240 \
	--fps 5 --json /tmp/demo.json \
	--source "v4l2:${devices[0]},${devices[1]}" > /out/demo.log 2>&1 &
demo=$!
trap 'tail -n 30 /out/demo.log' EXIT

serving() {
	kill -0 $demo || fail "the demo ended"
	[ -s /tmp/demo.json ]
}
until_true 120 serving || fail "the demo does not come up"

url() {
	python3 - "$1" <<'EOF'
import json, sys
demo = json.load(open("/tmp/demo.json"))
token = next(c["token"] for c in demo["clients"] if c["name"] == "owner")
print(f"rtsps://owner:{token}@{demo['host']}:{demo['rtsps_port']}/{sys.argv[1]}")
EOF
}

captures() {
	v4l2-ctl -d "$1" -D | has 'Video Capture'
}

# feed DEVICE DEMUXER FILE: loops it in real time, as a camera that encodes itself, until $feeder is
# ended. (-stream_loop cannot: byte streams have no time to go back to.)
feed() {
	ffmpeg -hide_banner -loglevel error -re -framerate 5 -f "$2" -i - \
		-c copy -f v4l2 "$1" > "/out/feed-${3##*/}.log" 2>&1 < <(while cat "$3"; do :; done) &
	feeder=$!
	until_true 60 captures "$1" || fail "$1 is fed nothing: $(cat "/out/feed-${3##*/}.log")"
}

bus=$(python3 -c 'import json; print(json.load(open("/tmp/demo.json"))["bus"])')

# state NAME: path and reason of a camera that runs, as D-Bus has them, into /tmp/state.
state() {
	DBUS_SYSTEM_BUS_ADDRESS=$bus /build/service/ctl/camwardctl cameras --json |
		python3 -c 'import json, sys
c = next(c for c in json.load(sys.stdin)["cameras"] if c["name"] == sys.argv[1])
sys.exit(c["condition"] != "running" or print(c["path"], c["reason"]))' "$1" > /tmp/state
}

# watch CAMERA FRAMES OUTPUT...: sets $reason.
watch() {
	local player path
	timeout 180 ffmpeg -hide_banner -nostdin -loglevel error -rtsp_transport tcp \
		-i "$(url "$1")" -frames:v "$2" "${@:3}" &
	player=$!
	until_true 60 state "$1" || fail "$1 does not run"
	read -r path reason < /tmp/state
	wait $player || fail "ffmpeg watching $1: $?"
	[ "$path" = passthrough ] || fail "$1 goes by $path: $reason"
}

# unchanged CAMERA CODEC: more than twice the loop. Pictures may be missing, as with any camera that
# is read late, but those that come are the camera's, in its order.
unchanged() {
	local result
	watch "$1" 50 -c copy -f "$2" "/tmp/received-$2"
	result=$(python3 /camward/tests/support/pictures.py "$2" "/tmp/$2" "/tmp/received-$2")
	echo "$1: $reason: $result"
	python3 -c 'import json, sys
r = json.loads(sys.argv[1])
sys.exit(not (r["given"] == 20 and r["received"] >= 49 and r["unknown"] == 0
              and r["missing"] <= r["received"] / 2))' "$result" || fail "$1 is not what was fed"
}

feed "${devices[0]}" h264 /tmp/h264
unchanged front h264
kill $feeder
feed "${devices[1]}" mjpeg /tmp/mjpeg
unchanged back mjpeg
kill $feeder

kill $demo
wait $demo || fail "the demo ended with $?"
trap - EXIT
