"""The survey as one ranked page, and as CSV and JSON."""

import base64
import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from domain.faults import FAULT_LABELS, Fault
from domain.report_files import ReportFile, ReportFormat
from domain.text.csv_cells import neutralise_formula
from reports.export import html_parts as page
from reports.export import words
from reports.export.content import fingerprint
from reports.export.seal import seal, seal_json
from reports.export.tables import Column, Table
from reports.survey.visits import NEEDS_BASELINE, Survey, SurveyEntry, SurveyState, own_gaps

STATE_LABELS = {
    SurveyState.FAULT: "fault",
    SurveyState.NOT_JUDGED: "could not be judged",
    SurveyState.NO_FAULT_FOUND: "no fault found",
}
_COLUMNS = (
    "rank", "camera", "site", "group", "state", "severity", "headline", "reason", "also_seen", "image_quality",
    "detectability", "checks_made", "not_judged", "frames", "stream", "address",
)  # fmt: skip


def export_survey(survey: Survey, form: ReportFormat, *, key: str = "") -> ReportFile:
    """Return the sealed file; a PDF is not made of a survey, whose page prints as it is."""
    name = f"sightline-survey-{survey.visited_at:%Y-%m-%d-%H%M}.{form.value}"
    content = content_of(survey)
    if form is ReportFormat.JSON:
        return ReportFile(name, form, seal_json(content, key))
    if form is ReportFormat.CSV:
        return ReportFile(name, form, seal(_write_csv(survey), form, key))
    return ReportFile(name, form, seal(_write_html(survey, fingerprint(content)), ReportFormat.HTML, key))


def describe_visit(entry: SurveyEntry) -> str:
    """Return what one visit showed, in words that hold before cameras are compared as well as after."""
    if entry.headline is not None:
        return FAULT_LABELS[entry.headline.fault]
    if entry.state is SurveyState.NOT_JUDGED:
        return f"{STATE_LABELS[entry.state]}: {entry.not_judged_reason or 'no picture came'}"
    return "nothing seen in its own pictures"


def name_comparison(before: Iterable[SurveyEntry], after: Iterable[SurveyEntry]) -> Sequence[str]:
    """Return a sentence for each camera in which the comparison with its site's others found something more."""
    known = {entry.name: {found.fault for found in entry.findings} for entry in before}
    more = [(entry, [each.fault for each in entry.findings if each.fault not in known[entry.name]]) for entry in after]
    return [
        f"compared with the site's other cameras: {entry.name}: {', '.join(FAULT_LABELS[fault] for fault in faults)}"
        for entry, faults in more
        if faults
    ]


def name_result(survey: Survey) -> str:
    """Return how many cameras came to which state."""
    return ", ".join(f"{STATE_LABELS[state]}: {survey.count(state)}" for state in SurveyState)


def content_of(survey: Survey) -> dict[str, Any]:
    """Return the survey as JSON values; pictures are left out."""
    return {
        "report": "survey",
        "schema": 1,
        "visited_at": survey.visited_at.isoformat(),
        "sightline": survey.version,
        "models": dict(survey.models),
        "counts": {state.value: survey.count(state) for state in SurveyState},
        "cameras": [_values(place, entry) for place, entry in enumerate(survey.entries, 1)],
    }


def _values(place: int, entry: SurveyEntry) -> dict[str, Any]:
    return {
        "rank": place,
        "name": entry.name,
        "site": entry.site,
        "group": entry.group,
        "address": entry.address,
        "state": entry.state.value,
        "why_not_judged": entry.not_judged_reason,
        "findings": [
            {"fault": found.fault.value, "severity": found.severity, "reason": found.reason} for found in entry.findings
        ],
        "checks_made": entry.checks_made,
        "not_judged": {reason: [fault.value for fault in faults] for reason, faults in entry.not_judged.items()},
        "quality": {metric: round(value, 3) for metric, value in entry.quality.items()},
        "frames": entry.frames,
        "seconds": round(entry.seconds, 3),
        "stream": entry.facts,
    }


def _write_csv(survey: Survey) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for place, entry in enumerate(survey.entries, 1):
        row = [str(place), entry.name, entry.site, entry.group, entry.state.value, *_wrong(entry), *_quality(entry)]
        row += [str(entry.checks_made), _list_not_judged(entry), str(entry.frames), entry.facts, entry.address]
        writer.writerow([neutralise_formula(cell) for cell in row])
    return b"\xef\xbb\xbf" + file.getvalue().encode()


def _wrong(entry: SurveyEntry) -> Sequence[str]:
    """Return severity, headline, reason and what else was seen."""
    headline = entry.headline
    if headline is None:
        return ("", "", entry.not_judged_reason, "")
    also = ", ".join(FAULT_LABELS[found.fault] for found in entry.findings[1:])
    return (headline.severity, FAULT_LABELS[headline.fault], headline.reason, also)


