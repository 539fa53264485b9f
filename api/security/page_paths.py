"""Which addresses belong to the page, and how one is kept through the login. Pure."""

from urllib.parse import parse_qsl, quote, unquote, urlencode

PAGE_ROOTS = ("/cameras", "/incidents", "/reports", "/kiosk", "/audit", "/maintenance", "/docs")
"""Each of these, and what lies below it, is a view; all of them are answered with the same document."""
_IN_QUERY = ":,/@"
PAGE_FIELDS = frozenset(
    {
        "from",
        "to",
        "span",
        "view",
        "state",
        "site",
        "group",
        "tag",
        "find",
        "camera",
        "fault",
        "metric",
        "period",
        "tab",
    }
    | {"severity", "who", "answer", "action", "by"}
)
"""What the page itself writes into the query. Nothing else is repeated: it could be a secret with a typing error."""


def is_page_path(path: str) -> bool:
    """Return whether a decoded path is an address of the page: a view, not a file and not the API."""
    if path == "/":
        return True
    unusual = "//" in path or "\\" in path or not path.isprintable() or ".." in path.split("/")
    return not unusual and any(path == root or path.startswith(f"{root}/") for root in PAGE_ROOTS)


def page_address(path: str, query: str = "") -> str:
    """Return the address of a view, percent-encoded, with the page's own fields; "/" for what is no view."""
    if not is_page_path(path):
        return "/"
    try:
        pairs = parse_qsl(query, max_num_fields=64)
    except ValueError:  # more fields than any of our links has
        pairs = []
    kept = urlencode([pair for pair in pairs if pair[0] in PAGE_FIELDS], safe=_IN_QUERY)
    return quote(path) + (f"?{kept}" if kept else "")


def address_after_login(query: str) -> str:
    """Return the address that the login form's own query names in `next`; "/" where it names none of ours."""
    try:
        named = dict(parse_qsl(query, max_num_fields=64)).get("next", "/")
    except ValueError:
        return "/"
    path, _, kept = named.partition("?")
    return page_address(unquote(path), kept)


def login_address(address: str) -> str:
    """Return the address of the form that leads to `address` afterwards."""
    return "/login" if address == "/" else f"/login?{urlencode({'next': address})}"
