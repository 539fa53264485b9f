"""What cameras that were found in the network change in Sightline: new ones, and known ones at another address. Pure.

A camera says itself who it is, and anybody can say so. So a known camera's login never goes to a new address: the
operator types it again. Where two claim one identity, neither is believed.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from domain.cameras import Camera
from domain.errors import ConfigError
from domain.text.addresses import parse_address
from domain.text.camera_urls import clean_camera_url
from domain.text.names import MAX_NAME_LENGTH, clean_label, clean_name
from sightline.config.imported_cameras import CameraFile, ImportedCamera


@dataclass(frozen=True, slots=True)
class FoundCamera:
    """A camera that was found and read. `url` is its stream without a login; `user` and `password` opened it."""

    host: str
    url: str
    name: str = ""
    identity: str = ""
    user: str = ""
    password: str = ""


def plan_discovered(found: Sequence[FoundCamera], known: Mapping[str, Camera], place: Camera) -> CameraFile:
    """Return what the cameras found add or change; `place` gives site and group of new ones.

    What is left out has its reason in `skipped`.
    """
    claimed = Counter(each.identity for each in found if each.identity)
    owners = _owners(known.values())
    hosts = Counter(_host(camera) for camera in known.values())
    cameras: list[ImportedCamera] = []
    skipped: list[str] = []
    taken = set(known)
    for each in found:
        try:
            owner = _find_owner(each, claimed, owners, known.values(), hosts)
            camera = _new(each, place, taken) if owner is None else _update_known(each, owner)
        except ConfigError as error:
            skipped.append(f"{each.host}: {error}")
            continue
        taken.add(camera.camera.name)
        cameras.append(camera)
    return CameraFile(tuple(cameras), (), tuple(skipped))


def _owners(known: Iterable[Camera]) -> dict[str, list[Camera]]:
    owners: dict[str, list[Camera]] = {}
    for camera in known:
        if camera.device:
            owners.setdefault(camera.device, []).append(camera)
    return owners


def _find_owner(
    found: FoundCamera,
    claimed: Counter[str],
    owners: Mapping[str, Sequence[Camera]],
    known: Iterable[Camera],
    hosts: Counter[str],
) -> Camera | None:
    """Return the known camera that this one is, None where it is new. Raises `ConfigError` where that is uncertain."""
    same = owners.get(device_label(found.identity), ()) if found.identity else ()
    here = [camera for camera in same if _host(camera) == found.host]
    if len(here) == 1:
        return here[0]
    if found.identity and claimed[found.identity] > 1:
        raise ConfigError("another camera says that it is the same device; look which of them is yours")
    if len(same) > 1:
        raise ConfigError(f"{len(same)} cameras of Sightline are this device; correct their addresses by hand")
    if same:
        return same[0]
    at_host = [camera for camera in known if _host(camera) == found.host]
    if not at_host:
        return None
    if hosts[found.host] > 1 or at_host[0].device:
        names = ", ".join(sorted(camera.name for camera in at_host)[:3])
        raise ConfigError(f"there are cameras at this address already ({names}); change them by hand")
    return at_host[0]


def _update_known(found: FoundCamera, owner: Camera) -> ImportedCamera:
    url = owner.url if _host(owner) == found.host else _address_at_new_host(owner, found)
    device = device_label(found.identity) or owner.device

    def edit(camera: Camera) -> Camera:
        return replace(camera, device=device)

    return ImportedCamera(replace(edit(owner), url=url), edit)


def _address_at_new_host(owner: Camera, found: FoundCamera) -> str:
    """Return the known stream at the new host, with the login that was typed now."""
    old, new = parse_address(owner.url), parse_address(found.url)
    if old is None or new is None:
        raise ConfigError(f"is '{owner.name}' at a new address; change it by hand")
    if old.login is not None and not found.user:
        raise ConfigError(
            f"is '{owner.name}' at a new address; give its login: it is sent to a new address only when you give it"
        )
    port = f":{old.port}" if old.port else ""
    return _with_login(f"{old.scheme}://{_bracket(found.host)}{port}{old.rest}", found)


def _new(found: FoundCamera, place: Camera, taken: set[str]) -> ImportedCamera:
    camera = replace(
        place,
        name=_choose_name(found, taken),
        url=_with_login(found.url, found),
        device=device_label(found.identity),
    )
    return ImportedCamera(camera, lambda known: known)


def _choose_name(found: FoundCamera, taken: set[str]) -> str:
    """Return the camera's own name where it can be one and is free, else with its address, else a number."""
    own = "".join(each if each.isalnum() or each in " ._-" else " " for each in found.name)
    own = " ".join(own.split())[: MAX_NAME_LENGTH - 50]
    try:
        own = clean_name(own) if own else ""
    except ConfigError:
        own = ""
    address = found.host.replace(":", "-").strip("-")
    for name in (own, f"{own} {address}" if own else f"camera {address}"):
        if name and name not in taken:
            return name
    number = next(number for number in range(2, len(taken) + 3) if f"camera {address} {number}" not in taken)
    return f"camera {address} {number}"


def _with_login(url: str, found: FoundCamera) -> str:
    address = parse_address(url)
    if address is None or not found.user:
        return clean_camera_url(url, where="stream")
    login = f"{quote(found.user, safe='')}:{quote(found.password, safe='')}"
    return clean_camera_url(f"{address.scheme}://{login}@{address.host}{address.rest}", where="stream")


def device_label(identity: str) -> str:
    """Return an identity as it is kept with a camera, "" where it cannot be."""
    try:
        return clean_label(identity, where="device")
    except ConfigError:
        return ""


def _host(camera: Camera) -> str:
    address = parse_address(camera.url)
    return "" if address is None else address.hostname.strip("[]").lower()


def _bracket(host: str) -> str:
    return f"[{host}]" if ":" in host else host
