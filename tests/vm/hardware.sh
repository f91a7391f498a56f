# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
# What jobs with a hardware encoder share: vivid that gives what it is fed, the service, viewers. Sourced after lib.sh.

WIDTH=1280
HEIGHT=720
FPS=30 # that the service asks for; the camera has 30
cases=0

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

# only FORMAT: vivid's cameras have this one alone, in programs that start from now on.
only() {
	echo /build/tests/vm/one-format.so > /etc/ld.so.preload
	echo "$1" > /run/one-format
}

with_all_formats() {
	rm -f /etc/ld.so.preload
}

# loop API FORMAT: a camera that gives what it is fed: vivid's output, looped into its capture. Its clock
# goes no lower than for 1280x720; a smaller picture passes its two scalers as it is.
loop() {
	local output timings
	timings=cvt,width=$((WIDTH < 1280 ? 1280 : WIDTH)),height=$((HEIGHT < 720 ? 720 : HEIGHT)),fps=30
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
	local sources said
	end_service
	modprobe -r venc
	modprobe venc "$@"
	until_true 10 node_named venc-enc || fail "the encoder does not appear"
	encoder=$node
	habits=${*:-no habits}
	chmod 666 "$encoder" "${camera[@]}"
	printf -v sources '%s,' "${camera[@]}"
	rm -f /tmp/demo.json
	python3 /camward/tests/support/demo.py --build /build --no-install \
		--cameras ${#camera[@]} --size "${WIDTH}x$HEIGHT" --fps $FPS \
		--source "v4l2:${sources%,}" --encoder "$encoder" \
		--converter "${converter:-none}" --card "${card:-none}" --json /tmp/demo.json \
		> /out/demo.log 2>&1 &
	demo=$!
	until_true 180 serving || fail "the demo does not come up"
	# Python takes a second to begin here, so it is asked once for what is needed again and again.
	said=$(python3 -c 'import json
demo = json.load(open("/tmp/demo.json"))
token, = (c["token"] for c in demo["clients"] if c["name"] == "owner")
print(demo["bus"], demo["pids"]["cameras"][0],
      "rtsps://owner:%s@%s:%d" % (token, demo["host"], demo["rtsps_port"]))')
	read -r bus pid address <<< "$said"
}

serving() {
	kill -0 "$demo" || fail "the demo ended"
	[ -s /tmp/demo.json ]
}

# has_habits HABIT...: those that can change while it runs.
has_habits() {
	local habit
	for habit in "$@"; do
		echo "${habit#*=}" > "/sys/module/venc/parameters/${habit%=*}"
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

# What is told of a camera comes once a second, and so may come after its first picture.
is_told() {
	look && [ "$path" != none ]
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
		-i "$address/$1" -t "$2" -an -c copy "${@:3}" &
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
	until_true 10 is_told || fail "$habits: nothing is told of the camera"
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

# check_calls FRAMES: in these the process reads and writes nothing that is as large as a picture, and maps nothing.
check_calls() {
	flows 40
	: > /tmp/calls
	strace -f -qq -p "$pid" -o /tmp/calls &
	local tracer=$!
	until_true 80 traced "$1" || fail "only $(grep -c VIDIOC_QBUF /tmp/calls) buffers are queued"
	kill $tracer $viewer
	wait $tracer $viewer || true
	awk -F '(' '{ n = split($1, word, " "); count[word[n]]++ }
		END { for (call in count) print count[call], call }' /tmp/calls | sort -rn > /out/calls
	awk '/(read|write|readv|writev|pread64|pwrite64|splice|sendto|sendmsg|recvmsg)\(/ &&
		$NF > 65536 || /(mmap|mremap|process_vm_readv)\(/ { print; n++ }
		END { exit n > 0 }' /tmp/calls > /tmp/large ||
		fail "it moves what is as large as a picture: $(head -n 3 /tmp/large)"
	echo "$1 frames: $(xargs < /out/calls)"
}

# A frame is queued three times, or as $queues says: in the camera, as raw and as coded picture, and twice in a converter.
traced() {
	[ "$(grep -c VIDIOC_QBUF /tmp/calls)" -ge $(($1 * ${queues:-3})) ]
}

# hands_out FRAMES: what a local subscriber to raw pictures gets of a camera that is watched, each is one that was fed.
hands_out() {
	local program
	: > /tmp/raw
	ctl client user owner root
	ctl grant owner front raw > /dev/null
	# All of it would fill the disk, and the ledger with it.
	DBUS_SYSTEM_BUS_ADDRESS=$bus /build/docs/examples/subscribe --raw front > \
		>(head -c $(($1 * WIDTH * HEIGHT * 3 / 2)) > /tmp/raw; cat > /dev/null) &
	program=$!
	until_true 60 has_pictures "$1" || fail "$habits, ${conversion:-no converter}: no raw pictures"
	kill $program 2> /dev/null || true
	wait $program || true
	/build/tests/vm/coded-frames judge $WIDTH $HEIGHT < /tmp/raw
}

has_pictures() {
	[ "$(stat -c %s /tmp/raw)" -ge $(($1 * WIDTH * HEIGHT * 3 / 2)) ]
}

ctl() {
	DBUS_SYSTEM_BUS_ADDRESS=$bus /build/service/ctl/camwardctl "$@"
}

# falls_back TEXT: where the encoder cannot do it at all, software does, and says why.
falls_back() {
	view front 5 -f null -
	until_true 30 comes_by software || fail "$habits: $path, $reason"
	by software "$1"
	wait $viewer || fail "$habits: ffmpeg: $?"
	echo "$habits: $path, $reason"
}

stalls() {
	grep -c 'the encoder stalls: it is opened anew' /out/demo.log || true
}
