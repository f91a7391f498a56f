#!/bin/bash
# The guest comes up under systemd with D-Bus, udev and polkit; no unit fails.
# vm: systemd
# shellcheck source=tests/vm/lib.sh
. /camward/tests/vm/lib.sh

[ "$(cat /proc/1/comm)" = systemd ] || fail "systemd is not the first process"
busctl --system call org.freedesktop.DBus / org.freedesktop.DBus GetId > /dev/null
busctl --system call org.freedesktop.PolicyKit1 /org/freedesktop/PolicyKit1/Authority \
	org.freedesktop.DBus.Peer Ping
cameras 1 30
udevadm settle
udevadm info --query=property "${camera[0]}" | has '^ID_V4L_CAPABILITIES=.*capture' ||
	fail "udev does not know the camera"
[ -z "$(systemctl --failed --no-legend | tee /dev/stderr)" ] || fail "units failed"