def _quality(entry: SurveyEntry) -> Sequence[str]:
    found = (entry.quality.get(metric) for metric in ("image_quality", "detectability"))
    return ["" if value is None else f"{value:.1f}" for value in found]


def _list_not_judged(entry: SurveyEntry) -> str:
    return "; ".join(_unjudged_lines(entry.not_judged))


def _unjudged_lines(not_judged: Mapping[str, Sequence[Fault]]) -> Sequence[str]:
    return [f"{', '.join(FAULT_LABELS[fault] for fault in faults)}: {reason}" for reason, faults in not_judged.items()]


def _write_html(survey: Survey, digest: str) -> bytes:
    title = f"Survey of {len(survey.entries)} cameras"
    sites = sorted({entry.site for entry in survey.entries if entry.site})
    where = f"site {sites[0]}" if len(sites) == 1 else f"{len(sites)} sites"
    visited = f"{where}; visited {words.moment(survey.visited_at, 'UTC')}, each camera once"
    body = [
        page.heading(title, 1),
        page.paragraph(visited, soft=True),
        page.tiles(_figures(survey)),
        page.items(_about(survey)),
        page.table(_faults(survey), 2),
        page.heading("Worst first"),
        _table(survey),
        page.heading("Origin"),
        page.items(_origin(survey, digest)),
    ]
    return page.write_page(title, body)


def _figures(survey: Survey) -> Sequence[tuple[str, str, str]]:
    return (
        (
            "With a fault",
            str(survey.count(SurveyState.FAULT)),
            "in most pictures, or beside the site's other cameras",
        ),
        ("Could not be judged", str(survey.count(SurveyState.NOT_JUDGED)), "nothing is claimed of these"),
        ("No fault found", str(survey.count(SurveyState.NO_FAULT_FOUND)), "by the checks that need no baseline"),
    )


def _about(survey: Survey) -> Sequence[str]:
    lines = ["One visit shows what is wrong now. What comes and goes, and what is slow, only watching shows."]
    common = survey.never_judged()
    lines += [f"Not judged on any camera: {line}." for line in _unjudged_lines(common)]
    if NEEDS_BASELINE in common:
        lines.append("A camera has its baselines once it has been watched for some hours by day and by night.")
    return lines


def _faults(survey: Survey) -> Table:
    columns = (Column("cause", 0.6), Column("cameras", 0.4, number=True))
    rows = [(FAULT_LABELS[fault], str(count)) for fault, count in survey.headlines()]
    return Table("What was found", columns, rows)


def _table(survey: Survey) -> str:
    pictures = any(entry.picture for entry in survey.entries)
    heads = ["#", "camera", "site", "what is wrong, and why", "image quality", "detectability", "not judged here"]
    heads += ["picture"] if pictures else []
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    common = survey.never_judged()
    rows = "".join(
        _row(place, entry, _unjudged_lines(own_gaps(entry, common)), pictures=pictures)
        for place, entry in enumerate(survey.entries, 1)
    )
    opening = '<div class="wide" tabindex="0" role="region" aria-label="Worst first">'
    return f"{opening}<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"


def _row(place: int, entry: SurveyEntry, missing: Sequence[str], *, pictures: bool) -> str:
    severity, headline, reason, also = _wrong(entry)
    said = f"<b>{escape(headline or STATE_LABELS[entry.state])}</b>"
    said += f" ({escape(severity)})" if severity else ""
    said += f"<br>{escape(reason)}" if reason else ""
    said += f'<br><span class="soft">also: {escape(also)}</span>' if also else ""
    camera = f"<b>{escape(entry.name)}</b>"
    camera += "".join(f'<br><span class="soft">{escape(each)}</span>' for each in (entry.group, entry.facts) if each)
    figures = [figure or words.NOTHING for figure in _quality(entry)]
    lines = "<br>".join(escape(line) for line in missing)
    cells = [str(place), camera, escape(entry.site) or words.NOTHING, said, *figures, lines or words.NOTHING]
    if pictures:
        cells.append(_picture(entry))
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _picture(entry: SurveyEntry) -> str:
    if not entry.picture:
        return words.NOTHING
    data = base64.b64encode(entry.picture).decode()
    return f'<img src="data:image/jpeg;base64,{data}" alt="{escape(entry.name)} at the visit">'


def _origin(survey: Survey, digest: str) -> Sequence[str]:
    lines = [f"Sightline {survey.version}", f"SHA-256 of the content: {digest}"]
    lines.append("`sightline report verify FILE` tells whether this file was changed; a hash is no signature.")
    return lines + [f"Judged by {name}: {mark}" for name, mark in survey.models.items()]
