"""What an ONVIF camera itself says of its picture: the state of its image events, read once by three logins at most.

A pull point that is new begins with the present state of every property (ONVIF Core, 9.1 and 9.5), so one is made,
asked once and ended. Topics are those of the Imaging Service Specification.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from enum import StrEnum
from xml.etree.ElementTree import Element, tostring

from domain.errors import SourceUnavailable
from ingest.connect.authentication import Login
from ingest.connect.endpoints import Endpoint
from ingest.onvif.device import path_of_service
from ingest.onvif.session import CONVERSATION_S, DEVICE_PATH, OnvifSession
from ingest.onvif.soap import ADDRESSING, DEVICE, EVENTS, NOTIFICATION, find_all, find_text

_DEFAULT_PATH = "/onvif/event_service"
MOST_MESSAGES = 64
_MOST_PARAMETERS = 4
_LONGEST_PARAMETER = 1024
_MOST_PARTS = 8
_ACTIONS = {
    "CreatePullPointSubscription": f"{EVENTS}/EventPortType/CreatePullPointSubscriptionRequest",
    "PullMessages": f"{EVENTS}/PullPointSubscription/PullMessagesRequest",
    "Unsubscribe": "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager/UnsubscribeRequest",
}


class ImageEvent(StrEnum):
    """An event of a camera's own about its picture; the value is its name in ONVIF's topics."""

    TOO_BLURRY = "ImageTooBlurry"
    TOO_DARK = "ImageTooDark"
    TOO_BRIGHT = "ImageTooBright"
    SCENE_CHANGE = "GlobalSceneChange"
    IMPAIRED = "ImpairedVisibility"


def read_image_events(
    endpoint: Endpoint, login: Login | None = None, *, timeout_s: float = CONVERSATION_S
) -> Mapping[ImageEvent, bool]:
    """Return whether each image event that the camera knows is on now; nothing for one that has none.

    Raises `SourceUnavailable`, and `LoginRefused` for a login that is missing or wrong.
    """
    device_path = endpoint.target or DEVICE_PATH
    with OnvifSession(endpoint, login or Login(), device_path, timeout_s) as session:
        path = _find_events(session, device_path)
        create = f'<CreatePullPointSubscription xmlns="{EVENTS}">'
        create += "<InitialTerminationTime>PT1M</InitialTerminationTime></CreatePullPointSubscription>"
        made = session.ask(path, create, header=_header("CreatePullPointSubscription", path, endpoint))
        reference = next(find_all(made, "SubscriptionReference"), None)
        pull_path = path_of_service(find_text(reference, "Address"), path)
        echoed = _echo_parameters(reference)
        try:
            pull = f'<PullMessages xmlns="{EVENTS}"><Timeout>PT2S</Timeout>'
            pull += f"<MessageLimit>{MOST_MESSAGES}</MessageLimit></PullMessages>"
            said = session.ask(pull_path, pull, header=_header("PullMessages", pull_path, endpoint) + echoed)
        finally:
            # A camera has few pull points; one that cannot be ended is over after a minute.
            with suppress(SourceUnavailable):
                end = f'<Unsubscribe xmlns="{NOTIFICATION}"/>'
                session.ask(pull_path, end, header=_header("Unsubscribe", pull_path, endpoint) + echoed)
    return dict(_read_states(said))


def _find_events(session: OnvifSession, path: str) -> str:
    """Return the path of the event service on this camera."""
    request = f'<GetServices xmlns="{DEVICE}"><IncludeCapability>false</IncludeCapability></GetServices>'
    with suppress(SourceUnavailable):
        for each in find_all(session.ask_openly(path, request), "Service"):
            if find_text(each, "Namespace") == EVENTS:
                return path_of_service(find_text(each, "XAddr"), _DEFAULT_PATH)
    return _DEFAULT_PATH


def _header(name: str, path: str, endpoint: Endpoint) -> str:
    to = endpoint.url.removesuffix(endpoint.target) + path
    to = to.replace("&", "&amp;").replace("<", "&lt;")
    return f'<a:Action xmlns:a="{ADDRESSING}">{_ACTIONS[name]}</a:Action><a:To xmlns:a="{ADDRESSING}">{to}</a:To>'


def _echo_parameters(reference: Element | None) -> str:
    """Return the reference parameters as headers, by which some cameras know the subscription (WS-Addressing, 3.4)."""
    holder = None if reference is None else next(find_all(reference, "ReferenceParameters"), None)
    small = [each for each in list(holder if holder is not None else ()) if sum(1 for _ in each.iter()) <= _MOST_PARTS]
    texts = [tostring(each, encoding="unicode") for each in small[:_MOST_PARAMETERS]]
    return "".join(text for text in texts if len(text) <= _LONGEST_PARAMETER)


def _read_states(said: Element) -> Iterator[tuple[ImageEvent, bool]]:
    """Yield each image event with its state, the latest of each kind last."""
    names = {event.value: event for event in ImageEvent}
    for number, message in enumerate(find_all(said, "NotificationMessage")):
        if number >= MOST_MESSAGES:
            return
        parts = find_text(message, "Topic").rpartition(":")[2].split("/")
        event = next((names[part] for part in parts if part in names), None)
        deleted = any(each.get("PropertyOperation") == "Deleted" for each in find_all(message, "Message"))
        for item in find_all(message, "SimpleItem"):
            if event is not None and not deleted and item.get("Name") == "State":
                yield event, item.get("Value", "").strip().lower() in ("true", "1")
