"""Messages of ONVIF: SOAP 1.2 envelopes, the user name token of WS-Security, and answers as trees.

An answer comes from a camera or from whoever poses as one. Entities and document types are refused: SOAP 1.2 (5) has
none.
"""

import hashlib
import secrets
from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from domain.errors import LoginRefused, SourceUnavailable
from ingest.connect.authentication import Login

DEVICE = "http://www.onvif.org/ver10/device/wsdl"
MEDIA = "http://www.onvif.org/ver10/media/wsdl"
MEDIA2 = "http://www.onvif.org/ver20/media/wsdl"
EVENTS = "http://www.onvif.org/ver10/events/wsdl"
NOTIFICATION = "http://docs.oasis-open.org/wsn/b-2"
ADDRESSING = "http://www.w3.org/2005/08/addressing"
SCHEMA = "http://www.onvif.org/ver10/schema"
ENVELOPE = "http://www.w3.org/2003/05/soap-envelope"
_SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
_UTILITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
_DIGEST = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordDigest"
_BASE64 = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"
_LOGIN_FAULTS = ("notauthorized", "failedauthentication", "senderfault.notauthorized", "invalidsecurity")
LONGEST_TEXT = 2048

NOT_ONVIF = "the answer is not ONVIF: check the port, and that ONVIF is switched on in the camera"


LOGIN_NEEDED = "the camera asks for a login: give the user and the password of an ONVIF user"


class LoginNeeded(LoginRefused):
    """The camera answers this request only with a login."""


class StaleLogin(LoginNeeded):
    """The login was answered to a challenge that is too old; the camera gave a new one."""

    def __init__(self) -> None:
        super().__init__(LOGIN_NEEDED)


def build_request(body: str, *, header: str = "") -> bytes:
    """Return an envelope around the XML of one request."""
    head = f"<s:Header>{header}</s:Header>" if header else ""
    start = f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{ENVELOPE}">'
    return f"{start}{head}<s:Body>{body}</s:Body></s:Envelope>".encode()


def build_security(login: Login, created: datetime) -> str:
    """Return the header of WS-Security with a digest of the password (UsernameToken Profile 1.0, 3.1)."""
    nonce = secrets.token_bytes(16)
    moment = f"{created:%Y-%m-%dT%H:%M:%S}.{created.microsecond // 1000:03d}Z"
    digest = hashlib.sha1(nonce + moment.encode() + login.password.encode(), usedforsecurity=False).digest()
    return (
        f'<w:Security s:mustUnderstand="1" xmlns:w="{_SECURITY}" xmlns:u="{_UTILITY}"><w:UsernameToken>'
        f"<w:Username>{escape(login.user)}</w:Username>"
        f'<w:Password Type="{_DIGEST}">{b64encode(digest).decode()}</w:Password>'
        f'<w:Nonce EncodingType="{_BASE64}">{b64encode(nonce).decode()}</w:Nonce>'
        f"<u:Created>{moment}</u:Created></w:UsernameToken></w:Security>"
    )


def parse_answer(content: bytes) -> Element:
    """Return the body of an answer.

    Raises `LoginNeeded` for a fault that asks for a login, `SourceUnavailable` for other faults and what is no SOAP.
    """
    root = parse_xml(content)
    body = root.find(f"{{{ENVELOPE}}}Body")
    if body is None:
        raise SourceUnavailable(NOT_ONVIF)
    fault = body.find(f"{{{ENVELOPE}}}Fault")
    if fault is None:
        return body
    codes = [(each.text or "").rpartition(":")[2].strip().lower() for each in fault.iter(f"{{{ENVELOPE}}}Value")]
    if any(code in _LOGIN_FAULTS for code in codes):
        raise LoginNeeded(LOGIN_NEEDED)
    raise SourceUnavailable("the camera refuses this request of ONVIF: update its firmware, or type its stream address")


def parse_xml(content: bytes) -> Element:
    """Return a document's tree. Raises `SourceUnavailable` for what is no XML or declares entities or a type."""
    try:
        root = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError):
        raise SourceUnavailable(NOT_ONVIF) from None
    assert isinstance(root, Element)
    return root


def local_name(element: Element) -> str:
    """Return an element's name without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def find_all(element: Element, name: str) -> Iterator[Element]:
    """Yield every element of this name below, in any namespace: ONVIF's two media services differ there."""
    return (each for each in element.iter() if local_name(each) == name)


def find_text(element: Element | None, *path: str) -> str:
    """Return the text at the end of a path of names below an element, "" where there is none or it is too long."""
    for name in path:
        if element is None:
            return ""
        element = next((each for each in element if local_name(each) == name), None)
    text = "" if element is None else (element.text or "").strip()
    return text if len(text) <= LONGEST_TEXT else ""


def find_number(element: Element | None, *path: str) -> int:
    """Return a whole number of at most six digits at the end of a path, 0 where there is none."""
    text = find_text(element, *path)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 0
