"""Cameras that a file names, what it says about each, and what importing them would change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from domain.camera_changes import CameraEdit, describe_change, keep_login, values_of
from domain.cameras import Camera
from domain.errors import ConfigError
from domain.text.addresses import HIDDEN
from domain.text.camera_urls import clean_camera_url


@dataclass(frozen=True, slots=True)
class ImportedCamera:
    """A camera of a file, as it is where it is new; `edit` puts what the file says onto a known one, but the address.

    What the file does not say about a known camera stays.
    """

    camera: Camera
    edit: CameraEdit

    def merge(self, known: Camera | None) -> Camera:
        """Return the camera as it will be. Raises `ConfigError` where `***` replaces a login that is not known."""
        url = self.camera.url
        if HIDDEN in url:
            where = f"camera '{self.camera.name}', url"
            if known is None:
                raise ConfigError(f"{where}: type the login; it is hidden here, and no such camera is known")
            url = clean_camera_url(keep_login(url, known.url, where=where), where=where)
        return replace(self.camera if known is None else self.edit(known), url=url)


@dataclass(frozen=True, slots=True)
class CameraFile:
    """What was read: cameras, what is wrong (nothing is imported then), and what was left out with the reason."""

    cameras: tuple[ImportedCamera, ...]
    problems: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """A camera before and after an import; `before` is None where it is new."""

    source: ImportedCamera
    before: Camera | None
    after: Camera

    @property
    def verb(self) -> str:
        """Return add, change or keep."""
        return "add" if self.before is None else "keep" if self.before == self.after else "change"

    def describe(self) -> str:
        """Return what changes in one line without secrets, "" where nothing does."""
        after = values_of(self.after)
        if self.before is None:
            plain = values_of(Camera(self.after.name, self.after.url))
            more = describe_change(plain, after)
            return f"{after['address']}; {more}" if more else str(after["address"])
        before = values_of(self.before)
        hidden = self.before.url != self.after.url and before["address"] == after["address"]
        return describe_change(before, after, hidden=hidden)


def plan_import(cameras: Iterable[ImportedCamera], known: Mapping[str, Camera]) -> tuple[PlannedChange, ...]:
    """Return what each camera of a file changes. Raises `ConfigError` that names every camera that cannot be merged."""
    planned, wrong = [], []
    for each in cameras:
        before = known.get(each.camera.name)
        try:
            planned.append(PlannedChange(each, before, each.merge(before)))
        except ConfigError as error:
            wrong.append(str(error))
    if wrong:
        raise ConfigError("\n".join(wrong))
    return tuple(planned)


def keep_hidden_login(url: str, *, where: str) -> str:
    """Return an address as it is opened; one with `***` as it was typed, until the known login takes its place."""
    return url.strip() if HIDDEN in url else clean_camera_url(url, where=where)
