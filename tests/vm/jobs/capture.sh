#!/bin/bash
# Frames of a real driver arrive whole, in order and counted, losses and faults included; the device is closed after.
# shellcheck source=tests/vm/lib.sh
. /camward/tests/vm/lib.sh

tool=/build/tests/vm/capture-frames

# capture NODE WIDTH HEIGHT FRAMES: leaves what came in /tmp/frames, and checks that the program,
# still alive after the end of its capture, has the device no longer open.
capture() {
	mkfifo -m 600 /tmp/hold
	"$tool" "$1" "$2" "$3" 30 "$4" < /tmp/hold > /tmp/frames &
	pid=$!
	exec 3> /tmp/hold
	rm /tmp/hold
	if [ "${during:-}" ]; then
		until_true 20 streams 10 || fail "no frames come"
		in_use "$1" || fail "$1 streams, but nobody has it open"
		"$during" "$1"
		during=
	fi
	until_true 60 grep -qx closed /tmp/frames || fail "no end: $(tail -3 /tmp/frames)"
	kill -0 "$pid"
	not_in_use "$1" || fail "$1 is open after the capture"
	exec 3>&-
	status=0
	wait "$pid" || status=$?
}

streams() {
	[ "$(grep -c ^frame /tmp/frames)" -ge "$1" ]
}

# Sums of what came: frames, those lost, distinct pictures, how many the driver numbered, greatest
# age. vivid gives a number twice when it is late.
count() {
	awk '/^frame/ {
		if (n && $2 < last) disorder = 1
		if (!n) first = $2
		if (n && $2 == last) again++
		n++; lost += $3; last = $2; seen[$5] = 1; if ($4 > age) age = $4
	} END { if (!disorder) print n, lost, length(seen), last - first + 1 + again, age }' /tmp/frames
}

whole() {
	[ "$status" = 0 ] || fail "$(tail -3 /tmp/frames)"
	read -r frames lost pictures span age < <(count) || fail "frames came out of order"
	echo "$1: $(head -1 /tmp/frames): $frames frames, $lost lost, $pictures pictures, oldest $age us"
	[ "$frames" = "$2" ] || fail "$frames frames, not $2"
	[ $((frames + lost)) = "$span" ] || fail "$frames + $lost do not make the $span of the driver"
	[ "$pictures" -ge $((frames * 9 / 10)) ] || fail "only $pictures different pictures"
	[ "$age" -lt 3000000 ] || fail "a frame came $age us after its time"
}

inject_error() {
	v4l2-ctl -d "$1" -c inject_v4l2_buf_flag_error=1
}

unplug() {
	v4l2-ctl -d "$1" -c disconnect=1
}

take_also() {
	"$tool" "$1" 640 360 30 1 < /dev/null > /tmp/second && fail "two captured at once"
	grep -qx 'error EBUSY' /tmp/second || fail "$(cat /tmp/second)"
}

check_planes() {
	cameras 1 30 multiplanar="$1"
	node=${camera[0]}
	not_in_use "$node" || fail "$node is open before the capture"

	during=take_also capture "$node" 1280 720 150
	whole "1280x720, $2" 150
	grep -q '^format NV12 1280 720 ' /tmp/frames || fail "$(head -1 /tmp/frames)"

	capture "$node" 640 360 60
	whole "640x360, $2" 60

	during=inject_error capture "$node" 640 360 120
	whole "a faulty frame, $2" 120
	[ "$lost" -ge 1 ] || fail "the faulty frame is not counted"

	v4l2-ctl -d "$node" -c percentage_of_dropped_buffers=30
	capture "$node" 640 360 60
	whole "a third dropped, $2" 60
	[ "$lost" -ge 8 ] || fail "dropped buffers are not counted"
	v4l2-ctl -d "$node" -c percentage_of_dropped_buffers=0

	during=unplug capture "$node" 640 360 600
	[ "$status" = 1 ] || fail "an unplugged camera went on"
	grep -qx 'error ENODEV' /tmp/frames || fail "$(tail -2 /tmp/frames)"
	until_true 10 modprobe -r vivid || fail "vivid is still in use"
}

trap 'cp /tmp/frames /out/' EXIT
check_planes 1 "single-planar API"
check_planes 2 "multi-planar API"
