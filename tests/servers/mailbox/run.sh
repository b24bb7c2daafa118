#!/bin/sh
# The mailbox that replies come to, on a real Dovecot that a real Postfix delivers into (servers.sh). As root, on a
# Debian 12 with dovecot-imapd, postfix, openssl and python3. Touches nothing outside its own temporary directory.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
command -v cargo >/dev/null || { echo 'cargo is missing' >&2; exit 2; }
cd "$here/../../.."
cargo test --profile tests --locked --test rust --no-run
dir=$(mktemp -d)
finish() {
    "$here/servers.sh" stop "$dir"
    rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' INT TERM

"$here/servers.sh" "$dir" >"$dir.ports"
while read -r name port; do
    export "DUBAN_REAL_$name=$port"
done <"$dir.ports"
rm "$dir.ports"
export DUBAN_REAL_DIR="$dir"
status=0
timeout 300 cargo test --profile tests --locked --test rust mailbox_real:: -- --ignored --nocapture || status=$?
[ "$status" = 0 ] || tail -n 40 "$dir/log/mail.log" "$dir/log/dovecot.log" >&2
exit "$status"
