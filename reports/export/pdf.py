"""The report as a PDF: A4, its charts as vector drawings, its tables running over pages with their heads repeated."""

import io
from collections.abc import Iterator
from html import escape
from typing import Any

from reportlab.graphics import shapes as rl
from reportlab.lib.colors import HexColor, black
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepTogether, LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle
from reportlab.platypus import Table as PdfTable

from reports.charts.drawing import Area, Box, Drawing, Label, Line
from reports.export.chapters import Figures, Heading, Lines, Part, chapters, subtitle, title
from reports.export.pdf_fonts import BOLD, PLAIN, font_of, font_runs, has_letters, needs_reader, register_fonts
from reports.export.tables import Table
from reports.records import Report

_MARGIN = 14 * mm
_PADDING = 6
"""What reportlab's frames keep free at each side, in points."""
_WIDE = A4[0] - 2 * _MARGIN - 2 * _PADDING
_TEXT = ParagraphStyle("text", fontName=PLAIN, fontSize=8.5, leading=11)
_CELL = ParagraphStyle("cell", fontName=PLAIN, fontSize=7, leading=8.6)
_NUMBER = ParagraphStyle("number", parent=_CELL, alignment=TA_RIGHT)
_HEADS = {1: (17, 21), 2: (13, 17), 3: (9.5, 13)}
_LINE = HexColor("#999999")
_LETTERS_MISSING = (
    "Some names have letters for which this PDF has no font: they are question marks here. The HTML, CSV and JSON of "
    "the same report hold every name whole."
)
_READERS_FONTS = (
    "Chinese, Japanese and Korean letters are shown with the fonts of the reader. Where it has none, read the HTML of "
    "the same report."
)
_LONG_ROWS = 12
"""Tables with more rows than this may break over pages."""


def write_pdf(report: Report, fingerprint: str) -> bytes:
    """Return the document; the same report gives the same bytes."""
    register_fonts()
    file = io.BytesIO()
    document = SimpleDocTemplate(
        file,
        pagesize=A4,
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=16 * mm,
        title=title(report),
        author=f"Sightline {report.version}",
        subject=subtitle(report),
        invariant=1,
    )
    story: list[Flowable] = [_heading(title(report), 1), _paragraph(subtitle(report), _TEXT), Spacer(1, 6)]
    names = set(_names(report))
    notes = [_LETTERS_MISSING] * (not all(map(has_letters, names))) + [_READERS_FONTS] * any(map(needs_reader, names))
    for note in notes:
        story += [_paragraph(note, _TEXT), Spacer(1, 6)]
    for part in chapters(report, fingerprint):
        story += _flowables(part)
    document.build(story, canvasmaker=_build_canvas_type(report))
    return file.getvalue()


def _names(report: Report) -> Iterator[str]:
    for site in report.sites:
        yield site.name
        for camera in site.cameras:
            yield from (camera.name, camera.group)


def _build_canvas_type(report: Report) -> type[Canvas]:
    """Return a canvas that writes title, page and number of pages at the foot of each page."""
    font, foot = font_of(f"{title(report)}; {report.scope.label}")

    class Numbered(Canvas):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:  # noqa: N802 - reportlab's own name
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self._pages, 1):
                self.__dict__.update(page)
                self.setFont(font, 7)
                self.drawString(_MARGIN, 9 * mm, foot[:110])
                self.setFont(PLAIN, 7)
                self.drawRightString(A4[0] - _MARGIN, 9 * mm, f"page {number} of {len(self._pages)}")
                super().showPage()
            super().save()

    return Numbered


def _flowables(part: Part) -> Iterator[Flowable]:
    if isinstance(part, Heading):
        yield _heading(part.text, part.level)
    elif isinstance(part, Figures):
        yield _figures(part)
        yield Spacer(1, 6)
    elif isinstance(part, Lines):
        yield from (_paragraph(f"\u2022 {line}", _TEXT) for line in part.lines)
        yield Spacer(1, 4)
    elif isinstance(part, Drawing):
        yield draw(part)
        yield Spacer(1, 6)
    else:
        yield from _table(part)


def _heading(text: str, level: int) -> Paragraph:
    size, leading = _HEADS[level]
    style = ParagraphStyle(
        f"head{level}",
        fontName=BOLD,
        fontSize=size,
        leading=leading,
        spaceBefore=size * 0.7,
        spaceAfter=3,
        keepWithNext=1,
    )
    return _paragraph(text, style, bold=True)


def _paragraph(text: str, style: ParagraphStyle, *, bold: bool = False) -> Paragraph:
    marked = "".join(
        escape(part) if font == style.fontName else f'<font name="{font}">{escape(part)}</font>'
        for font, part in font_runs(text, bold=bold)
    )
    return Paragraph(marked, style)


