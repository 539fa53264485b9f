"""The integrity hash on every export, and its check. A hash is no signature: whoever changes a file can hash it again.

With a key the seal also holds an HMAC-SHA256, which only who knows the key can make; whoever can check it can make it.
"""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from domain.report_files import ReportFormat
from reports.export.content import canonical

MARK = "sightline-integrity"
_MEMBER = "integrity"
_TRAILERS = {
    ReportFormat.HTML: ("<!-- ", " -->\n"),
    ReportFormat.CSV: ("# ", "\r\n"),
    ReportFormat.PDF: ("% ", "\n"),
}
_TRAILER = re.compile(
    rb"(?:<!-- |# |% )" + MARK.encode() + rb" sha256=([0-9a-f]{64})(?: hmac-sha256=([0-9a-f]{64}))?(?: -->)?(?:\r?\n)?"
)
_BOM = b"\xef\xbb\xbf"
"""What some editors write before a text."""


class Outcome(StrEnum):
    INTACT = "intact"
    CHANGED = "changed"
    NOT_SEALED = "not_sealed"
    NOT_SIGNED = "not_signed"
    """The hash fits, but there is a key to check with and nothing that was made with it: anybody may have sealed it."""


@dataclass(frozen=True, slots=True)
class Check:
    """What a file's seal shows. `signed` is None where it holds no HMAC or no key was given to check it with."""

    outcome: Outcome
    form: ReportFormat
    sha256: str = ""
    has_signature: bool = False
    signed: bool | None = None
    content: dict[str, Any] | None = None
    """The JSON export's values; None for other formats."""


def seal(content: bytes, form: ReportFormat, key: str = "") -> bytes:
    """Return a finished export with its seal as the last line."""
    digest, signature = _digests(content, key)
    before, after = _TRAILERS[form]
    signed = f" hmac-sha256={signature}" if signature else ""
    return content + f"{before}{MARK} sha256={digest}{signed}{after}".encode()


def seal_json(values: dict[str, Any], key: str = "") -> bytes:
    """Return the values as JSON with their seal as a member; blanks and the order of keys do not matter to it."""
    digest, signature = _digests(canonical(values), key)
    member = {"sha256": digest, **({"hmac_sha256": signature} if signature else {})}
    return (json.dumps({**values, _MEMBER: member}, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def check_seal(file: bytes, key: str = "") -> Check:
    """Return whether a report is as it was when it was sealed; never raises for what a file holds."""
    form = _form(file)
    if form is ReportFormat.JSON:
        return _check_json(file, key)
    found = _last_trailer(file)
    if found is None:
        return Check(Outcome.NOT_SEALED, form)
    signature = found.group(2).decode() if found.group(2) else ""
    # What follows the seal is part of what was changed.
    content = file[: found.start()] + file[found.end() :]
    return _compare_hashes(content, form, (found.group(1).decode(), signature), key)


def _last_trailer(file: bytes) -> re.Match[bytes] | None:
    """Return the last seal in a file; where it was rewritten with other line ends there may be more after it."""
    place = file.rfind(MARK.encode())
    return None if place < 0 else _TRAILER.search(file, max(0, place - len("<!-- ")))


def _check_json(file: bytes, key: str) -> Check:
    try:
        values = json.loads(file.removeprefix(_BOM), object_pairs_hook=_refuse_repeated_keys)
        member = values.pop(_MEMBER)
        claimed = (str(member["sha256"]), str(member.get("hmac_sha256", "")))
        content = canonical(values)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Check(Outcome.NOT_SEALED, ReportFormat.JSON)
    return _compare_hashes(content, ReportFormat.JSON, claimed, key, values)


def _refuse_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object whose keys are there once: of two a reader may show the one that the seal does not cover.

    What was doubled is kept as a list, so that the content differs from what was sealed.
    """
    values = dict(pairs)
    if len(values) < len(pairs):
        values["doubled"] = [key for key, _ in pairs]
    return values


def _compare_hashes(
    content: bytes, form: ReportFormat, claimed: tuple[str, str], key: str, values: dict[str, Any] | None = None
) -> Check:
    digest, signature = _digests(content, key)
    intact = hmac.compare_digest(digest.encode(), claimed[0].encode("utf-8", "replace"))
    signed = None
    if key and claimed[1]:
        signed = hmac.compare_digest(signature.encode(), claimed[1].encode("utf-8", "replace"))
    outcome = Outcome.INTACT if intact and signed is not False else Outcome.CHANGED
    if outcome is Outcome.INTACT and key and not claimed[1]:
        outcome = Outcome.NOT_SIGNED
    return Check(outcome, form, digest, bool(claimed[1]), signed, values)


def _digests(content: bytes, key: str) -> tuple[str, str]:
    signature = hmac.new(key.encode(), content, hashlib.sha256).hexdigest() if key else ""
    return hashlib.sha256(content).hexdigest(), signature


def _form(file: bytes) -> ReportFormat:
    start = file[:64].removeprefix(_BOM).lstrip().lower()
    if start.startswith(b"%pdf"):
        return ReportFormat.PDF
    if start.startswith(b"<!doctype html") or start.startswith(b"<html"):
        return ReportFormat.HTML
    return ReportFormat.JSON if start.startswith(b"{") else ReportFormat.CSV
