"""How long to wait before the next attempt: the same law wherever something is tried again."""


def backoff_s(failures: int, *, first_s: float, longest_s: float) -> float:
    """Return the seconds to wait after `failures` failed attempts in a row (1, 2 …).

    `first_s` after the first, doubled with each, `longest_s` at most.
    """
    return min(longest_s, first_s * 2.0 ** min(max(failures - 1, 0), 30))
