"""The value encodings of the format: one encode and one decode for each type of the tag table.

Nothing is truncated, padded or replaced silently: a value that does not fit is an EncodeError, bytes that do not
fit are a DecodeError. Text is CP866; `normalise` swaps the typographic characters CP866 lacks for their plain
equivalents before anybody encodes.
"""

from __future__ import annotations

from codecs import charmap_build, charmap_decode, charmap_encode
from datetime import datetime, timedelta
from decimal import Decimal
from encodings.cp866 import decoding_table

from ffd.errors import DecodeError, EncodeError

__all__ = [
    "encode_uint",
    "decode_uint",
    "encode_vln",
    "decode_vln",
    "encode_fvln",
    "decode_fvln",
    "is_quantity",
    "encode_unixtime",
    "decode_unixtime",
    "encode_string",
    "decode_string",
    "encode_bytes",
    "to_cp866",
    "from_cp866",
    "normalise",
    "misfits",
]

VLN_MAX = 8  # 1293 and 1294; money is 6
FVLN_MAX = 8  # 1023: places byte and seven bytes of number
_EPOCH = datetime(1970, 1, 1)
_ENCODING_MAP = charmap_build(decoding_table)
_UNIXTIME_LAST = datetime(2106, 2, 7, 6, 28, 15)

# Characters shops paste from word processors and web pages, with the plain ones that CP866 and a till know.
_PLAIN = str.maketrans(
    {
        "«": '"',
        "»": '"',
        "„": '"',
        "“": '"',
        "”": '"',
        "‟": '"',
        "‘": "'",
        "’": "'",
        "‚": "'",
        "‛": "'",
        "′": "'",
        "″": '"',
        "–": "-",
        "—": "-",
        "―": "-",
        "−": "-",
        "‐": "-",
        "‑": "-",
        "‒": "-",
        "…": "...",
        "₽": "руб.",
        "•": "·",
        "×": "x",
        "\u00a0": " ",
        "\u2002": " ",
        "\u2003": " ",
        "\u2007": " ",
        "\u2009": " ",
        "\u202f": " ",
        "\u00ad": "",
        "\u200b": "",
        "\ufeff": "",
    }
)


def to_cp866(text: str) -> bytes:
    """`text.encode("cp866")`, several times as fast: the codec of the library looks every character up in a dict."""
    return charmap_encode(text, "strict", _ENCODING_MAP)[0]


def from_cp866(data: bytes) -> str:
    """`data.decode("cp866")` without the codec's detours. Every byte is a character."""
    return charmap_decode(data, "strict", decoding_table)[0]


def normalise(text: str) -> str:
    """`text` with typographic quotes, dashes, spaces, the ellipsis and the rouble sign replaced by plain ones."""
    return text if text.isascii() else text.translate(_PLAIN)


def misfits(text: str) -> str:
    """The characters of `text` that CP866 does not have, each once, in order. Empty when it all fits."""
    try:
        to_cp866(text)
    except UnicodeEncodeError:
        return "".join(dict.fromkeys(character for character in text if not _fits(character)))
    return ""


def _fits(character: str) -> bool:
    try:
        to_cp866(character)
    except UnicodeEncodeError:
        return False
    return True


def encode_uint(value: int, size: int) -> bytes:
    """Unsigned little endian in exactly `size` bytes: byte, uint16, uint32 and bit sets."""
    try:
        return value.to_bytes(size, "little")
    except OverflowError:
        raise EncodeError(f"{value} does not fit {size} unsigned bytes") from None


def decode_uint(data: bytes, size: int) -> int:
    """The number in exactly `size` little endian bytes."""
    if len(data) != size:
        raise DecodeError(f"{size} bytes expected, {len(data)} given")
    return int.from_bytes(data, "little")


def encode_vln(value: int, length: int = VLN_MAX) -> bytes:
    """The shortest unsigned little endian form, zero being one byte; at most `length` bytes."""
    size = (value.bit_length() + 7) // 8 or 1
    if value < 0 or size > length:
        raise EncodeError(f"{value} does not fit {length} unsigned bytes")
    return value.to_bytes(size, "little")


