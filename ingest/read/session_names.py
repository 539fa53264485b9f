"""Names of sessions: as short as they can be and unlike among those of one camera, since every stored frame has one."""

import time
from itertools import count
from secrets import randbits
from string import ascii_letters, digits

_ALPHABET = digits + ascii_letters + "-_"
_LETTERS = 7
"""Of 6 bits each. With the byte before them a text of a database takes 8 bytes."""
_COUNTER_BITS = 16
_TIME_BITS = 6 * _LETTERS - _COUNTER_BITS
"""Seconds: they come round after 26 months."""
_counter = count(randbits(_COUNTER_BITS))


def name_session() -> str:
    """Return a new session's name, 7 letters: the second it began in and a number that this process counts up.

    Two processes that open the same camera in the same second, as when one takes over from the other, meet by one
    chance in 65,536.
    """
    second = int(time.time()) & ((1 << _TIME_BITS) - 1)
    number = second << _COUNTER_BITS | next(_counter) & ((1 << _COUNTER_BITS) - 1)
    return "".join(_ALPHABET[number >> shift & 63] for shift in range(6 * (_LETTERS - 1), -1, -6))
