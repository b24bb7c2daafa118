#!/bin/bash
# The .rpm in a root of its own, by rpm: installed, upgraded, removed, its scriptlets run; nothing is booted.
# Usage: tests/machines/rpm.sh PACKAGES     As root, after tests/machines/systemd/run.sh, whose Debian 11 is the root.
set -euo pipefail
export LC_ALL=C.UTF-8
if [ "${2-}" != --inside ]; then exec unshare --mount --propagation=private "$0" "$(realpath "$1")" --inside; fi
rpm=$(ls "$1"/duban-*.rpm) deb=$(ls "$1"/duban_*.deb)
cd "$(dirname "$0")/../.."
tree=$(realpath "${CARGO_TARGET_DIR:-target}")/systemd-root-11/tree
fail() { echo "rpm: $*" >&2; exit 1; }
mount -t tmpfs tmpfs /mnt
mkdir /mnt/{upper,work,root}
mount -t overlay overlay -o "lowerdir=$tree,upperdir=/mnt/upper,workdir=/mnt/work" /mnt/root
root=/mnt/root
mount --bind /proc "$root/proc"
mount --rbind /sys "$root/sys"
in_root() { chroot "$root" "$@"; }
# Its database knows nothing of Debian's packages: what the .rpm asks for is read instead.
do_rpm() { rpm --root "$root" --dbpath /var/lib/rpm --nodeps "$@"; }

requires=$(rpm -qp --requires "$rpm")
for one in 'glibc >= 2.28' 'systemd >= 241' ca-certificates; do
  grep -qxF "$one" <<<"$requires" || fail "does not require $one: $requires"
done
! grep -E '^lib|GLIBC' <<<"$requires" || fail 'requires a library'
# The same files as the .deb, but for Debian's own changelog.
files() { grep -v -e '/$' -e 'changelog\.Debian' | sed 's#^\./#/#' | sort; }
diff <(dpkg-deb --fsys-tarfile "$deb" | tar -t | files) <(rpm -qpl "$rpm" | files) || fail 'other files than the .deb'
diff <(dpkg-deb --info "$deb" conffiles | sort) <(rpm -qpc "$rpm" | sort) || fail 'other configuration files'

said=$(do_rpm -ivh "$rpm" 2>&1) || fail "$said"
grep -q '不会给任何人发信' <<<"$said" || fail "says nothing of what is next: $said"
in_root duban check >/dev/null 2>&1 || fail "the program does not run"
in_root getent passwd duban >/dev/null || fail 'no user'
[ "$(in_root stat -c '%U %a' /var/lib/duban /etc/duban/credentials | tr '\n' ' ')" = 'duban 700 root 700 ' ] || fail 'the folders'
# Which systemd it is was asked: this one is 247.
grep -q '^SetCredential=smtp-password' "$root/etc/systemd/system/duban.service.d/credentials.conf" || fail 'how passwords come'
for unit in multi-user.target.wants/duban.service timers.target.wants/duban-backup.timer; do
  [ -L "$root/etc/systemd/system/$unit" ] || fail "not enabled: $unit"
done

# A bureau beside it: its folder, its user, its service; and the passwords' way is its own.
in_root duban init --instance jiangmen --bureau 某局 --admin a@ju.gov.cn --contact 办公室 --section '办公室=b@ju.gov.cn' \
  --from d@ju.gov.cn --folder-only </dev/null >/dev/null 2>&1 || fail 'init --instance'
in_root /usr/lib/duban/setup instance jiangmen || fail 'setup instance'
grep -q '^database *= "/var/lib/duban-jiangmen/duban.db"' "$root/etc/duban/jiangmen/duban.toml" || fail 'where its database is'
[ "$(in_root getent passwd duban-jiangmen | cut -d: -f6)" = /var/lib/duban-jiangmen ] || fail 'its user'
grep -q '^LoadCredential=link-key:/etc/duban/%i/credentials/link-key' \
  "$root/etc/systemd/system/duban@.service.d/credentials.conf" || fail 'how its passwords come'
[ -L "$root/etc/systemd/system/multi-user.target.wants/duban@jiangmen.service" ] || fail 'its service is not enabled'
for unit in duban@jiangmen.service duban-backup@jiangmen.timer duban-standby.timer duban-standby@jiangmen.service; do
  said=$(in_root systemd-analyze verify --man=no "$unit" 2>&1) || fail "$unit: $said"
done

echo '# 本局改过' >>"$root/etc/duban/deadlines.toml"
in_root systemctl disable --quiet duban.service
said=$(do_rpm -Uvh --force "$rpm" 2>&1) || fail "$said"
! grep -q '下一步' <<<"$said" || fail 'an upgrade greets as an installation does'
grep -q 本局改过 "$root/etc/duban/deadlines.toml" || fail 'what was edited is gone'
[ ! -e "$root/etc/systemd/system/multi-user.target.wants/duban.service" ] || fail 'an upgrade enables what was disabled'

touch "$root/var/lib/duban/duban.db"
said=$(do_rpm -ev duban 2>&1) || fail "$said"
[ ! -e "$root/usr/bin/duban" ] && [ ! -e "$root/etc/systemd/system/duban.service.d" ] || fail 'files are left'
[ -e "$root/var/lib/duban/duban.db" ] && [ -e "$root/etc/duban/deadlines.toml.rpmsave" ] || fail 'what is the bureau’s is gone'
[ -z "$(find "$root/etc/systemd" -name '*duban*')" ] || fail 'still enabled'
echo 'installed, upgraded, removed'
