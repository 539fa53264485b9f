"""Damages bytes the way cameras, networks and strangers do. Everything follows from the random generator given."""

import random
import struct
from collections.abc import Callable, Sequence

LONGEST_INPUT = 1 << 20
"""Bytes an input may grow to; sizes beyond it are the limits' own tests."""
LONGEST_RUN = 1 << 12
MOST_STEPS = 6

Mutation = Callable[[bytearray, random.Random], None]

_EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63 - 1, 2**64 - 1)
_TEXTS = (
    *rb"%00 %n%s ..%2f -1 1e400 NaN 0x ' < \ :// @ $ ${HOME} &a !!python/object:os.system".split(b" "),
    *(b"\x00", b"\r\n", b"\r\n\r\n", b"\x00\x00\x01", b"\x1b[31m", b"\xff\xfe", b"\xed\xa0\x80", b"\xe2\x80\xae"),
    *(b"0001-01-01T00:00:00", b"9999-12-31T23:59:59Z", b"&a *a", b'"', b"#EXTM3U\n", b"9" * 40, b"[" * 64, b"{" * 64),
)


def mutate(seed: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """Return `seed` after one to six steps of damage; `others` are inputs of the same kind to splice with."""
    data = bytearray(seed)
    for _ in range(chance.randint(1, MOST_STEPS)):
        if others and chance.random() < 0.1:
            _splice(data, chance.choice(others), chance)
        else:
            chance.choice(_MUTATIONS)(data, chance)
    return bytes(data[:LONGEST_INPUT])


def _place(data: bytearray, chance: random.Random) -> int:
    # Headers decide most: half of all damage falls into the first 512 bytes.
    reach = min(len(data), 512) if chance.random() < 0.5 else len(data)
    return chance.randint(0, reach)


def _flip_bit(data: bytearray, chance: random.Random) -> None:
    if data:
        data[min(_place(data, chance), len(data) - 1)] ^= 1 << chance.randrange(8)


def _set_byte(data: bytearray, chance: random.Random) -> None:
    if data:
        data[min(_place(data, chance), len(data) - 1)] = chance.randrange(256)


def _set_number(data: bytearray, chance: random.Random) -> None:
    size = chance.choice((2, 4, 8))
    number = struct.pack(chance.choice("<>") + {2: "H", 4: "I", 8: "Q"}[size], chance.choice(_EDGES) % (1 << 8 * size))
    start = _place(data, chance)
    data[start : start + size] = number


def _remove(data: bytearray, chance: random.Random) -> None:
    start = _place(data, chance)
    del data[start : start + chance.randint(1, 64)]


def _truncate(data: bytearray, chance: random.Random) -> None:
    del data[_place(data, chance) :]


def _insert_text(data: bytearray, chance: random.Random) -> None:
    start = _place(data, chance)
    data[start:start] = chance.choice(_TEXTS)


def _insert_noise(data: bytearray, chance: random.Random) -> None:
    start = _place(data, chance)
    data[start:start] = chance.randbytes(chance.randint(1, 64))


def _repeat(data: bytearray, chance: random.Random) -> None:
    start = _place(data, chance)
    piece = bytes(data[start : start + chance.randint(1, 64)])
    times = chance.choice((2, 8, LONGEST_RUN // max(1, len(piece))))
    data[start:start] = piece * times


def _blank(data: bytearray, chance: random.Random) -> None:
    start = _place(data, chance)
    length = min(chance.randint(1, 256), len(data) - start)
    data[start : start + length] = bytes([chance.choice((0, 0xFF))]) * length


def _swap(data: bytearray, chance: random.Random) -> None:
    first, second = sorted((_place(data, chance), _place(data, chance)))
    length = min(chance.randint(1, 64), second - first, len(data) - second)
    if length > 0:
        piece = data[first : first + length]
        data[first : first + length] = data[second : second + length]
        data[second : second + length] = piece


def _splice(data: bytearray, other: bytes, chance: random.Random) -> None:
    start = _place(data, chance)
    begin = chance.randint(0, len(other))
    data[start:] = other[begin : begin + LONGEST_INPUT]


_MUTATIONS: tuple[Mutation, ...] = (
    _flip_bit,
    _flip_bit,
    _set_byte,
    _set_number,
    _remove,
    _truncate,
    _insert_text,
    _insert_noise,
    _repeat,
    _blank,
    _swap,
)
