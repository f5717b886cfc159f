#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the Debian packages that are missing: deps.sh demo | check | check-long. Says nothing and takes no time when all are there.
set -eu

build="gcc make pkg-config libc6-dev libncurses-dev libpq-dev libyaml-dev libsodium-dev libjansson-dev libzstd-dev libical-dev libpg-query-dev"
run="postgresql-15 postgresql-contrib postgresql-client-15 openssh-client zstd ncurses-base"
check="clang check libvterm-dev mandoc cppcheck shellcheck strace faketime tmux util-linux git openssl pgbouncer postgresql-15-pgaudit postgresql-15-cron"
long="valgrind llvm libclang-rt-dev"

case ${1:-} in
demo) want="$build $run" ;;
check) want="$build $run $check" ;;
check-long) want="$build $run $check $long" ;;
*) echo "deps.sh demo | check | check-long" >&2; exit 1 ;;
esac

if ! command -v dpkg-query >/dev/null 2>&1; then
	echo "This is not Debian: install what these packages hold, then run make again:" >&2
	echo "  $want" >&2
	# Somebody who has them all under other names may go on.
	command -v pg_config >/dev/null 2>&1 && command -v cc >/dev/null 2>&1 && exit 0
	exit 1
fi

missing=""
for p in $want; do
	case $(dpkg-query -W -f '${Status}' "$p" 2>/dev/null || true) in
	*" ok installed") ;;
	*)
		# A newer server than 15 does as well; pkg-config may be pkgconf.
		case $p in
		postgresql-15 | postgresql-client-15)
			ls /usr/lib/postgresql/1[5-8]/bin/initdb >/dev/null 2>&1 && continue ;;
		postgresql-15-pgaudit)
			ls /usr/lib/postgresql/1[5-8]/lib/pgaudit.so >/dev/null 2>&1 && continue ;;
		postgresql-15-cron)
			ls /usr/lib/postgresql/1[5-8]/lib/pg_cron.so >/dev/null 2>&1 && continue ;;
		pkg-config)
			command -v pkg-config >/dev/null 2>&1 && continue ;;
		esac
		missing="$missing $p" ;;
	esac
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
	echo "Missing:$missing" >&2
	echo "There is no apt-get here: install them another way, then run make again." >&2
	exit 1
fi
root=""
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo >/dev/null 2>&1; then
		echo "Missing:$missing" >&2
		echo "There is no sudo here. As root, in this folder: sh tests/deps.sh $1" >&2
		exit 1
	fi
	echo "Missing:$missing"
	echo "sudo is asked to install them:"
	if ! sudo true; then
		echo "sudo refuses. As root, in this folder: sh tests/deps.sh $1" >&2
		exit 1
	fi
	root=sudo
fi

# Debian would start a server of its own when it installs one; gatewalk brings its own, private ones. What the machine says
# about that is put aside, and put back at the end.
conf=/etc/postgresql-common/createcluster.conf
mark="# by gatewalk, while it installs its packages"
quiet_servers() {
	case $missing in *postgresql*) ;; *) return 0 ;; esac
	grep -qsxF "$mark" "$conf" && return 0
	$root mkdir -p "${conf%/*}"
	[ ! -e "$conf" ] || $root cp -p "$conf" "$conf.kept"
	printf '%s\n' "$mark" "create_main_cluster = false" | $root tee "$conf" >/dev/null
}
# Nor its pooler: what the tests want is the program alone. It stays so until somebody says: systemctl unmask pgbouncer
quiet_pooler() {
	unit=/etc/systemd/system/pgbouncer.service
	case $missing in *pgbouncer*) ;; *) return 0 ;; esac
	[ -e "$unit" ] || [ -L "$unit" ] || { $root mkdir -p "${unit%/*}" && $root ln -s /dev/null "$unit"; }
}
as_before() {
	grep -qsxF "$mark" "$conf" || return 0
	for kept in "$conf.kept" "$conf.ucf-dist"; do
		[ -e "$kept" ] || continue
		$root mv -f "$kept" "$conf"
		return 0
	done
	$root rm -f "$conf"
	$root rmdir "${conf%/*}" 2>/dev/null || true
}
install() {
	# Another apt may be at work on a machine that has just been started: waited for. Words on purpose.
	# shellcheck disable=SC2086
	$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends -o Dpkg::Options::=--force-confold \
		-o DPkg::Lock::Timeout=120 $missing
}

echo "Installing:$missing"
trap as_before EXIT
trap 'exit 130' INT TERM HUP
quiet_servers
quiet_pooler
# A fresh system has no lists: fetched first, or apt calls every package unknown. Old ones are fetched when the first try fails.
ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1 || $root apt-get update -q || true
if ! install; then
	$root apt-get update -q || true
	if ! install; then
		echo "apt-get could not install:$missing" >&2
		echo "Read what it says above (no network? another apt at work?); then run make again." >&2
		exit 1
	fi
fi
