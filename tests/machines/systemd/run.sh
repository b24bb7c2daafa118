#!/bin/bash
# The package under a booted systemd. Usage: tests/machines/systemd/run.sh PACKAGE.deb [unittest arguments]
# As root; needs systemd-container, mmdebstrap and cgroup2.
set -euo pipefail
deb=$(realpath "$1")
shift
cd "$(dirname "$0")/../../.."
target=$(realpath "${CARGO_TARGET_DIR:-target}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cp "$deb" "$folder/duban.deb"
cp tests/machines/systemd/*.py docs/handbook.zh-CN.md tests/data/{documents/plan-2022.txt,notices.json} "$folder"

xz -dc tests/data/schema-1.db.xz >"$folder/schema-1.db"

# The package before this one: an older version, another shipped configuration.
dpkg-deb -R "$deb" "$folder/previous"
sed -i 's/^Version: .*/Version: 0.0.9-1/' "$folder/previous/DEBIAN/control"
sed -i '1i # 上一版的说明。' "$folder/previous/etc/duban/deadlines.toml"
dpkg-deb -Zgzip -z1 --root-owner-group -b "$folder/previous" "$folder/previous.deb" >/dev/null
rm -r "$folder/previous"

code=0
tests/machines/systemd/boot "$target/systemd-root" "$folder" installed.py "$@" || code=$?
mkdir -p "$target/systemd"
cp "$folder"/out/{journal.txt,console.log} "$target/systemd/" 2>/dev/null || true
[ "$code" = 0 ] || echo "the guest's journal: $target/systemd/journal.txt" >&2
exit "$code"
