"""What one ONVIF camera says of itself: who it is, and which streams it offers, by at most three logins."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape

from domain.errors import ConfigError, LoginRefused, SourceUnavailable
from domain.text.addresses import parse_address
from domain.text.camera_urls import clean_camera_url
from ingest.connect.authentication import Login
from ingest.connect.endpoints import Endpoint, parse_endpoint
from ingest.onvif.discovery import clean_reference
from ingest.onvif.session import CONVERSATION_S, DEVICE_PATH, OnvifSession
from ingest.onvif.soap import DEVICE, MEDIA, MEDIA2, SCHEMA, find_all, find_number, find_text, local_name

READABLE_CODECS = ("H264", "H265", "JPEG", "MPEG4")
_DEFAULT_PATHS = {MEDIA: "/onvif/media_service", MEDIA2: "/onvif/media2_service"}
MOST_PROFILES = 64


@dataclass(frozen=True, slots=True)
class StreamProfile:
    """One stream that a camera offers. Sizes and rates are those that its encoder is set to, 0 where it says none."""

    token: str
    name: str
    codec: str = ""
    width: int = 0
    height: int = 0
    fps: int = 0

    def describe(self) -> str:
        """Return it in a few words, such as `MainStream H264 1920x1080 25 fps`."""
        size = f"{self.width}x{self.height}" if self.width and self.height else ""
        rate = f"{self.fps} fps" if self.fps else ""
        return " ".join(part for part in (self.name or self.token, self.codec, size, rate) if part)


@dataclass(frozen=True, slots=True)
class OnvifDevice:
    """What was read of a camera."""

    endpoint: Endpoint
    identity: str = ""
    """Its endpoint reference, else maker, model and serial number; "" where it says neither."""
    maker: str = ""
    model: str = ""
    firmware: str = ""
    """Its version."""
    serial: str = ""
    profiles: tuple[StreamProfile, ...] = ()
    """Streams it offers."""
    chosen: StreamProfile | None = None
    """The one to watch; None where none fits."""
    url: str = ""
    """Address of the chosen stream, without a login."""


def read_device(
    endpoint: Endpoint,
    login: Login | None = None,
    *,
    reference: str = "",
    profile: str = "",
    timeout_s: float = CONVERSATION_S,
) -> OnvifDevice:
    """Return what a camera says of itself and the address of one of its streams.

    `profile` names the stream by its name or token, else it is the largest that Sightline reads. `reference` is what
    discovery heard. Raises `SourceUnavailable`, and `LoginRefused` for a login that is missing or wrong.
    """
    path = endpoint.target or DEVICE_PATH
    with OnvifSession(endpoint, login or Login(), path, timeout_s) as session:
        known = reference or _read_reference(session, path)
        service, media_path = _find_media(session, path)
        profiles = _read_profiles(session.ask(media_path, _profiles_request(service)))
        chosen = choose_profile(profiles, profile)
        url = _read_stream(session, media_path, service, chosen, endpoint)
        facts = _read_information(session, path)
    maker, model, firmware, serial = facts
    identity = known or (f"serial:{maker}/{model}/{serial}".lower()[:120] if serial else "")
    return OnvifDevice(endpoint, identity, maker, model, firmware, serial, profiles, chosen, url)


def _read_reference(session: OnvifSession, path: str) -> str:
    """Return the endpoint reference of a camera that no probe reached."""
    with suppress(SourceUnavailable):
        said = session.ask_openly(path, f'<GetEndpointReference xmlns="{DEVICE}"/>')
        return clean_reference(next((find_text(each) for each in find_all(said, "GUID")), ""))
    return ""


def _find_media(session: OnvifSession, path: str) -> tuple[str, str]:
    """Return the newest media service and its path on this camera, wherever its address says that it is."""
    request = f'<GetServices xmlns="{DEVICE}"><IncludeCapability>false</IncludeCapability></GetServices>'
    with suppress(SourceUnavailable):
        answer = session.ask_openly(path, request)
        found = {find_text(each, "Namespace"): find_text(each, "XAddr") for each in find_all(answer, "Service")}
        for service in (MEDIA2, MEDIA):
            if service in found:
                return service, path_of_service(found[service], _DEFAULT_PATHS[service])
    with suppress(SourceUnavailable):
        answer = session.ask_openly(
            path, f'<GetCapabilities xmlns="{DEVICE}"><Category>Media</Category></GetCapabilities>'
        )
        for each in find_all(answer, "Media"):
            return MEDIA, path_of_service(find_text(each, "XAddr"), _DEFAULT_PATHS[MEDIA])
    return MEDIA, _DEFAULT_PATHS[MEDIA]


def path_of_service(address: str, default: str) -> str:
    """Return the path of a service on the camera, wherever its address says that it is."""
    try:
        return parse_endpoint(address).target or default
    except SourceUnavailable:
        return default


def _profiles_request(service: str) -> str:
    types = "<Type>VideoEncoder</Type>" if service == MEDIA2 else ""
    return f'<GetProfiles xmlns="{service}">{types}</GetProfiles>'


def _read_profiles(answer: Element) -> tuple[StreamProfile, ...]:
    found: dict[str, StreamProfile] = {}
    for each in find_all(answer, "Profiles"):
        token = each.get("token", "")
        if token and len(token) <= 64 and len(found) < MOST_PROFILES:
            found.setdefault(token, _read_profile(each, token))
    return tuple(found.values())


def _read_profile(element: Element, token: str) -> StreamProfile:
    encoder = next(
        (each for each in element.iter() if local_name(each) in ("VideoEncoderConfiguration", "VideoEncoder")), None
    )
    return StreamProfile(
        token=token,
        name=_plain(find_text(element, "Name")),
        codec=_plain(find_text(encoder, "Encoding")).upper(),
        width=find_number(encoder, "Resolution", "Width"),
        height=find_number(encoder, "Resolution", "Height"),
        fps=int(_float(find_text(encoder, "RateControl", "FrameRateLimit"))),
    )


def _float(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if 0 <= value <= 1000 else 0.0


def choose_profile(profiles: Sequence[StreamProfile], wanted: str = "") -> StreamProfile:
    """Return the profile of this name or token, else the largest picture that Sightline reads.

    Raises `SourceUnavailable` where there is none.
    """
    if wanted:
        named = [each for each in profiles if wanted.lower() in (each.name.lower(), each.token.lower())]
        if named:
            return named[0]
    else:
        read = [each for each in profiles if not each.codec or each.codec in READABLE_CODECS]
        if read:
            return max(read, key=lambda each: each.width * each.height)
    there = "; ".join(each.describe() for each in profiles) or "none"
    what = f"no stream '{wanted}'" if wanted else "no stream of video that Sightline reads"
    raise SourceUnavailable(f"the camera offers {what}; its streams are: {there}")


def _read_stream(session: OnvifSession, path: str, service: str, chosen: StreamProfile, device: Endpoint) -> str:
    token = escape(chosen.token)
    if service == MEDIA2:
        wanted = f"<Protocol>RTSP</Protocol><ProfileToken>{token}</ProfileToken>"
        body = f'<GetStreamUri xmlns="{MEDIA2}">{wanted}</GetStreamUri>'
    else:
        body = (
            f'<GetStreamUri xmlns="{MEDIA}"><StreamSetup><Stream xmlns="{SCHEMA}">RTP-Unicast</Stream>'
            f'<Transport xmlns="{SCHEMA}"><Protocol>RTSP</Protocol></Transport></StreamSetup>'
            f"<ProfileToken>{token}</ProfileToken></GetStreamUri>"
        )
    answer = session.ask(path, body)
    return check_stream_address(next((find_text(each) for each in find_all(answer, "Uri")), ""), device)


def check_stream_address(address: str, device: Endpoint) -> str:
    """Return the address of a stream, without a login. It must lead to the camera itself: `SourceUnavailable` else."""
    parsed = parse_address(address)
    if parsed is None or parsed.scheme.lower() not in ("rtsp", "rtsps"):
        raise SourceUnavailable("the camera names no address of a stream: type its stream address")
    stream = parse_endpoint(f"{parsed.scheme}://{parsed.host}{parsed.rest}")
    if stream.host != device.host:
        raise SourceUnavailable(
            f"the camera says that its stream is at another host ({stream.authority}): "
            "if that is meant, add the camera by that address"
        )
    try:
        return clean_camera_url(f"{stream.scheme}://{parsed.host}{parsed.rest}", where="stream")
    except ConfigError:
        raise SourceUnavailable("the camera names an address of a stream that cannot be read: type it") from None


def _read_information(session: OnvifSession, path: str) -> tuple[str, str, str, str]:
    """Return maker, model, firmware and serial number; "" each where the camera does not say, or no login is left."""
    try:
        said = session.ask(path, f'<GetDeviceInformation xmlns="{DEVICE}"/>')
    except (LoginRefused, SourceUnavailable):
        return "", "", "", ""
    answer = next(find_all(said, "GetDeviceInformationResponse"), None)
    names = ("Manufacturer", "Model", "FirmwareVersion", "SerialNumber")
    maker, model, firmware, serial = (_plain(find_text(answer, name)) for name in names)
    return maker, model, firmware, serial


def _plain(text: str) -> str:
    """Return a short visible line of what a camera says."""
    return "".join(each for each in " ".join(text.split()) if each.isprintable())[:60]
