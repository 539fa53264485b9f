"""The report as one HTML file."""

from reports.charts.drawing import Drawing
from reports.export import html_parts as page
from reports.export.chapters import Figures, Heading, Lines, Part, chapters, subtitle, title
from reports.records import Report


def write_html(report: Report, fingerprint: str) -> bytes:
    """Return a self-contained document that prints well."""
    body = [page.heading(title(report), 1), page.paragraph(subtitle(report), soft=True)]
    body += [_part(part) for part in chapters(report, fingerprint)]
    return page.write_page(title(report), body)


def _part(part: Part) -> str:
    if isinstance(part, Heading):
        return page.heading(part.text, part.level)
    if isinstance(part, Figures):
        return page.tiles(part.figures)
    if isinstance(part, Lines):
        return page.items(part.lines)
    return page.figure(part) if isinstance(part, Drawing) else page.table(part)
