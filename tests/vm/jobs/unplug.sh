#!/bin/bash
# In rounds of cameras plugged out and in, shuffled and swapped, no name ever shows another camera, and no other viewer loses a frame.
# vm: systemd install timeout=1500 memory=3G
# shellcheck source=tests/vm/lib.sh
. /camward/tests/vm/lib.sh

ports=8

journal() {
	journalctl -b --no-pager -o short-monotonic -u 'camward*' > /out/journal.log || true
	systemctl --no-pager --all list-units 'camward*' 'dev-camward*' || true
}
trap journal EXIT

modprobe portcam ports=$ports fps=5
for ((port = 0; port < ports; port++)); do
	echo "portcam.$port" > /sys/bus/platform/drivers/portcam/unbind
done
cat > /etc/udev/rules.d/70-portcam.rules <<'RULES'
SUBSYSTEM=="video4linux", DRIVERS=="portcam", ATTRS{serial}=="?*", ENV{ID_SERIAL}="portcam_$attr{serial}", ENV{ID_SERIAL_SHORT}="$attr{serial}"
SUBSYSTEM=="video4linux", DRIVERS=="portcam", ENV{ID_MODEL}="$attr{model}"
RULES
install_service
printf '[match]\nserial=F0\n' > /etc/camward/camera.d/front.conf
printf '[match]\nserial=R0\n' > /etc/camward/camera.d/roamer.conf
# An emulated machine has little time. A frame that is lost is to be a fault and not a lack of it.
for unit in camward camward-gate camward-camera@front; do
	mkdir -p /etc/systemd/system/$unit.service.d
	printf '[Service]\nNice=-15\n' > /etc/systemd/system/$unit.service.d/nice.conf
done
systemctl daemon-reload
udevadm control --reload
systemctl start camward.service
rounds=24
! grep -qw vm.long /proc/cmdline || rounds=100
python3 /camward/tests/vm/tools/unplug.py --rounds "$rounds" --out /out
! systemctl --failed --no-legend | grep camward || fail "units failed"
trap - EXIT
journal
