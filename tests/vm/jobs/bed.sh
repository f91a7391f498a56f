#!/bin/bash
# The bed has what jobs build on: vivid streams, a stateful encoder, a DMA heap, netem, kTLS.
# shellcheck source=tests/vm/lib.sh
. /camward/tests/vm/lib.sh

cameras 2 30
for node in "${camera[@]}"; do
	v4l2-ctl -d "$node" --set-fmt-video=width=640,height=360,pixelformat=NV12 \
		--stream-mmap --stream-count=30 --stream-to="/tmp/${node##*/}"
	[ "$(stat -c %s "/tmp/${node##*/}")" = $((640 * 360 * 3 / 2 * 30)) ] ||
		fail "$node gave fewer frames than asked"
	not_in_use "$node" || fail "$node stays open"
done

modprobe vicodec
grep -qx stateful-encoder /sys/class/video4linux/*/name || fail "vicodec is not there"
modprobe dma-heaps
[ -c /dev/dma_heap/system ] || fail "the system heap is not there"
modprobe tls

ip link add veth-a type veth peer name veth-b
ip link set veth-a up
tc qdisc add dev veth-a root netem delay 20ms loss 1%
tc qdisc show dev veth-a | has netem || fail "netem is not there"

python3 -c 'import argparse, json, socket, ssl, subprocess'
ffmpeg -hide_banner -loglevel error -f rawvideo -pix_fmt nv12 -s 640x360 \
	-i "/tmp/${camera[0]##*/}" -f framemd5 /tmp/frames
[ "$(grep -v '^#' /tmp/frames | awk '{ print $NF }' | sort -u | wc -l)" -ge 25 ] ||
	fail "vivid's picture does not move"
