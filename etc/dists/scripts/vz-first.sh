# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# FIRST_START: before the first init of a private area, inside. A template carries nothing by which one
# machine is told from another; what no service of the distribution makes by itself is made here, with
# the distribution's own programs. What is there stays as it is.
vz_first_bad=0

vz_first() {	# vz_first CMD...: quietly; its words when it fails
	vz_first_said=$("$@" 2>&1 </dev/null) && return
	echo "vz: $*: $vz_first_said" >&2
	vz_first_bad=1
}

vz_none() {	# vz_none FILE...: not one of them is there (a pattern that matches nothing stays)
	for vz_file; do
		[ ! -e "$vz_file" ] && [ ! -L "$vz_file" ] || return 1
	done
}

# Empty: any init would make one, not every init does. Missing: systemd has its first boot, as the
# template wants.
if [ -f /etc/machine-id ] && [ ! -s /etc/machine-id ]; then
	read -r vz_id </proc/sys/kernel/random/uuid &&
		echo "$vz_id" | tr -d - >/etc/machine-id || vz_first_bad=1
fi

# Debian makes host keys when the package is installed, Red Hat at the start of the service.
if command -v ssh-keygen >/dev/null && vz_none /etc/ssh/ssh_host_*key &&
	{ [ -e /etc/ssh/sshd_config ] || [ -e /usr/etc/ssh/sshd_config ] || [ -x /usr/sbin/sshd ]; }; then
	vz_first ssh-keygen -A
fi
if command -v dropbearkey >/dev/null && [ -d /etc/dropbear ] &&
	vz_none /etc/dropbear/dropbear_*_host_key; then
	for vz_type in rsa ecdsa ed25519; do
		vz_first dropbearkey -t $vz_type -f /etc/dropbear/dropbear_${vz_type}_host_key
	done
fi
# Debian's certificate for services that have none yet.
if command -v make-ssl-cert >/dev/null && vz_none /etc/ssl/private/ssl-cert-snakeoil.key; then
	vz_first make-ssl-cert generate-default-snakeoil --force-overwrite
fi
exit "$vz_first_bad"
