#!/bin/sh
# The ledger in LibreOffice: a year is exported, checked by openpyxl, opened, printed, and read back. A plan that
# LibreOffice saved in its own way is the plan as it was published.
# On a bare Debian 12: apt-get install libreoffice-calc libreoffice-writer poppler-utils fonts-noto-cjk, and openpyxl from PyPI.
# usage: libreoffice.sh DUBAN [FOLDER]   FOLDER keeps the files, page-*.png among them: look at them.
set -eu

duban=$(realpath "$1")
root=$(cd "$(dirname "$0")/../.." && pwd)
for tool in soffice pdftoppm pdftotext python3; do
    command -v "$tool" >/dev/null || { echo "$tool is missing" >&2; exit 2; }
done
if [ $# -gt 1 ]; then
    mkdir -p "$2"
    dir=$(realpath "$2")
else
    dir=$(mktemp -d)
    trap 'rm -rf "$dir"' EXIT
fi
cd "$dir"
rm -rf config seeds var
cp -r "$root/config" "$root/seeds" .

at() { # when, then the command
    now=$1
    shift
    "$duban" --config config/duban.toml --now "$now" "$@"
}
convert() { # to, file, folder, read as
    soffice "-env:UserInstallation=file://$dir/profile" --headless ${4+"--infilter=$4"} --convert-to "$1" --outdir "$3" "$2" \
        >convert.log 2>&1
    ! grep -qi error convert.log || { cat convert.log; exit 1; }
}

at 2026-01-05T09:00 run --once
at 2026-01-05T09:00 done annual-report --period 2026 --section 办公室 --by 张三 \
    --evidence https://zwgk.example.cn/nb/2025.html --note '=HYPERLINK("http://x.example","点")'
at 2026-01-06T09:00 done annual-report-figures --period 2026 --section 法制科 --by 李四 --evidence '@SUM(1)'
at 2026-03-18T09:00 done disclosure-catalog --period 2026-Q1 --by 王五 --evidence '粤江交办〔2026〕12号' --note '目录已核对，新增3项'
at 2026-03-18T09:00 done disclosure-catalog --period 2026-Q2 --by=-王六 --evidence="-1+1|cmd"
at 2026-09-22T08:30 export 台账.xlsx
at 2026-09-22T08:30 export 台账.csv
python3 "$root/tests/oracle/ledger.py" 台账.xlsx 台账.csv

# Opened and printed: every page has the headings and its number.
convert pdf 台账.xlsx .
rm -f page-*.png
pdftoppm -r 100 -png 台账.pdf page
pages=$(ls page-*.png | wc -l)
for page in $(seq "$pages"); do
    text=$(pdftotext -f "$page" -l "$page" -layout 台账.pdf -)
    for word in 工作任务 佐证材料 2026年度督办台账 "第 $page 页，共 $pages 页"; do
        case $text in *"$word"*) ;; *) echo "page $page lacks $word" >&2; exit 1 ;; esac
    done
    case $text in *disclosure-catalog*) echo "page $page prints the id" >&2; exit 1 ;; esac
done

# Saved by LibreOffice in each format and read back: the same deadlines as from our own file.
at 2026-09-22T08:30 import 台账.xlsx | tail -n +2 >ours.toml
grep -q '^id       = "law-annual-report"' ours.toml
mkdir -p resaved
for format in xlsx xls 'csv:Text - txt - csv (StarCalc):44,34,76,1'; do
    convert "$format" 台账.xlsx resaved
    at 2026-09-22T08:30 import "resaved/台账.${format%%:*}" | tail -n +2 >theirs.toml
    diff ours.toml theirs.toml || { echo "saved as $format it reads differently" >&2; exit 1; }
done

# The plan as a page, and as a file whose numbers are a list's, saved in each format: what the text of the plan gives.
plan=$root/tests/data/documents/plan-2022.txt
python3 "$root/tests/oracle/documents.py" "$plan" .
mkdir -p saved
convert docx plan.html saved 'HTML (StarWriter)'
convert xlsx plan.html saved calc_HTML_WebQuery
convert xls saved/plan.xlsx saved
convert docx numbered.docx saved
at 2026-01-05T09:00 import "$plan" --choose 31=1月31日 >plan.toml 2>/dev/null
[ "$(grep -c '^id ' plan.toml)" = 32 ]
for file in plan.docx plan.xlsx plan.xls numbered.docx; do
    at 2026-01-05T09:00 import "saved/$file" --choose 31=1月31日 >theirs.toml 2>said.txt || { cat said.txt; exit 1; }
    diff plan.toml theirs.toml || { echo "the plan saved as $file reads differently" >&2; exit 1; }
done

# What was read back is a configuration, and gives the same ledger.
at 2026-01-05T09:00 import 台账.xlsx --write config/again.toml
! at 2026-01-05T09:00 import 台账.xlsx --write config/again.toml || { echo 'overwritten' >&2; exit 1; }
rm -r var
at 2026-01-05T09:00 run --once
at 2026-01-05T09:00 export first.csv
sed -i 's#^include = .*#include = ["again.toml"]#' config/deadlines.toml
at 2026-01-05T09:00 check >checked.txt || { cat checked.txt; exit 1; }
at 2026-01-05T09:00 export again.csv
cmp first.csv again.csv
echo "台账：$pages 页，$(grep -c '^id ' ours.toml) 个事项，读回一致；方案存成四种文件，读出一样"
