"""Settings of who signs people in: Sightline itself, a reverse proxy, or a service that speaks OpenID Connect."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from api.security.accounts import SignInPolicy
from api.security.client_address import parse_networks
from api.security.group_rules import GroupRule
from api.security.proxy_sign_in import ProxySignIn
from domain.access import AccessScope, UserRole
from domain.text.addresses import is_loopback, parse_address
from sightline.config.section import Section
from sightline.config.value_types import CameraName, Label, WebAddress

HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")]
GroupName = Annotated[str, Field(min_length=1, max_length=200)]
SiteName = Annotated[Label, Field(min_length=1)]


class GroupSettings(Section):
    """What the members of a group may do; the first entry that fits somebody counts."""

    group: GroupName
    """The group as the other service names it; `*` is everybody whom it signs in."""
    role: UserRole
    """What they may do: `viewer`, `operator` or `admin`."""
    sites: tuple[SiteName, ...] = ()
    """The sites that they see; every camera where no site and no camera is named."""
    cameras: tuple[CameraName, ...] = ()
    """Single cameras that they see."""

    def rule(self) -> GroupRule:
        return GroupRule(self.group, self.role, AccessScope(frozenset(self.sites), frozenset(self.cameras)))


class ProxySignInSettings(Section):
    """A reverse proxy that signs people in and names them in headers."""

    addresses: tuple[str, ...] = Field(min_length=1)
    """Addresses and networks of proxies; from any other address these headers are refused."""
    user_header: HeaderName = "X-Remote-User"
    """The header that names the person; let the proxy remove it from what clients send."""
    groups_header: HeaderName = "X-Remote-Groups"
    """The header that names the groups."""
    separator: str = Field(default=",", min_length=1, max_length=1)
    """What separates two groups."""


class OidcSettings(Section):
    """A service that signs people in by OpenID Connect."""

    issuer: WebAddress
    """The service's own address, as its documents name it; `https`, or this machine."""
    client_id: str = Field(min_length=1, max_length=500)
    """What the service calls Sightline."""
    secret: str = Field(default="", repr=False)
    """The client's secret; a public client has none."""
    scopes: tuple[Annotated[str, Field(pattern=r"^[\x21\x23-\x5B\x5D-\x7E]{1,100}$")], ...] = ("openid", "profile")
    """What is asked for; some services give the groups with one of their own."""
    name_claim: str = Field(default="preferred_username", min_length=1, max_length=100)
    """Which claim is the person's name; one that people cannot choose themselves."""
    groups_claim: str = Field(default="groups", min_length=1, max_length=100)
    """Which claim lists the groups."""
    label: str = Field(default="single sign-on", min_length=1, max_length=60)
    """What the link of the form says after "Sign in with"."""


class SignInSettings(Section):
    """Who signs people in besides Sightline itself."""

    required: bool = False
    """Everybody must sign in even before there is a user; then no token is needed to open the page to others."""
    groups: tuple[GroupSettings, ...] = ()
    """What the groups of other services may do; whoever is in none of them is refused."""
    proxy: ProxySignInSettings | None = None
    """A reverse proxy that names people in headers."""
    oidc: OidcSettings | None = None
    """A service that speaks OpenID Connect; `api.public_url` is needed too."""

    @property
    def requires_sign_in(self) -> bool:
        return self.required or self.proxy is not None or self.oidc is not None

    def policy(self) -> SignInPolicy:
        return SignInPolicy(
            required=self.required,
            rules=tuple(each.rule() for each in self.groups),
            proxy=None if self.proxy is None else _proxy(self.proxy),
            other_service=self.oidc is not None,
        )


def find_sign_in_conflicts(sign_in: SignInSettings, public_url: str) -> Iterator[str]:
    """Yield what would let strangers in, or nobody."""
    others = sign_in.proxy is not None or sign_in.oidc is not None
    if others and not sign_in.groups:
        yield "api.sign_in.groups: needed with proxy or oidc; one entry with group: '*' is for everybody"
    if sign_in.groups and not others:
        yield "api.sign_in.groups: only used with api.sign_in.proxy or api.sign_in.oidc"
    if sign_in.proxy is not None:
        yield from _find_proxy_conflicts(sign_in.proxy)
    if sign_in.oidc is not None:
        yield from _find_oidc_conflicts(sign_in.oidc, public_url)


def _find_proxy_conflicts(proxy: ProxySignInSettings) -> Iterator[str]:
    try:
        parse_networks(proxy.addresses)
    except ValueError as error:
        yield f"api.sign_in.proxy.addresses: {error}"
    if proxy.user_header.lower() == proxy.groups_header.lower():
        yield "api.sign_in.proxy.groups_header: is the header of the person too; give the other one"


def _find_oidc_conflicts(oidc: OidcSettings, public_url: str) -> Iterator[str]:
    address = parse_address(oidc.issuer)
    if address is None or (address.scheme != "https" and not is_loopback(address.host.partition(":")[0])):
        yield "api.sign_in.oidc.issuer: must begin with https://, or anybody on the way could sign in as anybody"
    if not public_url:
        yield "api.public_url: needed with api.sign_in.oidc; people come back there after signing in"
    if "openid" not in oidc.scopes:
        yield "api.sign_in.oidc.scopes: must hold openid"


def _proxy(settings: ProxySignInSettings) -> ProxySignIn:
    return ProxySignIn(
        parse_networks(settings.addresses),
        settings.user_header.lower(),
        settings.groups_header.lower(),
        settings.separator,
    )
