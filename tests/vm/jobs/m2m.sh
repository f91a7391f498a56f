#!/bin/bash
# An encoder's pictures decode to those that went in, bit for bit, with each habit of real encoders; one that stalls is back within 3 s.
# vm: timeout=600
# shellcheck source=tests/vm/lib.sh
. /camward/tests/vm/lib.sh

tool=/build/tests/vm/m2m-encode

# encoder [OPTION...]: the virtual encoder with these habits.
encoder() {
	modprobe -r venc
	modprobe venc "$@"
	until_true 10 node_named venc-enc || fail "the encoder does not appear"
	habits=$*
}

# encode WIDTH HEIGHT PICTURES [OPTION...]
encode() {
	status=0
	size=$1x$2
	"$tool" "$node" "$1" "$2" "$3" /tmp/coded /tmp/raw "${@:4}" > /tmp/log || status=$?
	read -r _ put coded lost faulty strays restarts < <(grep ^counts /tmp/log | tail -n 1)
	options=${*:4}
	codec=$(grep -o 'codec=[A-Z0-9]*' <<< "$options" || true)
	codec=${codec#codec=}
}

# What came out decodes to what went in: m2m.check does that, outside, where decoding is fast.
exact() {
	[ "$status" = 0 ] || fail "${habits:-no habits}, $size, $options: $(tail -n 3 /tmp/log)"
	[ -s /tmp/raw ] || fail "${habits:-no habits}, $size, $options: nothing came out"
	cases=$((cases + 1))
	mv /tmp/coded "/out/$cases.${codec:-H264}"
	mv /tmp/raw "/out/$cases.yuv"
	echo "$cases ${habits:-no habits}, $size${options:+, $options}: $put put, $coded coded, $lost lost" |
		tee -a /out/cases
}

# whole PICTURES: and none is missing.
whole() {
	exact
	[ "$put $coded $lost $faulty $strays" = "$1 $1 0 0 0" ] ||
		fail "$habits: $put put, $coded coded, $lost lost, $faulty faulty, $strays strays"
}

refused() {
	[ "$status" = 1 ] || fail "$habits, $size, $options: goes through"
	grep -qx "error $1" /tmp/log || fail "$habits, $size: $(tail -n 1 /tmp/log), not $1"
	echo "refused: $habits, $size${options:+, $options}: $1"
}

keyframes() {
	awk '$1 == "coded" && $4 == 1 { print $2 }' /tmp/log | xargs
}

# compliant [also-nv12] [OPTION...]: v4l2-compliance, streaming included. What is allowed to fail is told,
# and only where NV12 is: the tool does not know the kernel's newer name for it.
compliant() {
	local skew= log=/tmp/compliance
	[ "${1:-}" != also-nv12 ] || skew=1
	# A thread of its own may begin too late for it, on a slow machine: then it aborts.
	for _ in 1 2 3; do
		v4l2-compliance -d "$node" --streaming=10 "${@:2}" > $log 2>&1 || true
		grep -q '^pure virtual method called' $log || break
	done
	awk -v skew=$skew -f /camward/tests/vm/tools/compliance.awk $log > /tmp/verdict ||
		fail "${habits:-no habits}: $(cat /tmp/verdict)"
	echo "${habits:-no habits}: $(cat /tmp/verdict)"
}

check_formats() {
	local api
	for api in 0 1; do
		encoder multiplanar=$api formats=YU12
		compliant
		encode 320 180 20
		whole 20
		encoder multiplanar=$api
		encode 320 180 20 memory=export
		whole 20
		encode 320 180 20 memory=import
		whole 20
	done
	# One that keeps many.
	encoder formats=YU12 min_output=6
	compliant
	encode 320 180 20 reset_at=10
	whole 20
	encoder multiplanar=1 formats=YM12
	compliant
	encode 320 180 20 memory=export
	grep -q '^format YM12 320 180 320 180 3$' /tmp/log || fail "$(head -n 1 /tmp/log)"
	whole 20
	encoder multiplanar=1 formats=NV12,YU12,NM12,YM12
	compliant also-nv12
	encode 320 180 20 raw=NM12 memory=import
	grep -q '^format NM12 320 180 320 180 2$' /tmp/log || fail "$(head -n 1 /tmp/log)"
	whole 20
}

check_sizes() {
	local other
	encoder formats=YU12 width_align=32 height_align=16 stride_align=128
	compliant
	encode 328 184 20
	grep -q '^format YU12 352 192 328 184 1$' /tmp/log || fail "$(head -n 1 /tmp/log)"
	whole 20
	encode 360 202 20 memory=import
	whole 20
	# What it could only encode with its padding is refused; what needs none goes through.
	encoder formats=YU12 height_align=16 no_crop=1
	compliant
	encode 320 180 1
	refused ERANGE
	encode 320 192 20
	whole 20
	encoder no_import=1 instances=1
	encode 320 180 1 memory=import
	refused EINVAL
	encode 320 180 20 memory=export
	whole 20
	encode 320 180 1 codec=HEVC
	refused EOPNOTSUPP
	encode 320 180 1 raw=YM12
	refused EOPNOTSUPP
	sleep 60 < "$node" &
	other=$!
	until_true 10 in_use "$node" || fail "nobody holds $node"
	encode 320 180 1
	refused EBUSY
	kill $other
	wait $other || true
}

# Of the last coded file; keyframes and their headers.
nal_types() {
	python3 - "/out/$cases.$codec" << 'END'
import sys
hevc = sys.argv[1].endswith("HEVC")
nals = open(sys.argv[1], "rb").read().split(b"\0\0\1")[1:]
types = [nal[0] >> 1 & 63 if hevc else nal[0] & 31 for nal in nals]
print(*[type for type in types if type != 1])
END
}

check_headers() {
	local how codec
	for how in 1 2; do
		encoder headers=$how formats=YU12 codecs=H264,HEVC
		for codec in H264 HEVC; do
			encode 320 180 40 gop=8 codec=$codec
			whole 40
			[ "$(keyframes)" = "0 8 16 24 32" ] || fail "keyframes at $(keyframes)"
			# A viewer who comes late has headers too.
			local each="7 8 5"
			[ $codec = H264 ] || each="32 33 34 20"
			[ "$(nal_types)" = "$each $each $each $each $each" ] ||
				fail "a keyframe lacks headers: $(nal_types)"
		done
	done
}

check_keyframes() {
	encoder
	encode 320 180 60 force=7 gop=600
	whole 60
	[ "$(keyframes)" = "0 7 14 21 28 35 42 49 56" ] || fail "keyframes at $(keyframes)"
	# By beginning anew, at most once a second.
	encoder no_force_keyframe=1 delay_ms=50
	encode 320 180 60 force=20 gop=600
	whole 60
	[ "$restarts" -ge 2 ] || fail "$restarts restarts"
	[ "$(keyframes | wc -w)" = $((restarts + 1)) ] || fail "keyframes at $(keyframes)"
	encoder busy_controls=1
	encode 320 180 40 adjust_at=10 gop=600
	whole 40
	[ "$(keyframes)" = "0 10 20 30" ] || fail "keyframes at $(keyframes)"
}

check_losses() {
	encoder drop_every=7
	encode 320 180 60
	exact
	[ "$put $coded $lost" = "60 52 8" ] || fail "$put put, $coded coded, $lost lost"
	local force
	for force in 0 1; do
		encoder fail_every=20 no_force_keyframe=$force delay_ms=10
		encode 320 180 100 gop=600
		exact
		[ "$put" = $((coded + lost)) ] || fail "$put put, $coded coded, $lost lost"
		[ "$lost" -ge 5 ] || fail "only $lost lost of 5 that failed"
		[ "$(keyframes | wc -w)" -ge 2 ] || fail "keyframes at $(keyframes)"
	done
	# Coded buffers that no picture fits into: each is faulty, none comes out.
	encoder coded_max=20000
	encode 320 180 20
	[ "$coded $lost" = "0 20" ] || fail "$coded coded, $lost lost of those that do not fit"
}

check_stalls() {
	local hard back
	for hard in 0 1; do
		encoder stall_after=20 stall_hard=$hard
		encode 320 180 50 reopen=1
		exact
		[ "$(grep -c '^stalled ETIMEDOUT' /tmp/log)" = 2 ] || fail "$(grep ^stalled /tmp/log)"
		for back in $(awk '$1 == "back" { print $2 }' /tmp/log); do
			[ "$back" -le 3000 ] || fail "back only after $back ms"
		done
		echo "stalled twice, back after $(awk '$1 == "back" { print $2 }' /tmp/log | xargs) ms"
	done
	encode 320 180 50
	refused ETIMEDOUT
}

# Sizes that are whole blocks and such that are not; a viewer learns of settings and keyframes as
# with H.264.
check_hevc() {
	local size
	encoder formats=YU12 codecs=H264,HEVC
	compliant
	for size in "160 144" "328 184" "1280 720"; do
		# shellcheck disable=SC2086
		encode $size 12 codec=HEVC memory=import
		whole 12
	done
	encoder multiplanar=1 codecs=HEVC
	compliant also-nv12
	encode 320 180 40 codec=HEVC gop=600 force=7 reset_at=20
	whole 40
	[ "$(keyframes)" = "0 7 14 20 21 28 35" ] || fail "keyframes at $(keyframes)"
	encode 320 180 1
	refused EOPNOTSUPP
}

# Each picture by itself. By the book such an encoder can be drained; most real ones cannot, and end
# when all have come.
check_jpeg() {
	local api most
	for api in 0 1; do
		encoder multiplanar=$api codecs=JPEG
		compliant also-nv12
		encoder multiplanar=$api codecs=JPEG no_commands=$api
		encode 320 180 10 codec=JPEG quality=95 memory=export
		whole 10
		[ "$(keyframes | wc -w)" = 10 ] || fail "keyframes at $(keyframes)"
		encode 328 184 20 codec=JPEG quality=95 memory=import reset_at=10
		whole 20
		[ "$(grep ^drained /tmp/log | xargs)" = "drained 10 10 drained 20 20" ] ||
			fail "$habits: $(grep ^drained /tmp/log)"
	done
	encoder multiplanar=1 formats=YU12,YM12 codecs=JPEG width_align=32 height_align=16 stride_align=128
	compliant
	encode 328 184 20 codec=JPEG quality=400
	whole 20
	grep -q '^note 0x9d0903 400 100 0$' /tmp/log ||
		fail "no quality is clamped: $(grep ^note /tmp/log)"
	most=$(stat -c %s "/out/$cases.JPEG")
	encode 328 184 20 codec=JPEG quality=95 raw=YM12
	whole 20
	[ "$(stat -c %s "/out/$cases.JPEG")" -lt "$most" ] || fail "quality is not heeded"
	encoder codecs=JPEG no_commands=1 fail_every=7
	encode 320 180 20 codec=JPEG quality=95
	exact
	[ "$put $coded $lost" = "20 18 2" ] || fail "$put put, $coded coded, $lost lost"
	encoder codecs=JPEG no_commands=1 stall_after=10 stall_hard=1
	encode 320 180 20 codec=JPEG quality=95 reopen=1
	exact
	check_still
}

# still WIDTH HEIGHT: one JPEG of one picture.
still() {
	status=0 size=$1x$2 options="one still" codec=JPEG put=1 coded=1 lost=0
	/build/tests/vm/still "$node" "$1" "$2" 95 /tmp/coded /tmp/raw > /tmp/log || status=$?
}

check_still() {
	encoder codecs=H264,JPEG multiplanar=1 width_align=32 height_align=16 stride_align=128
	still 328 184
	exact
	encoder codecs=JPEG no_commands=1 fail_every=1
	still 320 180
	refused EIO
	encoder codecs=JPEG no_commands=1 delay_ms=2000
	still 320 180
	refused ETIMEDOUT
	encoder
	still 320 180
	refused EOPNOTSUPP
	not_in_use "$node" || fail "the encoder stays open"
}

# Ends and beginnings, in this encoder and in the kernel's own virtual one.
check_ends() {
	encoder
	encode 320 180 40 reset_at=10 gop=600
	whole 40
	[ "$(keyframes)" = "0 10" ] || fail "keyframes at $(keyframes)"

	local api
	for api in 0 1; do
		modprobe -r vicodec
		modprobe vicodec multiplanar=$api
		until_true 10 node_named stateful-encoder || fail "vicodec does not appear"
		habits="vicodec multiplanar=$api"
		encode 640 360 30 codec=FWHT reset_at=20 gop=600
		[ "$status" = 0 ] || fail "$habits: $(tail -n 3 /tmp/log)"
		[ "$put $coded $lost $strays" = "30 30 0 0" ] || fail "$habits: $(tail -n 2 /tmp/log)"
		[ "$(grep ^drained /tmp/log | xargs)" = "drained 20 20 drained 30 30" ] ||
			fail "$habits: $(grep ^drained /tmp/log)"
		# It does not flag keyframes; that a picture refers to none before it shows by its size.
		awk '$1 == "coded" { size[$2] = $3 } END { exit size[20] < size[19] * 5 / 4 }' \
			/tmp/log || fail "$habits: no keyframe after a reset"
		echo "drained twice: $habits"
	done
}

# What was coded last, as v4l2-compliance reads it: each picture after a mark and its size.
framed() {
	python3 - << 'END'
import struct
coded = open("/tmp/coded", "rb")
with open("/tmp/framed", "wb") as framed:
    for words in map(str.split, open("/tmp/log")):
        if words[0] == "coded":
            size = int(words[2])
            framed.write(b"rdhV" + struct.pack(">I", size) + coded.read(size))
END
}

# What the screen's test decodes with.
check_decoder() {
	local formats
	encoder
	encode 640 360 60
	framed
	for formats in XR24 NV12,XR24; do
		modprobe -r vh264dec
		modprobe vh264dec formats=$formats
		until_true 10 node_named vh264dec-dec || fail "the decoder does not appear"
		habits="vh264dec formats=$formats"
		compliant also-nv12 --stream-from-hdr=/tmp/framed
	done
}

trap 'cp /tmp/log /tmp/compliance /out/ 2> /dev/null || true' EXIT
modprobe -a dma-heaps vicodec
cases=0
check_jpeg
check_decoder
check_formats
check_sizes
check_headers
check_keyframes
check_hevc
check_losses
check_stalls
check_ends
