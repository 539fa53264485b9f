"""The link by which the first administrator is made, where nobody has an account yet."""

from api.security.setup_token import SETUP_LIFE, SETUP_PATH, make_setup_token
from domain.ports import AccessStore, Clock
from sightline.config.sections import ApiSettings


def make_setup_link(access: AccessStore, api: ApiSettings, clock: Clock, address: str = "") -> str | None:
    """Return a new link, None where there is a user; `address` is where the page is, else the settings say it."""
    if access.users():
        return None
    token, digest = make_setup_token()
    access.add_setup_token(digest, expires_at=clock.now() + SETUP_LIFE)
    host = f"[{api.host}]" if ":" in api.host else api.host
    base = api.public_url or address or f"http://{host}:{api.port}"
    return f"{base.rstrip('/')}{SETUP_PATH}?token={token}"
