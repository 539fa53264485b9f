"""docs/licences.md says what is installed; no licence is unknown or forbids commercial use; the GPL parts are named."""

import platform
import re
import sys
from pathlib import Path

import av
import pytest

from deploy import licences
from deploy.inventory import UNKNOWN, library_stem, native_libraries, native_licence, python_packages, weight_files
from deploy.project import read_project

ROOT = Path(__file__).parents[3]
DOCUMENT = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")


def rows(text: str) -> set[str]:
    """Return the rows of every table."""
    return {line for line in text.splitlines() if line.startswith("| ")}


def test_the_document_is_what_make_licences_writes() -> None:
    written = licences.render_document(licences.read_debian_section())

    if (sys.platform, platform.machine()) == ("linux", "x86_64"):
        assert written == DOCUMENT, "run: make licences"
    assert {row for row in rows(written) if "NVIDIA" not in row} <= rows(DOCUMENT)


def test_every_licence_is_known_and_allows_commercial_use() -> None:
    groups = licences.find_origins()
    found = {each.name: each.licence for each in python_packages() if each.name in groups}
    found |= {each.file: each.licence for each in native_libraries() if each.wheel in groups}
    found |= {name: licence for name, _, licence in weight_files(ROOT / "weights")}

    assert len(found) > 150
    assert {name for name, licence in found.items() if licence == UNKNOWN} == set()
    assert {
        name for name, licence in found.items() if re.search(r"AGPL|SSPL|-NC|BUSL|Commons-Clause", licence)
    } == set()


def test_only_x264_and_x265_are_under_the_gpl_without_exception() -> None:
    alone = re.compile(r"(?<!L)GPL-\S+$")
    components = {each.component for each in native_libraries() if alone.fullmatch(each.licence)}
    packages = {each.name for each in python_packages() if alone.search(each.licence) and "LGPL" not in each.licence}

    assert components == {"x264", "x265"}
    assert packages == set()
    assert "x264 and x265 are under the GPL" in DOCUMENT


def test_what_is_said_of_pyavs_ffmpeg_is_so() -> None:
    facts = av._core.library_meta["libavcodec"]
    words = str(facts["configuration"]).split()

    assert {"--enable-libx264", "--enable-libx265", "--enable-version3"} <= set(words)
    assert not {"--enable-gpl", "--enable-nonfree"} & set(words)
    assert facts["license"] == "LGPL version 3 or later"
    assert facts["license"] in DOCUMENT


@pytest.mark.parametrize(
    ("file", "stem"),
    [
        ("libx264-d6533a8d.so.165", "x264"),
        ("libgfortran-040039e1-0352e75f.so.5.0.0", "gfortran"),
        ("libscipy_openblas64_-32a4b2a6.so", "scipy_openblas64"),
        ("libopenblasp-r0-59ffcd50.3.15.so", "openblasp"),
        ("libxcb-shape-7716c890.so.0.0.0", "xcb-shape"),
        ("libjpeg.d33e0c76.so.8", "jpeg"),
        ("libtbbbind_2_5.so.3", "tbbbind_2_5"),
    ],
)
def test_a_library_is_known_by_its_name_alone(file: str, stem: str) -> None:
    assert library_stem(file) == stem


def test_a_library_that_nobody_listed_is_unknown() -> None:
    assert native_licence("av", "rubberband") == ("rubberband", UNKNOWN)


def test_the_project_is_under_the_apache_licence() -> None:
    own = read_project()["project"]

    assert own["license"] == "Apache-2.0"
    assert own["license-files"] == ["LICENSE", "NOTICE"]
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_notice_names_every_start_that_the_cards_name() -> None:
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    cards = {name: ROOT / "weights" / f"{name}.md" for name, _, _ in weight_files(ROOT / "weights")}
    started = {
        name
        for name, card in cards.items()
        if card.is_file() and re.search(r"google-coral|ImageNet EfficientNet", card.read_text(encoding="utf-8"))
    }
    assert started
    assert {name for name in started if name not in notice} == set()
