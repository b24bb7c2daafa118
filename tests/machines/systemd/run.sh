#!/bin/bash
# The packages under a booted systemd: Debian 12 (252), all of it; Debian 11 (247), a package's life in short.
# Usage: tests/machines/systemd/run.sh PACKAGES [12|11 [unittest arguments]]
# As root; needs systemd-container, mmdebstrap and cgroup2.
set -euo pipefail
deb=$(realpath "$1"/duban_*.deb) tarball=$(realpath "$1"/duban-*.tar.gz)
machines=${2-12 11}
cd "$(dirname "$0")/../../.."
target=$(realpath "${CARGO_TARGET_DIR:-target}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$deb" "$folder/duban.deb"
cp tests/machines/systemd/*.py docs/handbook.zh-CN.md tests/data/{documents/plan-2022.txt,notices.json} "$folder"

xz -dc tests/data/schema-1.db.xz >"$folder/schema-1.db"

# The packages before these: an older version, another shipped configuration.
dpkg-deb -R "$deb" "$folder/old"
sed -i 's/^Version: .*/Version: 0.0.9-1/' "$folder/old/DEBIAN/control"
sed -i '1i # 上一版的说明。' "$folder/old/etc/duban/deadlines.toml"
dpkg-deb -Zgzip -z1 --root-owner-group -b "$folder/old" "$folder/previous.deb" >/dev/null
rm -r "$folder/old"
mkdir "$folder/tarball"
tar -C "$folder/tarball" --strip-components=1 -xf "$tarball"
cp -a "$folder/tarball" "$folder/previous"
sed -i '1i # 上一版的说明。' "$folder/previous/root/etc/duban/deadlines.toml"
touch "$folder/previous/root/usr/share/doc/duban/of-old.txt"

failed=
for machine in $machines; do
  rm -rf "$folder/out"
  case $machine in
    12) suite=bookworm script=installed.py root=systemd-root ;;
    11) suite=bullseye script=life.py root=systemd-root-11 ;;
  esac
  echo "-- Debian $machine"
  SUITE=$suite tests/machines/systemd/boot "$target/$root" "$folder" "$script" "${@:3}" || failed+=" $machine"
  mkdir -p "$target/systemd/$machine"
  cp "$folder"/out/{journal.txt,console.log} "$target/systemd/$machine/" 2>/dev/null || true
done
[ -z "$failed" ] || { echo "failed on Debian$failed; the guests' journals: $target/systemd" >&2; exit 1; }
