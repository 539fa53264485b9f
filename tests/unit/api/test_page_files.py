"""The page's files are asked for once for each version, compressed, and in one step."""

import gzip
import re
import shutil
from pathlib import Path

import httpx
import pytest

from api.page_files import PageFiles
from api.routes.page import _PAGE_FOLDER
from tests.unit.api.conftest import Caller

STATIC_IMPORT = re.compile(r'\bfrom\s+"(\.[^"]+)"')


def address_of(page: httpx.Response, name: str) -> str:
    """Return the address under which the page names one of its files."""
    (found,) = set(re.findall(rf'"(/static/[0-9a-f]{{16}}/{re.escape(name)})"', page.text))
    return str(found)


def test_a_file_that_the_page_names_is_kept_for_ever(api: Caller) -> None:
    page = api.get("/")
    assert page.headers["cache-control"] == "no-store"
    for name in ("app.js", "page.css", "icon.svg"):
        answer = api.get(address_of(page, name))
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"


def test_a_file_of_another_version_or_of_none_is_asked_for_again(api: Caller) -> None:
    for path in ("/static/app.js", f"/static/{'0' * 16}/app.js"):
        answer = api.get(path)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")
        same = api.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert (same.status_code, same.content) == (304, b"")


def test_text_is_compressed_for_whoever_takes_it(api: Caller) -> None:
    packed = api.get("/static/texts.js", headers={"Accept-Encoding": "gzip"})
    plain = api.get("/static/texts.js", headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content == (_PAGE_FOLDER / "texts.js").read_bytes()
    assert int(packed.headers["content-length"]) < len(plain.content) / 2
    assert {packed.headers["vary"], plain.headers["vary"]} == {"Accept-Encoding"}


def test_another_content_is_another_version(tmp_path: Path) -> None:
    folder = tmp_path / "page"
    shutil.copytree(_PAGE_FOLDER, folder)
    assert PageFiles(folder).version == PageFiles(_PAGE_FOLDER).version
    (folder / "views" / "audit.js").write_bytes(b"// changed\n")
    assert PageFiles(folder).version != PageFiles(_PAGE_FOLDER).version


@pytest.mark.parametrize(("path", "view"), [("/", "views/wall.js"), ("/incidents", "app.js")])
def test_the_page_names_every_script_that_its_first_ones_import(api: Caller, path: str, view: str) -> None:
    page = api.get(path)
    hinted = re.findall(r'rel="modulepreload" href="/static/[0-9a-f]+/([^"]+)"', page.text)
    assert len(hinted) == len(set(hinted))
    waiting, needed = ["app.js", view], set()
    while waiting:
        script = waiting.pop()
        if script in needed:
            continue
        needed.add(script)
        place = _PAGE_FOLDER / script
        imported = STATIC_IMPORT.findall(place.read_text(encoding="utf-8"))
        waiting += [(place.parent / name).resolve().relative_to(_PAGE_FOLDER).as_posix() for name in imported]
    assert set(hinted) == needed


def test_one_style_sheet_holds_them_all(api: Caller) -> None:
    text = api.get(address_of(api.get("/"), "page.css")).text
    for path in _PAGE_FOLDER.rglob("*.css"):
        assert path.read_text(encoding="utf-8") in text


@pytest.mark.parametrize(
    "path", ["", "nothing.js", "views", "views/", "../app.py", "%2e%2e/app.py", "/app.js", "app.js/", "a/b/c"]
)
def test_what_is_no_file_is_not_found(api: Caller, path: str) -> None:
    assert api.get(f"/static/{path}").status_code == 404
    assert api.get(f"/static/{'0' * 16}/{path}").status_code == 404


def test_nothing_is_written_there(api: Caller) -> None:
    assert api.send("POST", "/static/app.js", json={}).status_code == 403
    assert api.send("OPTIONS", "/static/app.js").status_code in (403, 405)
    head = api.send("HEAD", "/static/app.js")
    assert (head.status_code, head.content) == (200, b"")


def test_a_file_that_is_sent_compressed_is_the_file() -> None:
    files = PageFiles(_PAGE_FOLDER)._files
    assert {path.relative_to(_PAGE_FOLDER).as_posix() for path in _PAGE_FOLDER.rglob("*") if path.is_file()} < set(
        files
    )
    for file in files.values():
        assert not file.packed or gzip.decompress(file.packed) == file.content
