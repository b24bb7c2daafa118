#!/bin/sh
# year.sh DUBAN: live.py and year.py on servers of their own. SEED chooses another year.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
finish() {
    "$here/servers.sh" stop "$dir"
    rm -rf "$dir" "$dir.ports"
}
trap finish EXIT
trap 'exit 1' INT TERM
"$here/servers.sh" "$dir" >"$dir.ports"
timeout 200 python3 "$here/live.py" "$1" "$dir" <"$dir.ports"
"$here/servers.sh" stop "$dir"
rm -rf "$dir"
"$here/servers.sh" "$dir" >"$dir.ports"
timeout 900 python3 "$here/year.py" "$1" "$dir" <"$dir.ports"
