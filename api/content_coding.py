"""Which coding of an answer somebody takes (RFC 9110, 12.5.3)."""


def accepts_gzip(accept_encoding: str) -> bool:
    """Return whether a request's `Accept-Encoding` names gzip and does not refuse it with `q=0`."""
    for each in accept_encoding.lower().split(","):
        coding, _, weight = each.partition(";")
        if coding.strip() == "gzip":
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
