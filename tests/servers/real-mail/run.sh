#!/bin/sh
# Letters through a real Postfix, a real aiosmtpd and a real Exim (exim.sh), on loopback, with certificates of our own.
# On a bare Debian 12, as root: apt-get install postfix sasl2-bin libsasl2-modules openssl python3
# and aiosmtpd from PyPI. Touches nothing outside its own temporary directory.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
for tool in postfix saslpasswd2 openssl python3 cargo; do
    command -v "$tool" >/dev/null || { echo "$tool is missing" >&2; exit 2; }
done
python3 -c 'import aiosmtpd' || { echo 'aiosmtpd is missing' >&2; exit 2; }
cd "$here/../../.."
cargo test --profile tests --locked --test rust --no-run
[ "$(id -u)" = 0 ] || { echo 'Postfix needs root' >&2; exit 2; }

dir=$(mktemp -d)
chmod 755 "$dir"
mkfifo "$dir/stop"
python=
finish() {
    # Its standard input ends, so it stops.
    [ -z "$python" ] || { exec 9>&-; wait "$python" || true; }
    postfix -c "$dir/etc" stop >/dev/null 2>&1 || true
    rm -rf "$dir"
}
trap finish EXIT
trap 'exit 1' INT TERM

"$here/../certificates.sh" "$dir"

mkdir "$dir/received"
python3 "$here/aiosmtpd_server.py" "$dir" <"$dir/stop" >"$dir/ports" 2>"$dir/aiosmtpd.log" &
python=$!
exec 9>"$dir/stop"
"$here/postfix.sh" "$dir" >>"$dir/postfix-ports"
"$here/exim.sh" "$dir" >>"$dir/postfix-ports"

for _ in $(seq 100); do
    [ "$(wc -l <"$dir/ports")" = 5 ] && break
    sleep 0.1
done
while read -r name port; do
    export "DUBAN_REAL_$name=$port"
done <<END
$(cat "$dir/ports" "$dir/postfix-ports")
END
export DUBAN_REAL_DIR="$dir"
status=0
timeout 120 cargo test --profile tests --locked --test rust mailer_real:: -- --ignored --nocapture || status=$?
[ "$status" = 0 ] || { tail -n 40 "$dir/log/mail.log" "$dir/aiosmtpd.log"; } >&2
[ "$status" != 0 ] || find "$dir/received" "$dir/mail" -type f -path '*@*' -o -type f -path '*/new/*' |
    xargs python3 "$here/check_received.py" || status=$?
exit "$status"
