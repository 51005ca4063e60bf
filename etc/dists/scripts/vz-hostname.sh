# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SET_HOSTNAME: the name in the files from which the VPS's init takes it, and in /etc/hosts with
# the first address (IP_ADDR).

# shellcheck disable=SC2154,SC2317 # vz_* of vz-library.sh
[ -n "${HOSTNM:-}" ] || exit 0

# The two lines of the old tools are ours as well.
vz_old_hosts='function keep(line) {
	if (line ~ /^# Auto-generated hostname\. Please do not remove this comment/) skip = 2
	if (skip) { skip--; drop = 1 }
	return line
}'

if [ -f /etc/config/system ]; then
	vz_put /etc/config/system 644 "$(awk -v name="$HOSTNM" '
		$1 == "option" && $2 == "hostname" { print "\toption hostname '\''" name "'\''"; next }
		{ print }' /etc/config/system)"
else
	vz_put /etc/hostname 644 "$HOSTNM"
fi
# Red Hat's before systemd; where SUSE has a directory of this name
if [ -f /etc/sysconfig/network ]; then vz_assign /etc/sysconfig/network HOSTNAME "$HOSTNM"; fi
if [ -f /etc/conf.d/hostname ]; then vz_assign /etc/conf.d/hostname hostname "$HOSTNM"; fi
if [ -f /etc/HOSTNAME ]; then vz_put /etc/HOSTNAME 644 "$HOSTNM"; fi

[ -f /etc/hosts ] || vz_put /etc/hosts 644 "127.0.0.1 localhost
::1 localhost"
vz_first=${IP_ADDR:-127.0.1.1}
vz_first=${vz_first%% *}
case $HOSTNM in
localhost | localhost.localdomain) vz_text= ;;
*.*) vz_text="${vz_first%/*} $HOSTNM ${HOSTNM%%.*}" ;;
*) vz_text="${vz_first%/*} $HOSTNM" ;;
esac
vz_block /etc/hosts 644 "$vz_text" "$vz_old_hosts"
exit "$vz_bad"
