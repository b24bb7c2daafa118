#!/bin/sh
# 督办的安装、升级、卸载，用于没有 .deb、.rpm 可用的机器。不用网络。
# 用法：sudo sh install.sh            安装；装过的，升级
#       sudo sh install.sh --remove   卸载，留下配置和数据库
#       sudo sh install.sh --purge    卸载，连配置、数据库、备份一起删掉
set -eu
umask 022
here=$(cd "$(dirname "$0")" && pwd)
# What was laid here, and how the files of /etc/duban were shipped. Both outlive a --remove: the next installation asks
# them what was edited, --purge what is ours.
lib=/usr/lib/duban
files=$lib/installed
shipped=$lib/shipped

die() { echo "$*" >&2; exit 1; }

[ "$(id -u)" = 0 ] || die '要 root：sudo sh install.sh'
if { dpkg-query -S /usr/bin/duban || { command -v rpm && rpm -qf /usr/bin/duban; }; } >/dev/null 2>&1; then
	die '这台机器的督办是用 .deb 或 .rpm 装的，请仍用它升级、卸载（apt、dnf）。'
fi

sum() { sha256sum <"/$1"; }
was() { grep -qxF "$1 $(sum "$1")" "$shipped" 2>/dev/null; }

remove() {
	[ -e "$files" ] || die '没有用 install.sh 装过督办，没有可卸载的。'
	if [ -e "$lib/setup" ]; then "$lib/setup" stop; fi
	while read -r file; do
		case $file in
		etc/*) [ "$1" = keep ] || rm -f "/$file" "/$file.duban-new" ;;
		*) rm -f "/$file" ;;
		esac
	done <"$files"
	rm -rf /usr/share/doc/duban
	if [ "$1" = everything ]; then
		rm -rf "$lib" /var/lib/duban /etc/duban/credentials
		for config in /etc/duban/*/duban.toml; do
			folder=${config%/*}
			[ ! -e "$config" ] || rm -rf "/var/lib/duban-${folder##*/}" "$folder/credentials"
		done
		rmdir /etc/duban/holidays /etc/duban/plans /etc/duban 2>/dev/null || true
	fi
	if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi
}

install() {
	[ -d "$here/root" ] || die "$here/root 不在：请把压缩包整个解开再运行。"
	command -v systemctl >/dev/null || die '这台机器没有 systemd，装不了服务。'
	"$here/root/usr/bin/duban" --version >/dev/null ||
		die "程序在这台机器上运行不了，原因见上一行：处理器要同压缩包名称里的一样，glibc 要 2.28 以上；本机是 $(uname -m)，$(getconf GNU_LIBC_VERSION || true)。"
	again=first
	[ ! -e /usr/bin/duban ] || again=again
	mkdir -p "$lib"

	cd "$here/root"
	find . ! -type d | sed 's#^\./##' | sort >"$lib/installing"
	while read -r file; do
		mkdir -p "/${file%/*}"
		case $file in
		etc/*)
			# What was edited stays, the shipped one is laid beside it; what was deleted stays deleted.
			if [ -e "/$file" ] && ! was "$file" && ! cmp -s "$file" "/$file"; then
				cp -p "$file" "/$file.duban-new"
				echo "/$file 改过，留着；新版的在 /$file.duban-new"
				continue
			fi
			if [ ! -e "/$file" ] && grep -q "^$file " "$shipped" 2>/dev/null; then continue; fi
			;;
		esac
		# Under another name first: a program that runs cannot be written to, and half a file is none.
		cp -p "$file" "/$file.installing"
		chown 0:0 "/$file.installing"
		mv "/$file.installing" "/$file"
	done <"$lib/installing"
	# What the version before had, and this one has not.
	if [ -e "$files" ]; then
		while read -r file; do
			case $file in
			etc/*) ;;
			*) grep -qxF "$file" "$lib/installing" || rm -f "/$file" ;;
			esac
		done <"$files"
	fi
	sed -n '/^etc\//p' "$lib/installing" | while read -r file; do echo "$file $(sha256sum <"$file")"; done >"$shipped"
	mv "$lib/installing" "$files"
	if command -v restorecon >/dev/null; then
		restorecon -R /usr/bin/duban "$lib" /etc/duban /usr/lib/systemd/system || true
	fi
	"$lib/setup" start "$again"
	[ "$again" = first ] || echo '督办已升级。'
}

case ${1-} in
'') install ;;
--remove) remove keep ;;
--purge) remove everything ;;
*) sed -n '2,5s/^# //p' "$0" >&2; exit 2 ;;
esac
