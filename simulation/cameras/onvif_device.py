"""An ONVIF camera that does not exist: it answers probes and SOAP requests on loopback, and records who asked what."""

import hashlib
import re
import socket
import ssl
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.etree import ElementTree
from xml.sax.saxutils import escape

Answer = bytes | Callable[[BaseHTTPRequestHandler], None]
"""The bytes of an answer's body, or what writes a whole answer of another kind."""

_ENVELOPE = "http://www.w3.org/2003/05/soap-envelope"
_DEVICE = "http://www.onvif.org/ver10/device/wsdl"
_EVENTS = "http://www.onvif.org/ver10/events/wsdl"
_SCHEMA = "http://www.onvif.org/ver10/schema"
_OPERATION = re.compile(rb"<(?:s:)?Body><(\w{1,80})")
_OPEN = frozenset({"GetSystemDateAndTime", "GetServices", "GetCapabilities", "GetEndpointReference"})
"""What a camera answers without a login (ONVIF Core, 5.12.1: PRE_AUTH)."""

_CHALLENGES = {
    "digest": 'Digest realm="onvif", nonce="nonce1", qop="auth", algorithm=MD5',
    "basic": 'Basic realm="onvif"',
}


@dataclass(frozen=True)
class SimulatedProfile:
    """One stream of a simulated camera."""

    token: str
    codec: str = "H264"
    width: int = 1920
    height: int = 1080
    fps: int = 25


@dataclass
class OnvifRecord:
    """What a simulated camera saw."""

    operations: list[str] = field(default_factory=list)
    logins: int = 0
    """Requests that carried a login."""
    refused: int = 0
    sessions: int = 0
    """Connections open now."""
    most_sessions: int = 0
    connections: int = 0
    passwords_in_clear: int = 0
    probes: int = 0


