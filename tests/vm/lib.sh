# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034
# What jobs share: sourced first, inside the guest.
set -Eeuo pipefail
# The source is read-only: what Python compiles is kept here.
export PYTHONPYCACHEPREFIX=/tmp/pycache
trap 'echo "line $LINENO: \"$BASH_COMMAND\" failed"' ERR

fail() {
	echo "FAILED: $*"
	exit 1
}

# As grep -q, but reads to the end: who writes would die of SIGPIPE, and with it the pipeline.
has() {
	grep "$@" > /dev/null
}

exec {silence}<> <(:)

# until_true SECONDS COMMAND...
until_true() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		# A pause without a process: nobody ever writes there.
		read -rt 0.1 -u "$silence" || true
	done
}

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

# cameras N FPS [VIVID OPTION...]: N virtual cameras with moving pictures, each an HDMI input of 1280x720 with a scaler
# behind it (vivid's webcam ties the frame rate to the size); sets the array $camera to their
# nodes, in the driver's order.
cameras() {
	local n=$1 fps=$2 i node name
	shift 2
	modprobe vivid n_devs="$n" node_types="$(repeat "$n" 0x1)" num_inputs="$(repeat "$n" 1)" \
		input_types="$(repeat "$n" 3)" "$@"
	camera=()
	for ((i = 0; i < n; i++)); do
		until_true 10 camera_node "$i" || fail "vivid camera $i does not appear"
		camera[i]=$node
		v4l2-ctl -d "$node" --set-dv-bt-timings "cvt,width=1280,height=720,fps=$fps" > /dev/null
		# Timestamps of the start of the exposure: those of its end lie in the future.
		v4l2-ctl -d "$node" -c timestamp_source=1,horizontal_movement=6
	done
}

repeat() {
	local list
	printf -v list "%${1}s"
	list=${list// /$2,}
	echo "${list%,}"
}

# vivid's instances are told apart by name only: vivid-000-vid-cap, vivid-001-vid-cap ...
camera_node() {
	local file
	for file in /sys/class/video4linux/*/name; do
		[ -e "$file" ] || return 1
		name=$(cat "$file")
		if [ "$name" = "$(printf 'vivid-%03d-vid-cap' "$1")" ]; then
			node=/dev/$(basename "$(dirname "$file")")
			[ -e "$node" ]
			return
		fi
	done
	return 1
}

# The processes that have FILE open, by id.
users_of() {
	# Processes may end while they are looked at.
	{ find /proc/[0-9]*/fd -lname "$1" 2> /dev/null || true; } | cut -d/ -f3 | sort -un
}

in_use() {
	[ -n "$(users_of "$1")" ]
}

not_in_use() {
	! in_use "$1"
}

# What meson installed into /out/install becomes the system's.
install_service() {
	tar -C /out/install -c . | tar -C / --no-same-owner --keep-directory-symlink -x
	rm -rf /out/install
	systemd-sysusers
	systemd-tmpfiles --create camward.conf
	systemctl daemon-reload
	systemctl reload dbus
}
