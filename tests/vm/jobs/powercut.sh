#!/bin/bash
# Power cuts at any write: the ledger's interval contains what the viewers had received by then, and what was suspended is. A stalled disk holds nobody's end up, and no frame leaves uncounted.
# vm: timeout=900 memory=3G
# shellcheck source=tests/vm/lib.sh
. /camward/tests/vm/lib.sh

modprobe -a loop ext4 dm-log-writes dm-mod
mkdir -p /disks /mnt/state
mount -t tmpfs -o size=1500m tmpfs /disks
truncate -s 64M /disks/data
truncate -s 700M /disks/log
data=$(losetup --find --show /disks/data)
log=$(losetup --find --show /disks/log)
sectors=$(blockdev --getsz "$data")
dmsetup create state --table "0 $sectors log-writes $data $log"
dmsetup mknodes
mkfs.ext4 -q -b 4096 /dev/mapper/state
mount /dev/mapper/state /mnt/state
chmod 755 /mnt/state

python3 /camward/tests/support/demo.py --build /build --no-install --cameras 1 --size 320x180 \
	--fps 15 --dir /mnt/state --json /tmp/demo.json > /out/demo.log 2>&1 &
demo=$!
trap 'tail -n 30 /out/demo.log' EXIT

serving() {
	kill -0 $demo || fail "the demo ended"
	[ -s /tmp/demo.json ]
}

until_true 120 serving || fail "the demo does not serve"
python3 /camward/tests/vm/tools/powercut.py watch /tmp/demo.json /tmp/seen.json
python3 /camward/tests/vm/tools/powercut.py stall /tmp/demo.json
kill $demo
wait $demo || true
trap - EXIT
umount /mnt/state
dmsetup remove state
positions=30
! grep -q vm.long /proc/cmdline || positions=400
python3 /camward/tests/vm/tools/powercut.py replay "$log" /disks/replayed $positions /tmp/seen.json