@dataclass
class SimulatedOnvif:
    """Settings of a simulated camera; `answers` replaces what it says to an operation, `shift` is its clock's error.

    `login_kind`: "" (open), "token" (WS-Security), "digest" or "basic" (HTTP; the last takes no login).
    """

    profiles: tuple[SimulatedProfile, ...] = (SimulatedProfile("main"), SimulatedProfile("sub", "H264", 640, 360, 15))
    user: str = "operator"
    password: str = "secret"
    login_kind: str = "token"
    reference: str = "urn:uuid:2419d68a-2dd2-21b2-a205-4c11ae01c0de"
    serial: str = "4C11AE01C0DE"
    name: str = "Gate"
    media2: bool = True
    locks_open_requests: bool = False
    closes_silently: bool = False
    """Ends each connection after one answer, without saying so."""
    shift: timedelta = timedelta(0)
    stream_host: str = ""
    service_host: str = ""
    image_events: Mapping[str, bool] = field(default_factory=dict)
    """What it says of its picture, such as `ImageTooDark`."""
    pull_host: str = ""
    """The host that it names for its pull points."""
    answers: Mapping[str, Answer] = field(default_factory=dict)
    record: OnvifRecord = field(default_factory=OnvifRecord)
    port: int = 0
    host: str = "127.0.0.1"
    tls: ssl.SSLContext | None = None

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://{self.host}:{self.port}/onvif/device_service"

    def answer(self, operation: str) -> str:
        """Return the body of the answer to an operation."""
        found = getattr(self, f"_answer_{operation.lower()}", None)
        return str(found()) if found is not None else ""

    def _answer_getsystemdateandtime(self) -> str:
        now = datetime.now(UTC) + self.shift
        return (
            f'<r:GetSystemDateAndTimeResponse xmlns:r="{_DEVICE}" xmlns:t="{_SCHEMA}"><r:SystemDateAndTime>'
            f"<t:UTCDateTime><t:Time><t:Hour>{now.hour}</t:Hour><t:Minute>{now.minute}</t:Minute>"
            f"<t:Second>{now.second}</t:Second></t:Time><t:Date><t:Year>{now.year}</t:Year>"
            f"<t:Month>{now.month}</t:Month><t:Day>{now.day}</t:Day></t:Date></t:UTCDateTime>"
            "</r:SystemDateAndTime></r:GetSystemDateAndTimeResponse>"
        )

    def _answer_getservices(self) -> str:
        host = self.service_host or f"{self.host}:{self.port}"
        services = [("http://www.onvif.org/ver10/media/wsdl", "media1")]
        services += [("http://www.onvif.org/ver20/media/wsdl", "media2")] if self.media2 else []
        services.append((_EVENTS, "event_service"))
        said = "".join(
            f"<r:Service><r:Namespace>{space}</r:Namespace><r:XAddr>http://{host}/onvif/{path}</r:XAddr></r:Service>"
            for space, path in services
        )
        return f'<r:GetServicesResponse xmlns:r="{_DEVICE}">{said}</r:GetServicesResponse>'

    def _answer_createpullpointsubscription(self) -> str:
        host = self.pull_host or f"{self.host}:{self.port}"
        return (
            f'<e:CreatePullPointSubscriptionResponse xmlns:e="{_EVENTS}" xmlns:a="urn:a"><e:SubscriptionReference>'
            f"<a:Address>http://{host}/onvif/pull?Idx=7</a:Address>"
            '<a:ReferenceParameters><s:SubscriptionId xmlns:s="urn:s">seven</s:SubscriptionId></a:ReferenceParameters>'
            "</e:SubscriptionReference></e:CreatePullPointSubscriptionResponse>"
        )

    def _answer_pullmessages(self) -> str:
        said = "".join(
            f'<n:NotificationMessage xmlns:n="urn:n"><n:Topic>tns1:VideoSource/{name}/ImagingService</n:Topic>'
            "<n:Message>"
            f'<t:Message xmlns:t="{_SCHEMA}" PropertyOperation="Initialized"><t:Source>'
            '<t:SimpleItem Name="Source" Value="0"/></t:Source><t:Data>'
            f'<t:SimpleItem Name="State" Value="{str(state).lower()}"/></t:Data></t:Message></n:Message>'
            "</n:NotificationMessage>"
            for name, state in self.image_events.items()
        )
        return f'<e:PullMessagesResponse xmlns:e="{_EVENTS}">{said}</e:PullMessagesResponse>'

    def _answer_unsubscribe(self) -> str:
        return '<n:UnsubscribeResponse xmlns:n="urn:n"/>'

    def _answer_getendpointreference(self) -> str:
        said = f"<r:GUID>{escape(self.reference)}</r:GUID>"
        return f'<r:GetEndpointReferenceResponse xmlns:r="{_DEVICE}">{said}</r:GetEndpointReferenceResponse>'

    def _answer_getprofiles(self) -> str:
        said = "".join(map(self._profile, self.profiles))
        return f'<r:GetProfilesResponse xmlns:r="urn:m">{said}</r:GetProfilesResponse>'

    def _profile(self, profile: SimulatedProfile) -> str:
        encoder = (
            f"<t:Encoding>{profile.codec}</t:Encoding><t:Resolution><t:Width>{profile.width}</t:Width>"
            f"<t:Height>{profile.height}</t:Height></t:Resolution>"
            f"<t:RateControl><t:FrameRateLimit>{profile.fps}</t:FrameRateLimit></t:RateControl>"
        )
        place = "r:Configurations><r:VideoEncoder" if self.media2 else "t:VideoEncoderConfiguration"
        end = "r:VideoEncoder></r:Configurations" if self.media2 else "t:VideoEncoderConfiguration"
        return (
            f'<r:Profiles xmlns:t="{_SCHEMA}" token="{profile.token}"><t:Name>{profile.token} stream</t:Name>'
            f"<{place}>{encoder}</{end}></r:Profiles>"
        )

    def _answer_getstreamuri(self) -> str:
        host = self.stream_host or f"{self.host}:554"
        return f'<r:GetStreamUriResponse xmlns:r="urn:m"><r:Uri>rtsp://{host}/main?a=1&amp;b=2</r:Uri></r:GetStreamUriResponse>'

    def _answer_getdeviceinformation(self) -> str:
        said = (
            "<r:Manufacturer>Sightline</r:Manufacturer><r:Model>Pretended</r:Model>"
            f"<r:FirmwareVersion>1.0</r:FirmwareVersion><r:SerialNumber>{self.serial}</r:SerialNumber>"
        )
        return f'<r:GetDeviceInformationResponse xmlns:r="{_DEVICE}">{said}</r:GetDeviceInformationResponse>'

    def is_token_right(self, request: bytes) -> bool:
        """Return whether a request's WS-Security token is that of the user, and no older than five seconds."""
        texts = {each.tag.rpartition("}")[2]: each.text or "" for each in ElementTree.fromstring(request).iter()}
        if "UsernameToken" not in texts:
            return False
        user, password, nonce = texts["Username"], texts["Password"], texts["Nonce"]
        created = texts["Created"].encode()
        digest = hashlib.sha1(b64decode(nonce) + created + self.password.encode(), usedforsecurity=False).digest()
        age = datetime.now(UTC) + self.shift - datetime.fromisoformat(created.decode())
        fresh = abs(age) < timedelta(seconds=5)
        return fresh and user == self.user and password == b64encode(digest).decode()


