#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Which Debian packages are needed, and how they come to be there. Sourced by ./demo and ./check.

# To build and run the service.
packages_demo="meson ninja-build gcc libc6-dev pkg-config python3 dbus
libsystemd-dev libgnutls28-dev libqrencode-dev libpng-dev nettle-dev libgmp-dev libv4l-dev libsqlite3-dev libseccomp-dev libopenh264-dev
libdrm-dev libyuv-dev libjson-c-dev libinih-dev"

# To test it: compilers, players, sanitizers.
packages_check="$packages_demo git libcmocka-dev clang-14 clang-format-14 libclang-rt-14-dev
ffmpeg gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good
gstreamer1.0-plugins-bad gstreamer1.0-libav glib-networking
curl gnutls-bin polkitd python3-dbusmock python3-cryptography systemd libxml2-utils util-linux procps iproute2 strace python3-openssl"

# To build and boot the virtual machine of tests/vm.
packages_vm="qemu-system-x86 busybox-static kmod cpio mmdebstrap squashfs-tools gcc make
linux-headers-amd64 linux-source-6.1 zstd xz-utils"

# The packages of "$@" that are not installed.
packages_missing() {
	for package in "$@"; do
		dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
			printf '%s ' "$package"
	done
}

# packages_ensure PROGRAM MAY_INSTALL PACKAGE...: returns when all are there. As root it installs
# what lacks; otherwise it prints the one line that would and leaves with status 3.
packages_ensure() {
	program=$1 may_install=$2
	shift 2
	command -v dpkg-query >/dev/null || {
		echo "$program: this is not a Debian system: install the counterparts of: $*" >&2
		return 0
	}
	missing=$(packages_missing "$@")
	[ -n "$missing" ] || return 0
	if [ "$(id -u)" != 0 ] || [ "$may_install" != yes ]; then
		echo "$program: packages are missing. Install them with:" >&2
		echo "  sudo apt-get install --no-install-recommends $missing" >&2
		exit 3
	fi
	echo "$program: installing $missing"
	export DEBIAN_FRONTEND=noninteractive
	# shellcheck disable=SC2086
	{ apt-get -qq update && apt-get -qq install -y --no-install-recommends $missing; } >&2 || {
		echo "$program: the installation failed; see apt-get's message above" >&2
		exit 3
	}
}
