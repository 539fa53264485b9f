"""Settings of the page and the API, and which of them would let strangers in."""

from pydantic import Field

from api.clients import networks
from api.security import MAKE_TOKEN, SHORTEST_TOKEN, is_loopback
from domain.errors import ConfigError
from sightline.settings_cluster import Section


class ApiSettings(Section):
    """The page and the API. Any address but this machine's own needs a token."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = Field(default=8642, ge=0, le=65535)
    token: str = Field(default="", repr=False)
    allowed_hosts: tuple[str, ...] = ()
    """Names besides this machine's own under which a browser may ask without a token (a reverse proxy's)."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks of reverse proxies; what these say of the client they ask for is believed."""
    max_connections: int = Field(default=256, ge=8, le=65536)
    """At most so many are open at once, a quarter of them from one address, and a quarter of the open files allowed."""


def check_api(api: ApiSettings) -> None:
    """Raise `ConfigError` for a token or proxies that would let strangers in."""
    if "token" in api.model_fields_set and not api.token.strip():
        raise ConfigError(f"api.token: empty; give one (`{MAKE_TOKEN}` makes one), or leave it out for none")
    if not all(char.isprintable() for char in api.token):
        raise ConfigError("api.token: holds a character that cannot be typed or sent; use letters and digits")
    try:
        networks(api.trusted_proxies)
    except ValueError as error:
        raise ConfigError(f"api.trusted_proxies: {error}") from None
    alone = is_loopback(api.host) and not api.allowed_hosts and not api.trusted_proxies
    if not api.enabled or alone:
        return
    if not api.token and not is_loopback(api.host):
        raise ConfigError(
            "api.token: needed because api.host is not this machine alone; set api.token_file, or api.host: 127.0.0.1"
        )
    if 0 < len(api.token.strip()) < SHORTEST_TOKEN:
        raise ConfigError(
            f"api.token: shorter than {SHORTEST_TOKEN} characters, and others reach the page (api.host, "
            f"api.allowed_hosts or api.trusted_proxies); `{MAKE_TOKEN}` makes one"
        )
