# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
# SET_USERPASS: USERPW=user:password. The VPS's own chpasswd changes it; a user that does not exist
# is made, as the old tools did.
case ${USERPW:-} in ?*:?*) ;; *) exit 74 ;; esac
vz_user=${USERPW%%:*} vz_userpw=$USERPW
unset USERPW # not in the environment of programs
if ! grep -q "^$vz_user:" /etc/passwd; then
	if command -v useradd >/dev/null; then
		useradd -m "$vz_user"
	else
		adduser -D "$vz_user" # busybox, as on Alpine
	fi || exit 74
	echo "User $vz_user was created"
fi
printf '%s\n' "$vz_userpw" | chpasswd || exit 74
