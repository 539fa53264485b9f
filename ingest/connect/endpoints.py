"""Where a camera may lead us: its own host and port, their standard ports, and what the operator listed. Pure."""

import ipaddress
import re
from dataclasses import dataclass, replace
from urllib.parse import quote

from domain.errors import SourceUnavailable
from domain.text.addresses import is_loopback

DEFAULT_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
SECURE = frozenset({"rtsps", "https"})
_FAMILIES = {
    "rtsp": ("rtsp", "rtsps"),
    "rtsps": ("rtsp", "rtsps"),
    "http": ("http", "https"),
    "https": ("http", "https"),
}
MAX_ADDRESS = 4096
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,30}):")
_HOST = re.compile(r"[A-Za-z0-9._~-]{1,253}|\[[0-9A-Fa-f:.]{2,60}(?:%[A-Za-z0-9._~-]{1,20})?\]")
_UNRESERVED = "!#$%&'()*+,/:;=?@[]~|"


class ForeignAddress(SourceUnavailable):
    """A redirect or a playlist leads to an address that is not the camera's; nothing is sent there."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address without user and password. `host` is comparable: lower case, no brackets, numbers in one form."""

    scheme: str
    host: str
    port: int
    target: str
    """Path and query; "" where the address ends with its host."""

    @property
    def secure(self) -> bool:
        return self.scheme in SECURE

    @property
    def authority(self) -> str:
        """`host:port` as a request names it."""
        return f"{self._bracket_host}:{self.port}"

    @property
    def host_header(self) -> str:
        """What HTTP's Host header says: the port only where it is not the scheme's own."""
        return self._bracket_host if self.port == DEFAULT_PORTS[self.scheme] else self.authority

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"

    @property
    def _bracket_host(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host


def parse_endpoint(url: str) -> Endpoint:
    """Return the endpoint of a camera's network address; what is before the last `@` of its authority is dropped.

    Raises `SourceUnavailable` for one without a usable host or port.
    """
    scheme, _, rest = url.partition("://")
    authority, target = _split_authority(rest)
    scheme = scheme.lower()
    host, port = _split_host(authority.rpartition("@")[2], DEFAULT_PORTS.get(scheme))
    return Endpoint(scheme, host, port, _encode(target))


def follow_reference(base: Endpoint, reference: str, root: Endpoint, allowed_hosts: tuple[str, ...] = ()) -> Endpoint:
    """Return where a redirect or a playlist leads, seen from `base`. A user or password in it is never used.

    `root` is the address that the operator gave. Raises `ForeignAddress` for other hosts, ports and schemes.
    """
    reference = reference.strip(" \t")
    if not reference or len(reference) > MAX_ADDRESS or not _refuse_separators(reference):
        raise ForeignAddress("the camera refers to an address that cannot be read: check its stream address")
    target = _resolve(base, reference)
    if _is_own(target, root) or _is_listed(target, allowed_hosts):
        return target
    raise ForeignAddress(
        f"the camera refers to another address ({target.authority}), which is not called: "
        "enter that address for this camera, or list it in ingest.allowed_hosts"
    )


def may_login(target: Endpoint, root: Endpoint) -> bool:
    """Return whether the camera's user and password may be sent there: its own address, and never less protected."""
    if (target.host, target.port, target.scheme) == (root.host, root.port, root.scheme):
        return True
    return target.secure and _is_own(target, root)


def _resolve(base: Endpoint, reference: str) -> Endpoint:
    named = _SCHEME.match(reference)
    if named is None and not reference.startswith("//"):
        return replace(base, target=_encode(_join(base.target, reference)))
    scheme = base.scheme if named is None else named[1].lower()
    rest = reference if named is None else reference[named.end() :]
    if scheme not in _FAMILIES[base.scheme] or not rest.startswith("//"):
        raise ForeignAddress(
            f"the camera refers to an address of another kind ({scheme}:), which is not opened: "
            "check the stream address in the camera's settings"
        )
    return parse_endpoint(f"{scheme}:{rest}")


def _join(target: str, reference: str) -> str:
    path = target.partition("?")[0]
    if reference.startswith("/"):
        return reference
    if reference.startswith("?"):
        return path + reference
    return path.rpartition("/")[0] + "/" + reference if path else "/" + reference


def _is_own(target: Endpoint, root: Endpoint) -> bool:
    if target.host != root.host:
        return False
    # On this machine itself every port is another program's.
    return target.port == root.port or (target.port == DEFAULT_PORTS[target.scheme] and not is_loopback(root.host))


def _is_listed(target: Endpoint, allowed_hosts: tuple[str, ...]) -> bool:
    for entry in allowed_hosts:
        try:
            host, port = _split_host(entry, 0)
        except SourceUnavailable:
            continue
        if target.host == host and (port in (0, target.port)):
            return True
    return False


def _refuse_separators(text: str) -> bool:
    """Control characters and backslashes, which other readers of addresses take for separators, are refused."""
    return not any(ord(letter) < 0x20 or letter in "\\\x7f" for letter in text)


def _split_authority(rest: str) -> tuple[str, str]:
    end = next((i for i, letter in enumerate(rest) if letter in "/?#"), len(rest))
    authority, target = rest[:end], rest[end:].partition("#")[0]
    return authority, "/" + target if target.startswith("?") else target


def _split_host(authority: str, default_port: int | None) -> tuple[str, int]:
    found = _HOST.match(authority)
    port_text = "" if found is None else authority[found.end() :]
    if found is None or not re.fullmatch(r"(:[0-9]{0,5})?", port_text):
        raise ForeignAddress("the address names no host: write it as rtsp://host:port/path")
    port = int(port_text[1:]) if len(port_text) > 1 else default_port
    if port is None or not 0 <= port <= 65535:
        raise ForeignAddress("the address names no usable port: write a number from 1 to 65535")
    return _normalise_host(found[0]), port


def _normalise_host(host: str) -> str:
    bare = host.strip("[]").lower().rstrip(".")
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return bare
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _encode(target: str) -> str:
    """Percent-encode what may not stand in a request line; what is encoded already stays."""
    return quote(target, safe=_UNRESERVED)
