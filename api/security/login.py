"""The login form: a token, or a name and a password in, session cookie out."""

from datetime import timedelta
from html import escape
from urllib.parse import parse_qs

from starlette.responses import HTMLResponse, Response

from api.security import access_rules


def token_of_query(query: bytes) -> str | None:
    """Return the field `token` of a query, and of no other name; None where there is none."""
    return token_field(query.decode("utf-8", "replace"))


def token_field(text: str) -> str | None:
    return form_field(text, "token")


def form_field(text: str, name: str) -> str | None:
    """Return a field of a form or a query; None where there is none."""
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=16).get(name, [None])[0]
    except ValueError:  # more fields than any of our links and forms has
        return None


def same_site_redirect(cookie: str = "", address: str = "/") -> Response:
    """Return a page that opens `address`, one of ours, at once, with `cookie` set.

    A browser that follows a link of another site sends no strict cookie, nor where that is redirected. What a page of
    our own opens comes with it.
    """
    refresh = f'<meta http-equiv="refresh" content="0; url={escape(address)}">'
    answer = HTMLResponse(f"<!doctype html><title>Sightline</title>{refresh}")
    if cookie:
        answer.headers["Set-Cookie"] = cookie
    return answer


def cookie_header(value: str, *, secure: bool, life: timedelta = access_rules.SESSION_LIFE) -> str:
    """Return the Set-Cookie header for a session cookie."""
    age = f"Max-Age={int(life.total_seconds())}"
    return f"{access_rules.COOKIE}={value}; HttpOnly; {age}; Path=/; SameSite=strict{'; Secure' if secure else ''}"


def end_of_cookie(*, secure: bool) -> str:
    """Return the Set-Cookie header that takes a session cookie back."""
    return cookie_header("", secure=secure, life=timedelta(0))
