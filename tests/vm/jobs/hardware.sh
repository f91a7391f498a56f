#!/bin/bash
# From a camera through a hardware encoder to a viewer every picture is the one captured, bit for bit, with each habit of real encoders; where camera and encoder can share memory, no CPU touches it.
# vm: timeout=1200 memory=3G
# shellcheck source=tests/vm/lib.sh
. /camward/tests/vm/lib.sh
# shellcheck source=tests/vm/hardware.sh
. /camward/tests/vm/hardware.sh

check_sharing() {
	loop 1 NV12
	serve
	watch 3
	by zero-copy "memory of the encoder"
	check_calls 300
	# Pictures that never come out are counted, and nothing else breaks.
	has_habits drop_every=7
	watch 3
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

# Nothing of this is an obstacle; the camera follows the encoder's longer lines.
check_habits() {
	serve stride_align=512 headers=2 no_force_keyframe=1 busy_controls=1 instances=1
	watch 3
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
	watch 3
	by copy "720 lines of 1280 bytes, the encoder wants 736"
	serve height_align=32 no_crop=1
	falls_back "cannot do this size"
	# One that keeps many, of more than it is asked for, and then gives each back.
	serve min_output=8
	watch 3
	by zero-copy "memory of the encoder"
	serve min_output=8 no_import=1
	watch 3
	by zero-copy "memory of the encoder"
	# There are 32.
	serve min_output=32
	watch 3
	by copy "keep more buffers than they can share"
	serve min_output=33
	falls_back "needs more buffers than there can be"
	# One that makes something else.
	serve codecs=HEVC
	falls_back "makes HEVC, not H.264"
	serve codecs=JPEG
	falls_back "makes JPEG, no video"
	# The other API, the other format, other ways with headers.
	loop 2 YU12
	serve formats=YU12 multiplanar=1 no_import=1 headers=1
	watch 3
	by zero-copy "memory of the encoder"
}

# Planes apart, each with a DMA-buf of its own. vivid loops nothing into another format: a camera is fed
# what it is to give.
check_planes() {
	# The encoder's alone.
	loop 1 NV12
	serve formats=NM12 multiplanar=1
	watch 3
	by copy "does not take NV12"
	# The camera's alone; vivid begins this one's luma a little later in its buffer.
	only NM16
	loop 2 NM16
	serve
	watch 3
	by copy "no format that the encoder could read"
	# Both's, but not in the same way: what fills them is right in each.
	only NM12
	loop 2 NM12
	serve formats=YM12 multiplanar=1
	watch 3
	by copy "does not take NM12"
	serve formats=NM12 multiplanar=1
	watch 3
	by zero-copy "memory of the encoder"
	flows 60
	hands_out 20
	kill $viewer
	wait $viewer || true
	# Lines that nobody sees may be more, if chroma does not follow them. One that stalls takes up
	# what was its own memory again.
	serve formats=NM12 multiplanar=1 height_align=32 stride_align=512
	has_habits stall_after=40
	watch 5
	by zero-copy
	[ "$(stalls)" -gt 0 ] || fail "$habits: it did not stall"
	# Of a camera that has both, what is not copied.
	with_all_formats
	loop 2 YM12
	serve formats=YM12 multiplanar=1
	watch 3
	by zero-copy
}

# Where neither gives its memory away, a graphics card lends some, and is left alone otherwise: whose
# screen it is keeps it, and who comes later finds it free.
check_card() {
	modprobe vkms
	until_true 10 test -c /dev/dri/card0 || fail "vkms has no card"
	chmod 666 /dev/dri/card0
	loop 1 NV12
	echo /build/tests/vm/no-export.so > /etc/ld.so.preload
	card=/dev/dri/card0
	serve
	local screen
	hold_screen
	watch 3
	by zero-copy "dumb buffers"
	leave_screen
	flows 40
	look
	by zero-copy "dumb buffers"
	not_in_use $card || fail "$card stays open"
	hold_screen
	leave_screen
	kill $viewer
	wait $viewer || true
	check_calls 100
	card=
	rm /etc/ld.so.preload
}

# A program that is the master of the card's screen, from then until it leaves: $screen.
hold_screen() {
	rm -f /tmp/held
	python3 -c 'import errno, fcntl, os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
card = os.open("/dev/dri/card0", os.O_RDWR)
def is_master():
    try:
        fcntl.ioctl(card, 0x40046411, bytes(4))  # DRM_IOCTL_AUTH_MAGIC, which is for masters
    except OSError as e:
        return e.errno != errno.EACCES
    return True
if not is_master():
    sys.exit("somebody else is master")
open("/tmp/held", "w").close()
signal.sigwait({signal.SIGTERM})
sys.exit(0 if is_master() else "somebody has become master instead")' &
	screen=$!
	until_true 20 holds_screen || fail "the screen cannot be had"
}

holds_screen() {
	kill -0 "$screen" || fail "the screen is taken"
	[ -e /tmp/held ]
}

leave_screen() {
	kill "$screen"
	wait "$screen" || fail "the screen was taken away"
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
	local from us_from frames=60
	! is_alone || frames=200
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
	until_true 60 beyond $((from + frames)) || fail "too few frames"
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

# Four cameras at once, 1280x720 at 30 frames a second: in ten seconds nobody drops a frame.
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
	# A sensor waits for no processor, and so vivid's threads do not, either.
	pgrep '^vivid-...-vid-' | xargs -n 1 chrt -f -p 50
	sleep 5
	# Whoever asks takes time of what is looked at, so what was said is read afterwards.
	all_cameras > /tmp/before
	sleep 10
	all_cameras > /tmp/after
	mapfile -t before < <(counted "${names[@]}" < /tmp/before)
	mapfile -t after < <(counted "${names[@]}" < /tmp/after)
	for i in "${!names[@]}"; do
		echo "${names[i]}: $((${after[i]%% *} - ${before[i]%% *})) frames in 10 s, lost ${after[i]#* }," \
			"before that ${before[i]#* }"
		[ "$(not_by_driver "${after[i]}")" = "$(not_by_driver "${before[i]}")" ] ||
			fail "${names[i]} drops frames"
		((${after[i]%% *} > ${before[i]%% *})) || fail "${names[i]} has no frame in 10 s"
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

all_cameras() {
	DBUS_SYSTEM_BUS_ADDRESS=$bus /build/service/ctl/camwardctl cameras --json
}

# counted CAMERA...: of what all_cameras said, frames encoded and lost, a line each.
counted() {
	python3 -c 'import json, sys
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
for part in sharing card habits planes cost four; do
	begun=$SECONDS
	"check_$part"
	echo "$part: $((SECONDS - begun)) s"
done
without_cameras
trap - EXIT
