"""Every format says the same, keeps its seal, and lets no name act as code."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth

from domain.report_files import ReportFormat, ReportRequest
from domain.text.csv_cells import neutralise_formula
from lab.bench.reports.planted_history import plant
from lab.bench.reports.stored_history import store_history
from reports.build import build_report
from reports.charts.drawing import Label, Line
from reports.charts.report_charts import lost_time_by_fault
from reports.export.chapters import chapters
from reports.export.csv_export import COLUMNS
from reports.export.pdf_fonts import font_of, font_runs, has_letters
from reports.export.report_file import export
from reports.export.seal import Outcome, check_seal
from reports.export.tables import Table
from reports.records import Report, Scope
from reports.usable_time.time_parts import TimeParts
from tests.unit.reports.test_build import SITES, ZONES

KEY = "a key of the operator's own"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    history = plant(9, 14, datetime(2026, 10, 18, tzinfo=UTC), seed=2, sites=SITES)
    _, store = store_history(history, tmp_path_factory.mktemp("export"))
    request = ReportRequest(first=date(2026, 10, 19), last=date(2026, 10, 30))
    return build_report(store, request, ZONES, history.until, version="1.2.3")


@pytest.mark.parametrize("form", list(ReportFormat))
def test_a_file_is_intact_as_written_and_changed_by_a_single_byte(report: Report, form: ReportFormat) -> None:
    file = export(report, form).content
    assert check_seal(file).outcome is Outcome.INTACT
    assert check_seal(file).form is form
    place = file.index(b"camera 00") + len(b"camera 00") if form is not ReportFormat.PDF else len(file) // 2
    altered = file[:place] + bytes([file[place] ^ 1]) + file[place + 1 :]
    assert check_seal(altered).outcome is not Outcome.INTACT


@pytest.mark.parametrize("form", list(ReportFormat))
def test_with_a_key_only_who_knows_it_can_seal_again(report: Report, form: ReportFormat) -> None:
    file = export(report, form, key=KEY).content
    assert (check_seal(file, KEY).outcome, check_seal(file, KEY).signed) == (Outcome.INTACT, True)
    assert check_seal(file, "another key").outcome is Outcome.CHANGED
    unchecked = check_seal(file)
    assert (unchecked.outcome, unchecked.has_signature, unchecked.signed) == (Outcome.INTACT, True, None)


@pytest.mark.parametrize("form", list(ReportFormat))
def test_who_has_a_key_is_told_of_a_file_that_was_changed_and_sealed_again_without_it(
    report: Report, form: ReportFormat
) -> None:
    forged = export(report, form).content
    assert check_seal(forged).outcome is Outcome.INTACT
    assert check_seal(forged, KEY).outcome is Outcome.NOT_SIGNED
    broken = forged.replace(b"camera 00", b"camera 99") if form is not ReportFormat.PDF else forged + b"x"
    assert check_seal(broken, KEY).outcome is Outcome.CHANGED


@pytest.mark.parametrize("form", list(ReportFormat))
def test_the_same_report_gives_the_same_bytes(report: Report, form: ReportFormat) -> None:
    assert export(report, form).content == export(report, form).content


@pytest.mark.parametrize("file", [b"", b"hello", b"{}", b"[1]", b'{"integrity": 5}', b"%PDF-1.4\n%%EOF\n", b"\xff\xfe"])
def test_a_foreign_file_is_called_not_sealed(file: bytes) -> None:
    assert check_seal(file).outcome is Outcome.NOT_SEALED


def test_json_stays_intact_when_it_is_only_laid_out_again(report: Report) -> None:
    values = json.loads(export(report, ReportFormat.JSON).content)
    again = json.dumps(dict(reversed(values.items()))).encode()
    assert check_seal(again).outcome is Outcome.INTACT
    values["summary"]["usable_percent"] = 100.0
    assert check_seal(json.dumps(values).encode()).outcome is Outcome.CHANGED


def test_json_with_a_key_twice_is_changed_for_a_reader_may_show_the_other(report: Report) -> None:
    file = export(report, ReportFormat.JSON).content
    doubled = file.replace(b"{", b'{"summary": {"usable_percent": 100.0},', 1)
    assert json.loads(doubled) == json.loads(file)
    assert check_seal(doubled).outcome is Outcome.CHANGED


def test_json_with_a_mark_of_byte_order_is_as_it_was_written(report: Report) -> None:
    assert check_seal(b"\xef\xbb\xbf" + export(report, ReportFormat.JSON).content).outcome is Outcome.INTACT


@pytest.mark.parametrize("form", [ReportFormat.HTML, ReportFormat.CSV, ReportFormat.PDF])
@pytest.mark.parametrize("after", [b"\n", b"x", b"\r\n1,2,3\r\n", b" " * 2000])
def test_a_report_with_something_after_its_seal_is_changed_and_not_called_a_foreign_file(
    report: Report, form: ReportFormat, after: bytes
) -> None:
    assert check_seal(export(report, form).content + after).outcome is Outcome.CHANGED


@pytest.mark.parametrize("form", [ReportFormat.HTML, ReportFormat.CSV])
def test_other_line_ends_are_a_change_and_a_file_cut_off_has_no_seal(report: Report, form: ReportFormat) -> None:
    file = export(report, form).content
    assert check_seal(file.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") + b"\n").outcome is Outcome.CHANGED
    assert check_seal(b"\xef\xbb\xbf" + file).outcome is Outcome.CHANGED
    assert check_seal(file[:-40]).outcome is Outcome.NOT_SEALED


def test_the_content_hash_is_the_same_in_every_format(report: Report) -> None:
    content = check_seal(export(report, ReportFormat.JSON).content).sha256
    assert content in export(report, ReportFormat.HTML).content.decode()
    assert content in export(report, ReportFormat.CSV).content.decode()


def test_csv_holds_a_line_a_camera_whose_parts_add_up(report: Report) -> None:
    text = export(report, ReportFormat.CSV).content.decode("utf-8-sig")
    lines = [line for line in csv.DictReader(io.StringIO(text)) if not line["site"].startswith("#")]
    assert tuple(lines[0]) == COLUMNS
    assert [line["camera"] for line in lines] == [camera.name for camera in report.cameras]
    for line in lines:
        names = ("usable", "lost", "not_assessable", "unknown")
        parts = sum(int(line[f"{name}_s"]) for name in (*names, "maintenance", "not_watched"))
        assert parts == int(line["period_s"])
        assert round(sum(float(line[f"{name}_percent"]) for name in names), 3) == 100
        faults = sum(int(value) for name, value in line.items() if re.fullmatch(r"lost_\w+_s", name))
        assert faults == int(line["lost_s"])


def test_html_and_json_show_the_same_percentages(report: Report) -> None:
    page = export(report, ReportFormat.HTML).content.decode()
    values = json.loads(export(report, ReportFormat.JSON).content)
    tables = page[page.index("<h3>Cameras") :]
    assert sum(len(site["cameras"]) for site in values["sites"]) > 0
    for site in values["sites"]:
        for camera in site["cameras"]:
            row = re.search(rf"<td>{camera['name']}(?: \(retired\))?</td>(.*?)</tr>", tables)
            assert row is not None
            assert f"{camera['summary']['usable_percent']:.3f} %" in row.group(1)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1", "\uff0b1"])
def test_no_text_of_a_csv_begins_a_formula(text: str) -> None:
    assert neutralise_formula(text).startswith("'")
    assert neutralise_formula("gate (north)") == "gate (north)"


def test_names_are_text_in_html_and_letters_in_a_pdf(report: Report) -> None:
    name = '<script>alert("1")</script> & 正門 Двор'
    site = replace(report.sites[0], name=name, cameras=[replace(report.sites[0].cameras[0], name=name)])
    strange = replace(report, sites=[site], worst=site.cameras)
    page = export(strange, ReportFormat.HTML).content.decode()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert export(strange, ReportFormat.PDF).content.startswith(b"%PDF")
    assert has_letters(name)


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("Łódź ščř", "Łódź ščř"),
        ("Двор №2", "Двор №2"),
        ("Αθήνα", "Αθήνα"),
        ("შესასვლელი", "შესასვლელი"),
        ("שער 12 (צפון)", "(ןופצ) 12 רעש"),
        ("Gate שער צפון A", "Gate ןופצ רעש A"),
        ("بوابة", "\ufe94\ufe91\ufe8d\ufeee\ufe91"),
        ("لا", "\ufefb"),
        ("正門", "正門"),
        ("정문", "정문"),
        ("ประตู", "?????"),
        ("yard \U0001f600", "yard ?"),
    ],
)
def test_letters_of_a_pdf_are_shown_or_a_question_mark_stands_for_them(report: Report, name: str, drawn: str) -> None:
    """Never a box, an error or another file of the same report; a note says what question marks stand for."""
    site = replace(report.sites[0], name=name, cameras=[replace(report.sites[0].cameras[0], name=name, group=name)])
    strange = replace(report, sites=[site], worst=site.cameras, scope=Scope(site=name))
    assert "".join(part for _, part in font_runs(name)) == drawn
    assert font_of(name)[1] == drawn
    file = export(strange, ReportFormat.PDF).content
    assert check_seal(file).outcome is Outcome.INTACT
    assert file == export(strange, ReportFormat.PDF).content
    assert has_letters(name) is ("?" not in drawn)


def test_each_part_of_a_name_has_the_font_that_holds_it() -> None:
    assert list(font_runs("Tor 正門")) == [("Helvetica", "Tor "), ("HeiseiKakuGo-W5", "正門")]
    assert list(font_runs("Tor Двор", bold=True)) == [("Helvetica-Bold", "Tor "), ("DejaVuSans-Bold", "Двор")]
    assert font_of("Двор 正門") == ("HeiseiKakuGo-W5", "Двор 正門")
    assert font_of("a\U0001f600") == ("DejaVuSans", "a?")


def test_no_word_of_a_tables_head_is_broken(report: Report) -> None:
    room = A4[0] - 2 * 14 * mm - 12
    tables = [part for part in chapters(report, "") if isinstance(part, Table)]
    assert tables
    for table in tables:
        whole = sum(column.width for column in table.columns)
        for column in table.columns:
            widest = max(stringWidth(word, "Helvetica-Bold", 7) for word in column.title.split())
            assert widest <= room * column.width / whole - 8, (table.title, column.title)


def test_html_fetches_nothing_and_runs_nothing(report: Report) -> None:
    page = export(report, ReportFormat.HTML).content.decode()
    assert "default-src 'none'" in page
    assert not re.search(r"https?://|<script|<link|url\(|@import", page.replace("http://www.w3.org", ""))


def test_no_number_is_parted_from_its_unit_in_a_narrow_column(report: Report) -> None:
    assert "td.n { white-space: nowrap; }" in export(report, ReportFormat.HTML).content.decode()


def test_charts_stay_legible_on_a_phone_and_are_scrolled_by_keyboard(report: Report) -> None:
    page = export(report, ReportFormat.HTML).content.decode()
    assert "(max-width: 640px) { figure { overflow-x: auto; } figure svg { width: 620px; } }" in page
    assert page.count("<figure") == page.count('<figure tabindex="0">') > 0


def test_what_was_not_measured_is_a_dash_and_no_zero(report: Report) -> None:
    page = export(report, ReportFormat.HTML).content.decode()
    assert "Time to detect<b>-</b>" in page
    assert any(part for part in chapters(report, "0" * 64))


def test_a_file_name_is_plain(report: Report, tmp_path: Path) -> None:
    scope = replace(report.scope, site="Süd/../Tor 正")
    name = export(replace(report, scope=scope), ReportFormat.CSV).name
    assert name == "sightline-sud-tor-2026-10-19-to-2026-10-30.csv"
    assert (tmp_path / name).parent == tmp_path


def test_where_nothing_was_lost_the_chart_says_so_without_an_axis() -> None:
    drawing = lost_time_by_fault(TimeParts(ok=5))
    assert [shape.text for shape in drawing.shapes if isinstance(shape, Label)][1:] == ["nothing was lost"]
    assert not any(isinstance(shape, Line) for shape in drawing.shapes)