def _figures(part: Figures) -> PdfTable:
    cells = [
        [_paragraph(name, _CELL), _paragraph(figure, ParagraphStyle("big", fontName=BOLD, fontSize=12, leading=15)),
         _paragraph(said, _CELL)]
        for name, figure, said in part.figures
    ]  # fmt: skip
    rows = [cells[start : start + 3] for start in range(0, len(cells), 3)]
    grid = PdfTable(rows, colWidths=[_WIDE / 3] * 3)
    grid.setStyle(TableStyle([("BOX", (0, 0), (-1, -1), 0.5, _LINE), ("INNERGRID", (0, 0), (-1, -1), 0.5, _LINE)]))
    return grid


def _table(part: Table) -> Iterator[Flowable]:
    head = _heading(part.title, 3)
    note = [_paragraph(part.note, _CELL)] if part.note else []
    if not part.rows:
        yield KeepTogether([head, _paragraph("None in this period.", _TEXT), Spacer(1, 4)])
        return
    styles = [_NUMBER if column.number else _CELL for column in part.columns]
    titles = [_paragraph(c.title, style, bold=True) for c, style in zip(part.columns, styles, strict=True)]
    whole = sum(column.width for column in part.columns)
    widths = [_WIDE * column.width / whole for column in part.columns]
    places = list(zip(styles, widths, strict=True))
    rows = [[_cell(cell, *place) for cell, place in zip(row, places, strict=True)] for row in part.rows]
    grid = (LongTable if len(rows) > _LONG_ROWS else PdfTable)([titles, *rows], colWidths=widths, repeatRows=1)
    right = [("ALIGN", (at, 1), (at, -1), "RIGHT") for at, column in enumerate(part.columns) if column.number]
    grid.setStyle(TableStyle([*_GRID, *right]))
    if len(rows) > _LONG_ROWS:
        yield from (head, grid, *note)
    else:
        yield KeepTogether([head, grid, *note])
    yield Spacer(1, 4)


_LEFT_PAD, _RIGHT_PAD = 4, 4
_GRID = (
    ("FONT", (0, 0), (-1, -1), _CELL.fontName, _CELL.fontSize, _CELL.leading),
    ("LINEBELOW", (0, 0), (-1, 0), 0.9, black),
    ("LINEBELOW", (0, 1), (-1, -1), 0.3, _LINE),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("TOPPADDING", (0, 0), (-1, -1), 1.5),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
    ("LEFTPADDING", (0, 0), (-1, -1), _LEFT_PAD),
    ("RIGHTPADDING", (0, 0), (-1, -1), _RIGHT_PAD),
)


def _cell(text: str, style: ParagraphStyle, width: float) -> str | Paragraph:
    """Return text that fits its line as it is, which is drawn ten times as fast; anything else is a paragraph."""
    plain = text.isascii() and text.isprintable()
    room = width - _LEFT_PAD - _RIGHT_PAD
    fits = plain and stringWidth(text, style.fontName, style.fontSize) <= room
    return text if fits else _paragraph(text, style)


def draw(drawing: Drawing) -> rl.Drawing:
    """Return a chart as reportlab's own drawing, whose origin is at the bottom left."""
    scale = _WIDE / drawing.width
    canvas = rl.Drawing(_WIDE, drawing.height * scale)
    group = rl.Group(transform=(scale, 0, 0, scale, 0, 0))
    for shape in drawing.shapes:
        group.add(_shape(shape, drawing.height))
    canvas.add(group)
    return canvas


def _shape(shape: Box | Line | Area | Label, height: float) -> Any:
    if isinstance(shape, Box):
        box = rl.Rect(shape.left, height - shape.top - shape.height, shape.width, shape.height, strokeWidth=0.5)
        box.fillColor, box.strokeColor = _color(shape.fill), _color(shape.stroke)
        return box
    if isinstance(shape, Label):
        font, text = font_of(shape.text, bold=shape.bold)
        return rl.String(
            shape.left, height - shape.baseline, text, fontName=font, fontSize=shape.size, textAnchor=shape.anchor
        )
    points = [value for x, y in shape.points for value in (x, height - y)]
    if isinstance(shape, Area):
        return rl.Polygon(points, fillColor=_color(shape.fill), strokeColor=_color(shape.stroke), strokeWidth=0.5)
    dash = [3, 2] if shape.dashed else None
    return rl.PolyLine(points, strokeColor=_color(shape.stroke), strokeWidth=shape.width, strokeDashArray=dash)


def _color(name: str) -> Any:
    return None if name == "none" else HexColor(name)
