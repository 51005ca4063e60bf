# shellcheck shell=bash
# The one list of distribution packages, for Debian 12 and 13 and Ubuntu 24.04, and the function
# that installs what is missing of it. Sourced by tools/quickstart and tools/check.

# What configure and make need, and what a running VPS needs of the host.
PACKAGES_BUILD="autoconf automake gcc clang make pkg-config libc6-dev libcap-dev libseccomp-dev
	libmnl-dev libbsd-dev libbpf-dev libarchive-dev libjson-c-dev libxxhash-dev zlib1g-dev libzstd-dev busybox-static tar gzip bzip2 xz-utils zstd
	iproute2 util-linux mount e2fsprogs procps"

# What the suites call on top.
PACKAGES_TEST="git libclang-rt-dev shellcheck codespell man-db groff-base mmdebstrap debian-archive-keyring
	strace kmod jq nftables iptables dnsmasq-base rsync openssh-client openssh-server attr libcap2-bin"

# What CRIU is built with, for tools/get-criu.
PACKAGES_CRIU="xz-utils gcc make pkg-config libc6-dev libbsd-dev libcap-dev libgnutls28-dev libnet1-dev libnftables-dev
	libnl-3-dev libprotobuf-c-dev libprotobuf-dev protobuf-c-compiler protobuf-compiler uuid-dev"

# What the virtual machines need on top.
PACKAGES_VM="qemu-system-x86 cpio kmod mmdebstrap e2fsprogs busybox-static"

missing_packages() {	# missing_packages NAME...: those not installed
	local p
	for p; do
		[ "$(dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || echo "$p"
	done
}

# Installs what is missing of NAMES; nothing is downloaded when nothing is. 1: it did not work.
install_packages() {
	local missing
	missing=$(missing_packages "$@" | tr '\n' ' ')
	[ -n "${missing// /}" ] || return 0
	if [ "$(id -u)" != 0 ]; then
		echo "Packages are missing and only root can install them: $missing"
		return 1
	fi
	command -v apt-get >/dev/null || {
		echo "This is not Debian or Ubuntu. Install what corresponds to: $missing"
		return 1
	}
	echo "Installing packages: $missing"
	export DEBIAN_FRONTEND=noninteractive
	# Stale or absent lists are refreshed only when the first try shows that they are.
	# shellcheck disable=SC2086
	apt-get install -qq -y --no-install-recommends $missing >/dev/null 2>&1 && return 0
	apt-get update -qq || return 1
	# shellcheck disable=SC2086
	apt-get install -qq -y --no-install-recommends $missing >/dev/null
}
