"""The page's own files, read once: each address names what is in them, so that a browser asks once for each version.

`/static/VERSION/...` may be kept for ever; `/static/...` is asked for again each time. Text is sent compressed.
"""

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from posixpath import normpath

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from api.content_coding import accepts_gzip

_STATIC = "/static/"
_STYLES = ("style.css", "wall.css", "camera.css", "acts.css", "vendor/uplot/uplot.css")
_ALL_STYLES = "page.css"
"""Every style sheet in one: the first paint waits for one answer, not for five."""
_FOR_EVER = "private, max-age=31536000, immutable"
_VERSION_LENGTH = 16
_VERSION = re.compile(rf"[0-9a-f]{{{_VERSION_LENGTH}}}")
_IMPORT = re.compile(r'^(?:import|export)\b[^;"]*?"(\.[^"]+)";', re.MULTILINE)
_SMALLEST_COMPRESSED = 500
"""Bytes; what is smaller fits one packet either way."""
_WALL_ADDRESSES = ("/", "/cameras", "/cameras/")


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file as it is sent: `packed` is it compressed, or b"" where that is not worth it."""

    content: bytes
    packed: bytes
    media_type: str
    etag: str


class PageFiles:
    """Serves a folder's files from memory as an ASGI application, and the page that asks for them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _files(self) -> Mapping[str, PageFile]:
        paths = sorted(path for path in self._folder.rglob("*") if path.is_file())
        found = {path.relative_to(self._folder).as_posix(): path.read_bytes() for path in paths}
        found[_ALL_STYLES] = b"\n".join(found[name] for name in _STYLES)
        return {name: _read(name, content) for name, content in found.items()}

    @cached_property
    def version(self) -> str:
        """What the files hold, in short; another content is another version."""
        digest = hashlib.sha256()
        for name, file in self._files.items():
            digest.update(f"{name} {file.etag}\n".encode())
        return digest.hexdigest()[:_VERSION_LENGTH]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            raise HTTPException(405)
        path = self._path_of(scope)
        first, _, rest = path.partition("/")
        file = self._files.get(rest if _VERSION.fullmatch(first) else path)
        if file is None:
            raise HTTPException(404)
        # A page that was opened before an update gets today's file under its old address, which must not be kept.
        kept = first == self.version
        await _answer(file, Headers(scope=scope), kept=kept)(scope, receive, send)

    @staticmethod
    def _path_of(scope: Scope) -> str:
        """Return the path below the mount; nothing leads out of it, for only names that were read are answered."""
        path: str = scope["path"].removeprefix(scope.get("root_path", ""))
        return path.removeprefix("/")

    def page(self, path: str) -> HTMLResponse:
        """Return the page for an address, with the scripts named that it needs first: none waits for another's text."""
        return HTMLResponse(self._wall if path in _WALL_ADDRESSES else self._other)

    @cached_property
    def _wall(self) -> str:
        return self._document("app.js", "views/wall.js")

    @cached_property
    def _other(self) -> str:
        return self._document("app.js")

    def _document(self, *scripts: str) -> str:
        text = (self._folder / "index.html").read_text(encoding="utf-8")
        names = dict.fromkeys(name for script in scripts for name in self._imported(script))
        hints = "\n    ".join(f'<link rel="modulepreload" href="{_STATIC}{name}">' for name in names)
        return text.replace("<!-- scripts -->", hints).replace(f'"{_STATIC}', f'"{_STATIC}{self.version}/')

    def _imported(self, script: str) -> Iterator[str]:
        """Give a script and all that it imports at once, each once, in the order in which they are met."""
        waiting, seen = [script], set()
        while waiting:
            name = waiting.pop(0)
            if name in seen:
                continue
            seen.add(name)
            yield name
            text = self._files[name].content.decode()
            waiting += [normpath(str(PurePosixPath(name).parent / found)) for found in _IMPORT.findall(text)]


def _read(name: str, content: bytes) -> PageFile:
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    text = media_type.startswith("text/") or name.endswith((".js", ".svg"))
    packed = gzip.compress(content, 9, mtime=0) if text and len(content) >= _SMALLEST_COMPRESSED else b""
    return PageFile(content, packed, media_type, f'"{hashlib.sha256(content).hexdigest()[:32]}"')


def _answer(file: PageFile, asked: Headers, *, kept: bool) -> Response:
    headers = {"Cache-Control": _FOR_EVER if kept else "no-cache", "ETag": file.etag, "Vary": "Accept-Encoding"}
    if asked.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    packed = bool(file.packed) and accepts_gzip(asked.get("accept-encoding", ""))
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Response(file.packed if packed else file.content, headers=headers, media_type=file.media_type)
