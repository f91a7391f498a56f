#!/bin/bash
# A screen shows the pictures that were sent and are proven, from software or from a hardware decoder without a copy, no other one ever, and says so within 2 s when none is live.
# vm: screens timeout=900 memory=3G
# shellcheck source=tests/vm/lib.sh
. /camward/tests/vm/lib.sh

view=/build/service/view/camward-view
mkdir -p /out/screens
chmod 777 /out/screens

# says STATUS TEXT ARGUMENT...: what camward-view answers to a display that it cannot have.
says() {
	local status=0
	CAMWARD_TOKEN=t "${as[@]}" $view --insecure-server --insecure-unsealed --once "${@:3}" \
		rtsps://owner@127.0.0.1:1/front > /tmp/says 2>&1 < /dev/null || status=$?
	[ "$status" = "$1" ] && grep -qF -- "$2" /tmp/says ||
		fail "camward-view ${*:3}: $status, not $1 with \"$2\": $(cat /tmp/says)"
}

as=()
says 1 'there is no display here' --display
modprobe virtio_gpu
until_true 10 [ -e /dev/dri/card0 ] || fail "virtio-gpu has no card"
modprobe bochs
until_true 10 [ -e /dev/dri/card1 ] || fail "bochs-display has no card"
echo 0 > /sys/class/graphics/fbcon/cursor_blink

says 1 '/dev/dri/card7: there is no such device' --display=/dev/dri/card7
says 1 '/dev/null: it is no display' --display=/dev/null
says 1 'no connector HDMI-A-1, but: Virtual-1, Virtual-2 (no screen)' \
	--display=/dev/dri/card0 --connector HDMI-A-1
says 1 'no screen is plugged in' --display=/dev/dri/card0 --connector Virtual-2
says 1 '--connector and --decoder need --display' --connector Virtual-1
as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
says 1 '/dev/dri/card0: no permission' --display
as=()

python3 /camward/tests/vm/tools/display.py
