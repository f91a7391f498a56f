#!/bin/bash
# A converter between camera and encoder: every picture is the one that was captured, converted and scaled as the converter does it, bit for bit, and no CPU touches raw pictures; where it cannot, fails or stalls, others come, and the reason is told.
# vm: timeout=900 memory=3G
# shellcheck source=tests/vm/lib.sh
. /camward/tests/vm/lib.sh
# shellcheck source=tests/vm/hardware.sh
. /camward/tests/vm/hardware.sh

# converter [HABIT...]: the virtual converter with these habits, for the service that comes next.
converter() {
	end_service
	modprobe -r vconv
	modprobe vconv "$@"
	until_true 10 node_named vconv-conv || fail "the converter does not appear"
	converter=$node
	chmod 666 "$converter"
	conversion=$*
}

# see STREAM SECONDS HOW WIDTH HEIGHT: what a viewer gets, for converter.check to judge outside.
see() {
	begin_seeing "$1" "$2"
	end_seeing "$1" "$3" "$4" "$5"
}

begin_seeing() {
	cases=$((cases + 1))
	view "$1" "$2" -f h264 "/out/$cases.h264"
	until_true 60 test -s "/out/$cases.h264" || fail "$habits, $conversion: no picture"
	until_true 10 is_told || fail "$habits, $conversion: nothing is told of the camera"
}

end_seeing() {
	wait $viewer || fail "$habits, $conversion: ffmpeg: $?"
	echo "$cases $2 $3 $4 $1, $habits, ${conversion:-no converter}: $path, $reason" |
		tee -a /out/cases
}

check_conversion() {
	only YUYV
	loop 1 YUYV
	converter
	serve
	see front 3 whole $WIDTH $HEIGHT
	by converter "no format that the encoder could read"
	queues=5
	check_calls 100
	# The small one by itself, and beside the large one.
	see front/sub 3 nearest 640 360
	by converter "made smaller"
	flows 15
	see front/sub 3 nearest 640 360
	by converter
	kill $viewer 2> /dev/null || true
	wait $viewer || true
}

# Formats that the encoder has, in a layout that the camera has not.
check_layouts() {
	with_all_formats
	loop 1 NV12
	converter multiplanar=1
	serve height_align=32 stride_align=512
	see front 3 whole $WIDTH $HEIGHT
	by converter "720 lines of"
	# Pictures that never come out of the converter are lost, and nothing else.
	has_habits_of vconv drop_every=3
	see front 3 whole $WIDTH $HEIGHT
	by converter
	has_habits_of vconv drop_every=0 fail_every=4
	see front 3 whole $WIDTH $HEIGHT
	by converter
	# Where the two share memory, the converter makes the small ones only.
	converter
	serve
	flows 20
	see front/sub 3 nearest 640 360
	by zero-copy
	kill $viewer 2> /dev/null || true
}

# Planes in buffers of their own on each side, and not the same ones.
check_planes() {
	only NM12
	loop 2 NM12
	converter multiplanar=1 inputs=NM12 formats=YM12
	serve multiplanar=1 formats=YM12
	see front 3 whole $WIDTH $HEIGHT
	by converter "does not take NM12"
	begin_seeing front/sub 5
	until_true 20 comes_by converter || fail "$conversion: $path, $reason"
	end_seeing front/sub nearest 640 360
	by converter "made smaller"
}

# has_habits_of MODULE HABIT...
has_habits_of() {
	local habit
	for habit in "${@:2}"; do
		echo "${habit#*=}" > "/sys/module/$1/parameters/${habit%=*}"
	done
	conversion=${*:2}
}

# Viewers see a pause; then pictures are copied, and the reason stays.
check_failures() {
	only YUYV
	loop 1 YUYV
	converter stall_after=20
	serve
	see front 6 whole $WIDTH $HEIGHT
	look
	by copy "the converter $converter stalled"
	see front/sub 3 average 640 360
	by copy "stalled"
	converter fail_every=1
	serve
	begin_seeing front/sub 8
	until_true 20 comes_by copy || fail "$conversion: $path, $reason"
	end_seeing front/sub average 640 360
	by copy "failed"
	# What cannot begin is told as well.
	converter inputs=UYVY
	serve
	see front 3 whole $WIDTH $HEIGHT
	by copy "does not take YUYV 1280x720"
	converter formats=YU12
	serve
	see front 3 whole $WIDTH $HEIGHT
	by copy "does not make NV12"
	# A node that is none.
	converter=${camera[0]}
	serve
	see front 3 whole $WIDTH $HEIGHT
	by copy "cannot be used"
	converter=
}

# Without one, the small stream is scaled by software and copied, beside the large one's zero-copy.
check_without() {
	with_all_formats
	loop 1 NV12
	converter=
	conversion=
	serve
	with_all average zero-copy
	only YUYV
	loop 1 YUYV
	converter
	serve
	with_all nearest converter
}

# with_all HOW PATH: both streams and a raw local subscriber, all at once.
with_all() {
	local large
	flows 85
	large=$viewer
	see front/sub 3 "$1" 640 360
	by "$2"
	kill -0 "$large" || fail "$habits, $conversion: the viewer of the large one has gone"
	hands_out 20
	kill "$large" 2> /dev/null || true
	wait "$large" || true
}

# Other formats that it takes.
check_inputs() {
	WIDTH=320 HEIGHT=180
	only UYVY
	loop 1 UYVY
	converter
	serve
	see front 3 whole $WIDTH $HEIGHT
	by converter
	only RGB3
	loop 2 RGB3
	serve
	see front 3 rgb $WIDTH $HEIGHT
	by converter
	WIDTH=1280 HEIGHT=720
}

# A viewer that may switch, whose connection becomes slow and is freed again: from one hardware encoder to
# the other and back, in one session.
check_switching() {
	local viewer run how
	with_all_formats
	WIDTH=320 HEIGHT=180 FPS=15
	loop 1 NV12
	converter
	serve
	python3 /camward/tests/vm/tools/switch.py /tmp/demo.json front /out/switched &
	viewer=$!
	until_true 60 comes_by zero-copy || fail "$habits: $path, $reason"
	wait $viewer || fail "the viewer does not switch, or refuses a picture"
	for run in 0 1 2; do
		cases=$((cases + 1))
		mv "/out/switched-$run.h264" "/out/$cases.h264"
		how="whole 320 180"
		[ $run != 1 ] || how="nearest 160 90"
		echo "$cases $how switched, $habits, ${conversion:-no converter habits}" | tee -a /out/cases
	done
	WIDTH=1280 HEIGHT=720 FPS=30
}

# Compliant with the interface, with both APIs; NV12 is left out, for v4l2-compliance stumbles over the
# kernel's newer name for it.
check_compliance() {
	local api log=/tmp/compliance
	for api in 0 1; do
		converter multiplanar=$api inputs=YUYV,UYVY,YU12,RGB3,YM12 formats=YU12,YM12
		v4l2-compliance -d "$converter" --streaming=10 > $log 2>&1 || true
		awk -f /camward/tests/vm/tools/compliance.awk $log > /tmp/verdict ||
			fail "$conversion: $(cat /tmp/verdict)"
		echo "$conversion: $(cat /tmp/verdict)"
	done
}

trap 'tail -n 30 /out/demo.log' EXIT
rm -f /out/*.h264 /out/cases
for part in switching inputs compliance planes layouts failures without conversion; do
	begun=$SECONDS
	"check_$part"
	echo "$part: $((SECONDS - begun)) s"
done
without_cameras
trap - EXIT
