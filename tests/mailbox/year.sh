#!/bin/sh
# year.sh DUBAN: year.py on servers of its own. SEED chooses another year.
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
timeout 900 python3 "$here/year.py" "$1" "$dir" <"$dir.ports"
