#!/bin/bash
# From a camera through a hardware encoder to a viewer every picture is the one captured, bit for bit, with each habit of real encoders; where camera and encoder can share memory, no CPU touches it.
# vm: timeout=900 memory=3G
# shellcheck source=tests/vm/lib.sh
. /camward/tests/vm/lib.sh

WIDTH=1280
HEIGHT=720
cases=0

# node_named NAME: sets $node.
node_named() {
	local file
	for file in /sys/class/video4linux/*/name; do
		if [ "$(cat "$file")" = "$1" ]; then
			node=/dev/$(basename "$(dirname "$file")")
			[ -e "$node" ]
			return
		fi
	done
	return 1
}

stop_feeding() {
	[ -n "${feeder:-}" ] || return 0
	kill "$feeder" 2> /dev/null || true
	wait "$feeder" || true
	feeder=
}

end_service() {
	[ -n "${demo:-}" ] || return 0
	kill "$demo"
	wait "$demo" || fail "the demo ended with $?"
	demo=
}

# without_cameras: whatever vivid was for before.
without_cameras() {
	end_service
	stop_feeding
	modprobe -r vivid
}

# loop API FORMAT: a camera that gives what it is fed: vivid's output, looped into its capture.
loop() {
	local output timings=cvt,width=$WIDTH,height=$HEIGHT,fps=30
	without_cameras
	modprobe vivid n_devs=1 node_types=0x101 num_inputs=1 input_types=3 num_outputs=1 \
		output_types=1 multiplanar="$1"
	until_true 10 node_named vivid-000-vid-out || fail "no output"
	output=$node
	until_true 10 node_named vivid-000-vid-cap || fail "no camera"
	camera=("$node")
	v4l2-ctl -d "$output" --set-dv-bt-timings $timings > /dev/null
	v4l2-ctl -d "${camera[0]}" --set-dv-bt-timings $timings > /dev/null
	v4l2-ctl -d "${camera[0]}" -c loop_video=1,timestamp_source=1,osd_text_mode=2
	/build/tests/vm/coded-frames draw "$2" $WIDTH $HEIGHT 60 > /tmp/fed
	v4l2-ctl -d "$output" --set-fmt-video-out=width=$WIDTH,height=$HEIGHT,pixelformat="$2" \
		--stream-out-mmap --stream-from=/tmp/fed --stream-loop > /tmp/feed.log 2>&1 &
	feeder=$!
}

# serve [HABIT...]: the service on $camera, with an encoder that has these habits.
serve() {
	local sources
	end_service
	modprobe -r vh264
	modprobe vh264 "$@"
	until_true 10 node_named vh264-enc || fail "the encoder does not appear"
	encoder=$node
	habits=${*:-no habits}
	chmod 666 "$encoder" "${camera[@]}"
	printf -v sources '%s,' "${camera[@]}"
	rm -f /tmp/demo.json
	python3 /camward/tests/support/demo.py --build /build --no-install \
		--cameras ${#camera[@]} --size "${WIDTH}x$HEIGHT" --fps 30 \
		--source "v4l2:${sources%,}" --encoder "$encoder" --json /tmp/demo.json \
		> /out/demo.log 2>&1 &
	demo=$!
	until_true 60 serving || fail "the demo does not come up"
	bus=$(of_demo 'demo["bus"]')
	pid=$(of_demo 'demo["pids"]["cameras"][0]')
}

serving() {
	kill -0 "$demo" || fail "the demo ended"
	[ -s /tmp/demo.json ]
}

of_demo() {
	python3 -c "import json; demo = json.load(open('/tmp/demo.json')); print($1)"
}

url() {
	of_demo "'rtsps://owner:%s@%s:%d/$1' % (next(c['token'] for c in demo['clients']
		if c['name'] == 'owner'), demo['host'], demo['rtsps_port'])"
}

# has_habits HABIT...: those that can change while it runs.
has_habits() {
	local habit
	for habit in "$@"; do
		echo "${habit#*=}" > "/sys/module/vh264/parameters/${habit%=*}"
	done
	habits=$*
}

# property NAME [CAMERA]: as D-Bus tells it.
property() {
	busctl --address="$bus" get-property org.camward.Camward1 \
		"/org/camward/Camward1/camera/${2:-front}" org.camward.Camward1.Camera "$1" |
		cut -d ' ' -f 2- | tr -d '"'
}

# Sets $path and $reason, by one call: between two the viewer may leave.
look() {
	local told
	mapfile -t told < <(busctl --address="$bus" get-property org.camward.Camward1 \
		/org/camward/Camward1/camera/front org.camward.Camward1.Camera Path Reason |
		cut -d ' ' -f 2- | tr -d '"')
	[ ${#told[@]} = 2 ] && path=${told[0]} reason=${told[1]}
}

comes_by() {
	look && [ "$path" = "$1" ]
}

# The viewer comes again, if it was cut off.
comes_again_by() {
	kill -0 "$viewer" 2> /dev/null || view front 20 -f null -
	comes_by "$1"
}

# by PATH [TEXT]: how the pictures came to the encoder, and what is said of it.
by() {
	[ "$path" = "$1" ] || fail "$habits: $path ($reason), not $1"
	[[ $reason == *"${2:-}"* ]] || fail "$habits: \"$reason\" does not say \"$2\""
}

# view CAMERA SECONDS OUTPUT...: in the background, as $viewer.
view() {
	timeout 90 ffmpeg -y -hide_banner -nostdin -loglevel error -rtsp_transport tcp \
		-i "$(url "$1")" -t "$2" -an -c copy "${@:3}" &
	viewer=$!
}

# watch SECONDS: what a viewer gets, for hardware.check to decode and compare outside.
watch() {
	local clock
	cases=$((cases + 1))
	rm -f /tmp/arrivals
	mkfifo /tmp/arrivals
	longest_gap < /tmp/arrivals > /tmp/gap &
	clock=$!
	view front "$1" -f h264 "/out/$cases.h264" -t "$1" -c copy -flush_packets 1 -f framecrc \
		/tmp/arrivals
	until_true 60 test -s "/out/$cases.h264" || fail "$habits: no picture"
	look
	wait $viewer || fail "$habits: ffmpeg: $?"
	wait $clock
	echo "$cases $WIDTH $HEIGHT $habits: $path, $reason" | tee -a /out/cases
}

# Of lines that come as pictures do: the longest time between two, ms.
longest_gap() {
	python3 -c 'import sys, time
last = longest = None
for line in sys.stdin:
    if line.startswith("#"):
        continue
    now = time.monotonic()
    longest = max(longest or 0, now - last) if last else 0
    last = now
print(int((longest or 0) * 1000))'
}

# flows SECONDS: a viewer for whom pictures come by now.
flows() {
	rm -f /tmp/flow
	view front "$1" -f h264 /tmp/flow
	until_true 30 test -s /tmp/flow || fail "$habits: no picture"
}

# gap MILLISECONDS: what was watched last had no longer pause.
gap() {
	echo "$habits: nothing for $(cat /tmp/gap) ms at most"
	[ "$(cat /tmp/gap)" -le "$1" ] || fail "$habits: nothing for $(cat /tmp/gap) ms"
}

# In 300 frames the process reads and writes nothing that is as large as a picture, and maps nothing.
check_calls() {
	flows 40
	: > /tmp/calls
	strace -f -qq -p "$pid" -o /tmp/calls &
	local tracer=$!
	until_true 80 traced 300 || fail "only $(grep -c VIDIOC_QBUF /tmp/calls) buffers are queued"
	kill $tracer $viewer
	wait $tracer $viewer || true
	awk -F '(' '{ n = split($1, word, " "); count[word[n]]++ }
		END { for (call in count) print count[call], call }' /tmp/calls | sort -rn > /out/calls
	awk '/(read|write|readv|writev|pread64|pwrite64|splice|sendto|sendmsg|recvmsg)\(/ &&
		$NF > 65536 || /(mmap|mremap|process_vm_readv)\(/ { print; n++ }
		END { exit n > 0 }' /tmp/calls > /tmp/large ||
		fail "it moves what is as large as a picture: $(head -n 3 /tmp/large)"
	echo "300 frames: $(xargs < /out/calls)"
}

# A frame is queued three times: in the camera, as raw and as coded picture.
traced() {
	[ "$(grep -c VIDIOC_QBUF /tmp/calls)" -ge $(($1 * 3)) ]
}

check_sharing() {
	loop 1 NV12
	serve
	watch 2
	by zero-copy "memory of the encoder"
	check_calls
	# Pictures that never come out are counted, and nothing else breaks.
	has_habits drop_every=7
	watch 2
	# What the encoder spoils is never shown, nor what refers to it.
	has_habits drop_every=0 fail_every=20
	watch 3
	# A stalled encoder is back within 3 s, and the viewer keeps its connection.
	local hard stalls
	for hard in 0 1; do
		has_habits fail_every=0 stall_after=40 stall_hard=$hard
		stalls=$(stalls)
		watch 10
		by zero-copy
		gap 3000
		[ "$(stalls)" -gt "$stalls" ] || fail "$habits: it did not stall"
	done
	# One that does nothing else is left alone: then software is better than no picture.
	has_habits stall_after=2
	view front 20 -f null -
	until_true 60 comes_again_by software || fail "$habits: $path, $reason"
	by software "has failed"
	kill $viewer 2> /dev/null || true
	wait $viewer || true
	echo "$habits: $path, $reason"
}

stalls() {
	grep -c 'the encoder stalls: it is opened anew' /out/demo.log || true
}

# Nothing of this is an obstacle; the camera follows the encoder's longer lines.
check_habits() {
	serve stride_align=512 headers=2 no_force_keyframe=1 busy_controls=1 instances=1
	watch 2
	by zero-copy
	until_true 30 not_in_use "$encoder" || fail "the encoder stays open"
	# shellcheck disable=SC2217
	sleep 60 < "$encoder" &
	local other=$!
	falls_back "is busy"
	kill $other
	wait $other || true
	# Lines that the camera does not have cannot be made up.
	serve height_align=32
	watch 2
	by copy "720 lines of 1280 bytes, the encoder wants 736"
	serve height_align=32 no_crop=1
	falls_back "cannot do this size"
	# The other API, the other format, other ways with headers.
	loop 2 YU12
	serve formats=YU12 multiplanar=1 no_import=1 headers=1
	watch 2
	by zero-copy "memory of the encoder"
}

# An encoder with a memory plane for each component: what fills them is right in each. The camera gives
# NV12, and has to be fed that, for vivid loops nothing into another format.
check_planes() {
	loop 1 NV12
	serve formats=NM12 multiplanar=1
	watch 4
	by copy "does not take NV12"
	serve formats=YM12 multiplanar=1
	watch 4
	by copy
	loop 2 NV12
	serve formats=YM12 multiplanar=1
	watch 4
	by copy
}

# falls_back TEXT: where the encoder cannot do it at all, software does, and says why.
falls_back() {
	view front 5 -f null -
	until_true 30 comes_by software || fail "$habits: $path, $reason"
	by software "$1"
	wait $viewer || fail "$habits: ffmpeg: $?"
	echo "$habits: $path, $reason"
}

# still_cameras N WIDTH HEIGHT: pictures that stand still.
still_cameras() {
	local node
	without_cameras
	cameras "$1" 30
	for node in "${camera[@]}"; do
		v4l2-ctl -d "$node" --set-dv-bt-timings "cvt,width=$2,height=$3,fps=30" > /dev/null
		v4l2-ctl -d "$node" -c horizontal_movement=3,osd_text_mode=1
	done
}

# Keyframes are as large as pictures here, for the encoder is lossless: only the first is wanted.
without_keyframes() {
	local name
	for name in "$@"; do
		DBUS_SYSTEM_BUS_ADDRESS=$bus /build/service/ctl/camwardctl camera set "$name" gop=3600 \
			> /dev/null
	done
}

# told_anew CAMERA: waits until the state of the camera, which comes once a second, is new.
told_anew() {
	local before
	before=$(property Encoded "$1")
	until_true 30 differs "$before" "$1" || fail "$1 stands still"
}

differs() {
	[ "$(property Encoded "$2")" != "$1" ]
}

# cost WIDTH HEIGHT: sets $us, the CPU time of the camera's process a frame.
cost() {
	local from us_from
	still_cameras 1 1920 1080
	WIDTH=$1 HEIGHT=$2 serve
	without_keyframes front
	flows 60
	look
	by zero-copy
	told_anew front
	told_anew front
	us_from=$(spent)
	from=$(property Encoded)
	until_true 60 beyond $((from + 200)) || fail "too few frames"
	us=$((($(spent) - us_from) / ($(property Encoded) - from)))
	kill $viewer
	wait $viewer || true
	echo "$1x$2: $us us a frame"
}

spent() {
	awk '{ print int($1 / 1000) }' "/proc/$pid/schedstat"
}

beyond() {
	[ "$(property Encoded)" -ge "$1" ]
}

# What takes time is judged only where nothing else does (CAMWARD_VM_LONG=1), and told always.
is_alone() {
	grep -qw vm.long /proc/cmdline
}

# Eight times as many samples cost no more.
check_cost() {
	local small
	cost 640 360
	small=$us
	cost 1920 1080
	is_alone || return 0
	((us * 100 <= small * 120)) || fail "$small us a frame at 640x360, $us us at 1920x1080"
}

# Four cameras at once, 1280x720 at 30 frames a second: in ten seconds nobody drops a frame. Whoever
# asks takes time of what is looked at here, so nobody does meanwhile.
check_four() {
	local i name before=() after=() names=(front back cam2 cam3) viewers=()
	still_cameras 4 1280 720
	WIDTH=1280 HEIGHT=720 serve
	without_keyframes "${names[@]}"
	for name in "${names[@]}"; do
		view "$name" 80 -f null -
		viewers+=("$viewer")
	done
	for name in "${names[@]}"; do
		until_true 60 runs_by zero-copy "$name" || fail "$name: $(property Path "$name")"
	done
	sleep 5
	mapfile -t before < <(counted "${names[@]}")
	sleep 10
	mapfile -t after < <(counted "${names[@]}")
	for i in 0 1 2 3; do
		echo "${names[i]}: $((${after[i]%% *} - ${before[i]%% *})) frames in 10 s, lost ${after[i]#* }"
		[ "$(not_by_driver "${after[i]}")" = "$(not_by_driver "${before[i]}")" ] ||
			fail "${names[i]} drops frames"
		is_alone || continue
		[ "${after[i]#* }" = "${before[i]#* }" ] || fail "${names[i]} drops frames"
		# The state of a camera comes once a second.
		((${after[i]%% *} - ${before[i]%% *} >= 265)) || fail "${names[i]} is slow"
	done
	kill "${viewers[@]}"
	wait "${viewers[@]}" || true
}

# A camera of vivid's is late, and so loses frames, when its machine is.
not_by_driver() {
	sed 's/^[0-9]* //; s/"driver": [0-9]*//' <<< "$1"
}

# counted CAMERA...: frames encoded and lost, a line each.
counted() {
	DBUS_SYSTEM_BUS_ADDRESS=$bus /build/service/ctl/camwardctl cameras --json | python3 -c 'import json, sys
cameras = {c["name"]: c for c in json.load(sys.stdin)["cameras"]}
for name in sys.argv[1:]:
    print(cameras[name]["encoded"], json.dumps(cameras[name]["dropped"], sort_keys=True))' "$@"
}

# runs_by PATH CAMERA
runs_by() {
	[ "$(property Path "$2")" = "$1" ]
}

trap 'tail -n 30 /out/demo.log' EXIT
rm -f /out/*.h264 /out/cases
for part in sharing habits planes cost four; do
	begun=$SECONDS
	"check_$part"
	echo "$part: $((SECONDS - begun)) s"
done
without_cameras
trap - EXIT
