"""Valid H.264 of plain grey in any size, written bit by bit: a picture of 16000x16000 takes a megabyte and no encoder.

Baseline profile, CAVLC; every macroblock is Intra_16x16 with DC prediction and no residual (ITU-T H.264, 7.3.5).
"""

from collections.abc import Iterable

MACROBLOCK = 16
_START = b"\x00\x00\x00\x01"
_PLAIN_MACROBLOCK = 0b00100_1_1_1
"""mb_type 3, intra_chroma_pred_mode 0, mb_qp_delta 0, no DC coefficients: a byte for each macroblock."""


def grey_picture(width: int, height: int) -> bytes:
    """Return one access unit: parameter sets and a key picture. Sides in pixels, multiples of 16."""
    columns, rows = width // MACROBLOCK, height // MACROBLOCK
    return b"".join(
        _START + unit for unit in (_sequence_set(columns, rows), _picture_set(), _key_slice(columns * rows))
    )


def _sequence_set(columns: int, rows: int) -> bytes:
    profile = "".join(f"{number:08b}" for number in (66, 0xC0, 62))
    # Ids, frame numbers of 4 bits, order by decoding, one reference, no gaps.
    head = [_exp_golomb(0), _exp_golomb(0), _exp_golomb(2), _exp_golomb(1), "0"]
    # Whole frames, 8x8 inference; no cropping, no usability information.
    return _unit(0x67, [profile, *head, _exp_golomb(columns - 1), _exp_golomb(rows - 1), "1100"])


def _picture_set() -> bytes:
    # CAVLC, one slice group, one reference in each list, no weights, quantiser 26; slices say how to deblock.
    return _unit(0x68, ["1", "1", "00", "1", "1", "1", "0", "00", "1", "1", "1", "1", "00"])


def _key_slice(macroblocks: int) -> bytes:
    # All intra; picture set 0; frame 0; picture 0; references not kept long; quantiser as set; no deblocking.
    head = "".join([_exp_golomb(0), _exp_golomb(7), _exp_golomb(0), "0000", _exp_golomb(0), "00", "1", _exp_golomb(1)])
    plain = f"{_PLAIN_MACROBLOCK:08b}"
    whole, rest = divmod(len(head), 8)
    # The header ends inside a byte, so every macroblock lies across two bytes, all alike.
    first = head[whole * 8 :] + plain[: 8 - rest]
    repeated = plain[8 - rest :] + plain[: 8 - rest]
    body = _pack(head[: whole * 8] + first) + _pack(repeated) * (macroblocks - 1) + _end(plain[8 - rest :])
    return b"\x65" + body


def _unit(header: int, parts: Iterable[str]) -> bytes:
    return bytes([header]) + _escape(_end("".join(parts)))


def _end(bits: str) -> bytes:
    """Return the bits with the stop bit and filled up to a byte."""
    bits += "1"
    return _pack(bits + "0" * (-len(bits) % 8))


def _pack(bits: str) -> bytes:
    return bytes(int(bits[start : start + 8], 2) for start in range(0, len(bits), 8))


def _escape(payload: bytes) -> bytes:
    """Insert the byte that keeps a start code from appearing inside."""
    found = bytearray()
    zeros = 0
    for byte in payload:
        if zeros >= 2 and byte <= 3:
            found.append(3)
            zeros = 0
        found.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(found)


def _exp_golomb(number: int) -> str:
    """Return the Exp-Golomb code of a number."""
    bits = f"{number + 1:b}"
    return "0" * (len(bits) - 1) + bits
