#!/bin/bash
# The letters of whole years, planned by duban and by tests/oracle/year.py, which shares no code with it.
# Usage: tests/oracle/years.sh DUBAN [RANDOM_CONFIGURATIONS]
set -euo pipefail
duban=$1 count=${2:-40}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT

compare() { # configuration, from, to
  DUBAN__DATABASE=$work/none.db "$duban" plan --config "$1" --now "$2T00:00" --from "$2" --to "$3" --json >"$work/ours.json" || [ $? = 1 ]
  python3 "$here/year.py" --config "$1" --from "$2" --to "$3" --start "$2" >"$work/theirs.json"
  printf '%s %s..%s: ' "$4" "$2" "$3"
  python3 "$here/compare.py" "$work/ours.json" "$work/theirs.json"
}

for year in 2021 2022 2023 2024 2025 2026; do
  compare "$here/../../config/duban.toml" $year-01-01 $year-12-31 shipped
done
compare "$here/../../config/duban.toml" 2025-01-01 2026-12-31 shipped
for seed in $(seq "$count"); do
  python3 "$here/random_config.py" "$seed" "$work/random"
  month=$(printf %02d $((seed % 12 + 1))) day=$(printf %02d $((seed * 7 % 28 + 1)))
  compare "$work/random/duban.toml" "202$((seed % 5 + 1))-$month-$day" 2026-12-31 "random $seed"
  rm -rf "$work/random"
done