def decode_vln(data: bytes, length: int = VLN_MAX) -> int:
    """The number in 1 to `length` little endian bytes; leading zero bytes are allowed."""
    if not 1 <= len(data) <= length:
        raise DecodeError(f"1 to {length} bytes expected, {len(data)} given")
    return int.from_bytes(data, "little")


def is_quantity(value: Decimal) -> bool:
    """Whether `value` is a non-negative number small enough to reckon with: not NaN, not 1E+999999999."""
    sign, digits, exponent = value.as_tuple()
    return isinstance(exponent, int) and -255 <= exponent <= 8 * FVLN_MAX and not (sign and any(digits))


def encode_fvln(value: Decimal, length: int = FVLN_MAX) -> bytes:
    """Decimal places, then the digits as the shortest number: 2.5 is 01 19, 1 is 00 01. Places written are kept."""
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int) or (sign and any(digits)):
        raise EncodeError(f"{value} is not a quantity: a non-negative decimal number is needed")
    if not -255 <= exponent <= 8 * length:  # a larger exponent cannot fit and must not be computed
        raise EncodeError(f"{value} has more digits than {length} bytes hold")
    number = 0
    for digit in digits:
        number = number * 10 + digit
    places = -exponent
    if places < 0:
        number, places = number * 10**-places, 0
    size = (number.bit_length() + 7) // 8 or 1
    if size + 1 > length:
        raise EncodeError(f"{value} has more digits than {length} bytes hold")
    return bytes((places,)) + number.to_bytes(size, "little")


def decode_fvln(data: bytes, length: int = FVLN_MAX) -> Decimal:
    """The decimal number, with as many places as were written."""
    if not 2 <= len(data) <= length:
        raise DecodeError(f"2 to {length} bytes expected, {len(data)} given")
    return Decimal(int.from_bytes(data[1:], "little")).scaleb(-data[0])


def encode_unixtime(value: datetime) -> bytes:
    """Four bytes: the wall clock counted as if it were UTC. Zones and parts of a second have no place."""
    if value.tzinfo is not None or value.microsecond:
        raise EncodeError(f"{value} has a zone or parts of a second, a wall clock in whole seconds is needed")
    if not _EPOCH <= value <= _UNIXTIME_LAST:
        raise EncodeError(f"{value} is outside 1970-01-01 to 2106-02-07")
    since = value - _EPOCH
    return (since.days * 86400 + since.seconds).to_bytes(4, "little")


def decode_unixtime(data: bytes) -> datetime:
    """The wall clock, a naive datetime."""
    if len(data) != 4:
        raise DecodeError(f"4 bytes expected, {len(data)} given")
    return _EPOCH + timedelta(seconds=int.from_bytes(data, "little"))


def encode_string(value: str, length: int | None = None, *, fixed: bool = False, exact: bool = False) -> bytes:
    """CP866 text of at most or (`exact`) exactly `length` bytes; `fixed` fills it with blanks on the right."""
    try:
        data = to_cp866(value)
    except UnicodeEncodeError:
        raise EncodeError(f"CP866 has no {misfits(value)!r}") from None
    if length is not None and len(data) > length:
        raise EncodeError(f"{len(data)} characters, at most {length} allowed")
    if exact and len(data) != length:
        raise EncodeError(f"{len(data)} characters, exactly {length} expected")
    return data.ljust(length or 0) if fixed else data


def decode_string(data: bytes, length: int | None = None, *, fixed: bool = False) -> str:
    """CP866 text; of a `fixed` one the blanks that fill it on the right are left out."""
    if length is not None and (len(data) != length if fixed else len(data) > length):
        raise DecodeError(f"{'' if fixed else 'at most '}{length} bytes expected, {len(data)} given")
    text = from_cp866(data)
    return text.rstrip(" ") if fixed else text


def encode_bytes(value: bytes, length: int | None = None, *, fixed: bool = False) -> bytes:
    """Raw bytes, exactly (`fixed`) or at most `length` of them. Serves both directions."""
    if length is not None and (len(value) != length if fixed else len(value) > length):
        raise EncodeError(f"{'' if fixed else 'at most '}{length} bytes expected, {len(value)} given")
    return value
