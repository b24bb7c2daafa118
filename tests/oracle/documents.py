#!/usr/bin/env python3
"""The plan as a page with merged cells, and with its numbers counted by Word: for LibreOffice to save in its own way.
usage: documents.py PLAN.txt FOLDER   writes plan.html and numbered.docx"""
import html
import pathlib
import re
import sys
import zipfile

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def parts(text):
    """Paragraphs, and tables as lists of rows."""
    table = []
    for line in text.splitlines():
        if "\t" in line:
            table.append(line.split("\t"))
            continue
        if table:
            yield table
            table = []
        if line.strip():
            yield line.strip()
    if table:
        yield table


def span(table, row, column):
    """How many rows a cell of the first two columns stands for; 0 if it is part of the one above."""
    if column > 1 or row == 0:
        return 1
    # The first row under the heading may have none: that is an empty cell, and not a missing one.
    if row > 1 and not table[row][column]:
        return 0
    end = row + 1
    while end < len(table) and not table[end][column]:
        end += 1
    return end - row


def page(text):
    out = ['<!DOCTYPE html><html><head><meta charset="utf-8"></head><body>']
    for part in parts(text):
        if isinstance(part, str):
            out.append(f"<p>{html.escape(part)}</p>")
            continue
        out.append("<table border=1>")
        for row, cells in enumerate(part):
            shown = [(span(part, row, column), cell) for column, cell in enumerate(cells)]
            out.append("<tr>" + "".join(f"<td rowspan={n}>{html.escape(c)}</td>" for n, c in shown if n) + "</tr>")
        out.append("</table>")
    return "\n".join(out + ["</body></html>"])


def numbered(text):
    """As `page`, but the number of each requirement is a list's: it stands in no text."""
    def paragraph(words, is_item=False):
        number = '<w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr>' if is_item else ""
        return f'<w:p>{number}<w:r><w:t xml:space="preserve">{html.escape(words)}</w:t></w:r></w:p>'

    body = []
    for part in parts(text):
        if isinstance(part, str):
            body.append(paragraph(part))
            continue
        body.append("<w:tbl><w:tblPr/><w:tblGrid>" + "<w:gridCol/>" * len(part[0]) + "</w:tblGrid>")
        for row, cells in enumerate(part):
            body.append("<w:tr>")
            for column, cell in enumerate(cells):
                n = span(part, row, column)
                merge = "" if n == 1 else "<w:vMerge/>" if n == 0 else '<w:vMerge w:val="restart"/>'
                words = re.sub(r"^\d+\.\s*", "", cell)
                body.append(f"<w:tc><w:tcPr>{merge}</w:tcPr>{paragraph(words, words != cell)}</w:tc>")
            body.append("</w:tr>")
        body.append("</w:tbl>")
    return f'<w:document {W}><w:body>{"".join(body)}<w:sectPr/></w:body></w:document>'


NUMBERING = f"""<w:numbering {W}><w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="1"/>
<w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl></w:abstractNum>
<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>"""
OFFICE = "application/vnd.openxmlformats-officedocument.wordprocessingml"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = 'xmlns="http://schemas.openxmlformats.org/package/2006/'


def main(plan, folder):
    text, folder = pathlib.Path(plan).read_text(), pathlib.Path(folder)
    (folder / "plan.html").write_text(page(text))
    with zipfile.ZipFile(folder / "numbered.docx", "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("[Content_Types].xml", f"""<Types {PACKAGE}content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Override PartName="/word/document.xml" ContentType="{OFFICE}.document.main+xml"/>
<Override PartName="/word/numbering.xml" ContentType="{OFFICE}.numbering+xml"/></Types>""")
        out.writestr("_rels/.rels", f"""<Relationships {PACKAGE}relationships">
<Relationship Id="r1" Type="{RELATIONS}/officeDocument" Target="word/document.xml"/></Relationships>""")
        out.writestr("word/_rels/document.xml.rels", f"""<Relationships {PACKAGE}relationships">
<Relationship Id="r1" Type="{RELATIONS}/numbering" Target="numbering.xml"/></Relationships>""")
        out.writestr("word/document.xml", numbered(text))
        out.writestr("word/numbering.xml", NUMBERING)


main(*sys.argv[1:])