@contextmanager
def serve_onvif(device: SimulatedOnvif) -> Iterator[SimulatedOnvif]:
    """Answer SOAP requests on a free port while the block runs."""
    lock = threading.Lock()

    class _DeviceHandler(_OnvifHandler):
        simulated = device
        guard = lock

    with ThreadingHTTPServer((device.host, 0), _DeviceHandler) as server:
        server.daemon_threads = True
        device.port = int(server.server_address[1])
        if device.tls is not None:
            server.socket = device.tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield device
        finally:
            server.shutdown()


class _OnvifHandler(BaseHTTPRequestHandler):
    simulated: SimulatedOnvif
    guard: threading.Lock
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        return

    def handle(self) -> None:
        record = self.simulated.record
        with self.guard:
            record.sessions += 1
            record.connections += 1
            record.most_sessions = max(record.most_sessions, record.sessions)
        try:
            with suppress(OSError):
                super().handle()
        finally:
            with self.guard:
                record.sessions -= 1

    def do_POST(self) -> None:
        device, record = self.simulated, self.simulated.record
        request = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        found = _OPERATION.search(request)
        operation = found[1].decode() if found is not None else ""
        with self.guard:
            record.operations.append(operation)
            carries = b"Security" in request or "Authorization" in self.headers
            record.logins += carries
            record.passwords_in_clear += self.headers.get("Authorization", "").lower().startswith("basic")
        if (operation not in _OPEN or device.locks_open_requests) and not self._is_logged_in(request):
            with self.guard:
                record.refused += carries
            self._refuse()
            return
        own = device.answers.get(operation)
        if callable(own):
            own(self)
            return
        self.write_answer(own if own is not None else wrap_answer(device.answer(operation)))

    def _is_logged_in(self, request: bytes) -> bool:
        device = self.simulated
        if device.login_kind == "token":
            return device.is_token_right(request)
        if device.login_kind == "digest":
            return self._is_digest_right()
        return device.login_kind == ""

    def _is_digest_right(self) -> bool:
        given = dict(re.findall(r'(\w{1,40})="?([^",]{1,200})"?', self.headers.get("Authorization", "")))
        if given.get("username") != self.simulated.user:
            return False

        def hash_text(text: str) -> str:
            return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

        secret = hash_text(f"{self.simulated.user}:onvif:{self.simulated.password}")
        parts = (secret, "nonce1", given.get("nc", ""), given.get("cnonce", ""), "auth", hash_text(f"POST:{self.path}"))
        return given.get("response") == hash_text(":".join(parts))

    def _refuse(self) -> None:
        challenge = _CHALLENGES.get(self.simulated.login_kind)
        if challenge is not None:
            self.send_response(401)
            self.send_header("WWW-Authenticate", challenge)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        fault = (
            "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode>"
            "<s:Value>ter:NotAuthorized</s:Value></s:Subcode></s:Code></s:Fault>"
        )
        self.write_answer(wrap_answer(fault), status=400)

    def write_answer(self, content: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/soap+xml")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = self.simulated.closes_silently


def wrap_answer(body: str) -> bytes:
    """Return an envelope around an answer."""
    return f'<?xml version="1.0"?><s:Envelope xmlns:s="{_ENVELOPE}"><s:Body>{body}</s:Body></s:Envelope>'.encode()


@contextmanager
def answer_probes(
    devices: list[SimulatedOnvif], *, content: Callable[[str], list[bytes]] | None = None
) -> Iterator[int]:
    """Answer each probe to a free UDP port on loopback for these cameras while the block runs, and give the port.

    `content` makes other datagrams of a probe's id.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])

        def serve() -> None:
            while True:
                try:
                    probe, sender = listener.recvfrom(65535)
                except OSError:
                    return
                found = re.search(rb"MessageID>([^<]{0,200})<", probe)
                if found is None:
                    return
                for each in devices:
                    each.record.probes += 1
                answers = content or (lambda message_id: [match_probe(each, message_id) for each in devices])
                for answer in answers(found[1].decode()):
                    listener.sendto(answer, sender)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield port
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"", ("127.0.0.1", port))
            thread.join(10)


def match_probe(device: SimulatedOnvif, message_id: str, address: str = "") -> bytes:
    """Return the datagram by which a camera answers a probe."""
    return (
        f'<s:Envelope xmlns:s="{_ENVELOPE}" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
        'xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><s:Header>'
        f"<a:RelatesTo>{message_id}</a:RelatesTo></s:Header><s:Body><d:ProbeMatches><d:ProbeMatch>"
        f"<a:EndpointReference><a:Address>{device.reference}</a:Address></a:EndpointReference>"
        "<d:Scopes>onvif://www.onvif.org/location/country/here onvif://www.onvif.org/hardware/Pretended "
        f"onvif://www.onvif.org/name/{device.name}</d:Scopes>"
        f"<d:XAddrs>{address or device.url}</d:XAddrs></d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>"
    ).encode()
