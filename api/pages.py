"""How many live streams are open, in all and by client; used from the event loop alone."""

from collections import Counter

MOST_PAGES = 50
MOST_PAGES_EACH = 20


class Pages:
    """The live streams that are open now."""

    def __init__(self) -> None:
        self._by_client: Counter[str] = Counter()

    @property
    def open(self) -> int:
        return self._by_client.total()

    def take(self, client: str) -> str:
        """Count one more page of `client`, or return why it is refused."""
        if self.open >= MOST_PAGES:
            return f"{MOST_PAGES} pages are open already"
        if self._by_client[client] >= MOST_PAGES_EACH:
            return (
                f"{MOST_PAGES_EACH} pages are open from this address already; if it is that of a proxy, list it in "
                "api.trusted_proxies"
            )
        self._by_client[client] += 1
        return ""

    def give_back(self, client: str) -> None:
        self._by_client[client] -= 1
        if self._by_client[client] <= 0:
            del self._by_client[client]
