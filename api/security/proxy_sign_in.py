"""People whom a reverse proxy signed in, and names in headers. Pure.

The header counts from the listed addresses alone: the other end of the connection itself, never an address that a
header names. From anywhere else it is refused, because only somebody who means to deceive sends it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from api.security.client_address import Network, is_trusted_proxy, normalise_address
from api.security.group_rules import MAX_GROUPS
from domain.text.plain_text import holds_invisible

MAX_PERSON_NAME = 100


@dataclass(frozen=True, slots=True)
class ProxySignIn:
    """Whose headers are believed, and which: names of headers are lower case."""

    proxies: tuple[Network, ...]
    user_header: str
    groups_header: str = ""
    separator: str = ","


@dataclass(frozen=True, slots=True)
class ProxyUser:
    """Whom the proxy signed in."""

    name: str
    groups: tuple[str, ...] = ()


def proxy_user(peer: str, headers: Sequence[tuple[bytes, bytes]], policy: ProxySignIn) -> ProxyUser | str | None:
    """Return whom a listed proxy names, None where it names nobody, or why the request is refused.

    `peer` is the other end of the connection; header names are lower case.
    """
    wanted = {name for name in (policy.user_header, policy.groups_header) if name}
    found: dict[str, list[str]] = {name: [] for name in wanted}
    for raw_name, value in headers:
        # Some proxies and programs write a dash as an underscore; it is the same header to them.
        name = raw_name.decode("latin-1").replace("_", "-")
        if name in wanted:
            found[name].append(value.decode("utf-8", "replace").strip())
    if not any(found.values()):
        return None
    here = normalise_address(peer)
    if here is None or not is_trusted_proxy(here, policy.proxies):
        return f"the header {policy.user_header} is taken from the listed proxies alone (api.sign_in.proxy.addresses)"
    if any(len(values) > 1 for values in found.values()):
        return "a header that names who asks is given twice"
    name = next(iter(found[policy.user_header]), "")
    if not name:
        return None
    if len(name) > MAX_PERSON_NAME or holds_invisible(name) or "\ufffd" in name:
        return "the name that the proxy gives cannot be used: it is too long, or holds a character that cannot be seen"
    groups = next(iter(found.get(policy.groups_header, ())), "")
    split = tuple(each.strip() for each in groups.split(policy.separator, MAX_GROUPS) if each.strip())
    return ProxyUser(name, split)
