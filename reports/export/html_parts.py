"""The frame of every HTML file written here: self-contained, no script, legible on paper, dark where the screen is."""

from collections.abc import Sequence
from html import escape

from reports.charts.drawing import Drawing
from reports.charts.svg import render_svg
from reports.export.tables import Table

STYLE = """
:root { color-scheme: light dark; --ink: #16202b; --soft: #55616e; --line: #cfd6dd; --paper: #ffffff; --tile: #f3f5f7; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8edf2; --soft: #a9b4bf; --line: #3a4550; --paper: #12181f; --tile: #1c252e; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1080px; padding: 24px; color: var(--ink); background: var(--paper);
  font: 14px/1.45 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
h1 { font-size: 24px; margin: 0 0 4px; }
h2 { font-size: 18px; margin: 32px 0 8px; border-bottom: 2px solid var(--ink); padding-bottom: 4px; }
h3 { font-size: 15px; margin: 20px 0 6px; }
p { margin: 4px 0; } .soft { color: var(--soft); } code, li { overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); gap: 8px; margin: 16px 0; }
.tile { background: var(--tile); border: 1px solid var(--line); border-radius: 6px; padding: 10px; }
.tile b { display: block; font-size: 19px; } .tile span { color: var(--soft); font-size: 12px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 13px; }
th, td { text-align: left; padding: 4px 8px; border-bottom: 1px solid var(--line); vertical-align: top; }
th { border-bottom: 2px solid var(--ink); } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
td.n { white-space: nowrap; }
figure { margin: 12px 0; background: #ffffff; border: 1px solid var(--line); border-radius: 6px; padding: 10px; }
figure svg { display: block; width: 100%; max-width: 860px; height: auto; }
img { max-width: 180px; border: 1px solid var(--line); }
ul { margin: 4px 0; padding-left: 20px; }
@media screen and (max-width: 640px) { figure { overflow-x: auto; } figure svg { width: 620px; } }
@media print {
  :root { --ink: #000; --soft: #333; --line: #999; --paper: #fff; --tile: #fff; color-scheme: light; }
  body { max-width: none; padding: 0; font-size: 11px; } table { font-size: 10px; }
  h2 { break-after: avoid; } figure, .tile, tr { break-inside: avoid; } thead { display: table-header-group; }
  .wide { overflow: visible; } @page { size: A4; margin: 14mm; }
}
"""


def write_page(title: str, body: Sequence[str]) -> bytes:
    """Return a whole document. The policy keeps a browser from fetching anything for it."""
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    head = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>\n"
    )
    return (head + "\n".join(body) + "\n</body></html>\n").encode()


def heading(text: str, level: int = 2) -> str:
    return f"<h{level}>{escape(text)}</h{level}>"


def paragraph(text: str, *, soft: bool = False) -> str:
    return f'<p class="soft">{escape(text)}</p>' if soft else f"<p>{escape(text)}</p>"


def figure(drawing: Drawing) -> str:
    return f'<figure tabindex="0">{render_svg(drawing)}</figure>'


def tiles(figures: Sequence[tuple[str, str, str]]) -> str:
    """Return what is read first: (name, figure, explanation) each in a box of its own."""
    each = (
        f'<div class="tile">{escape(name)}<b>{escape(shown)}</b><span>{escape(said)}</span></div>'
        for name, shown, said in figures
    )
    return f'<div class="tiles">{"".join(each)}</div>'


def table(content: Table, level: int = 3) -> str:
    """Return a table under its title; one without rows says so."""
    title = heading(content.title, level)
    if not content.rows:
        return title + paragraph("None in this period.", soft=True)
    marks = [' class="n"' if column.number else "" for column in content.columns]
    head = "".join(
        f'<th scope="col"{mark}>{escape(column.title)}</th>'
        for mark, column in zip(marks, content.columns, strict=True)
    )
    rows = "".join(
        "<tr>" + "".join(f"<td{mark}>{escape(cell)}</td>" for mark, cell in zip(marks, row, strict=True)) + "</tr>"
        for row in content.rows
    )
    note = paragraph(content.note, soft=True) if content.note else ""
    return (
        f'{title}<div class="wide" tabindex="0" role="region" aria-label="{escape(content.title)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{note}"
    )


def items(lines: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"
