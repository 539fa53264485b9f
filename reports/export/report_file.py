"""From a report to a sealed file of the format asked for, and its plain name."""

import re
import unicodedata

from domain.report_files import ReportFile, ReportFormat, ReportRequest
from reports.export.content import content_of, fingerprint
from reports.export.csv_export import write_csv
from reports.export.html_report import write_html
from reports.export.seal import seal, seal_json
from reports.records import Report
from reports.usable_time.periods import chosen_days


def export(report: Report, form: ReportFormat, *, key: str = "") -> ReportFile:
    """Return the file; with a key its seal holds an HMAC too."""
    content = content_of(report)
    name = file_name(report, form)
    if form is ReportFormat.JSON:
        return ReportFile(name, form, seal_json(content, key))
    digest = fingerprint(content)
    if form is ReportFormat.CSV:
        return ReportFile(name, form, seal(write_csv(report, digest), form, key))
    if form is ReportFormat.HTML:
        return ReportFile(name, form, seal(write_html(report, digest), form, key))
    from reports.export.pdf import write_pdf  # noqa: PLC0415 - reportlab takes a third of a second to load

    return ReportFile(name, form, seal(write_pdf(report, digest), form, key))


def file_name(report: Report, form: ReportFormat) -> str:
    """Return a name of letters, digits and hyphens that says what is in it."""
    return _name((report.scope.site, report.scope.group, report.scope.camera), report.label, form)


def request_name(request: ReportRequest, form: ReportFormat) -> str:
    """Return the name of a report that is not made yet; its days are given as dates."""
    assert request.first is not None
    assert request.last is not None
    label = chosen_days(request.first, request.last).label
    return _name((request.site, request.group, request.camera), label, form)


def _name(scope: tuple[str, ...], label: str, form: ReportFormat) -> str:
    parts = ("sightline", _plain("-".join(part for part in scope if part)), _plain(label))
    return "-".join(part for part in parts if part) + f".{form.value}"


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", letters)[:80].strip("-")
