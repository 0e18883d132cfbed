"""The line inside a receipt's QR code: `t=20150720T1638&s=9999999.00&fn=…&i=…&fp=…&n=2`, CP866, no address."""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

from ffd.errors import DecodeError, EncodeError

__all__ = ["QrLine", "parse", "qr_line"]

_LINE = re.compile(
    r"t=(?P<t>\d{8}T\d{4}(?:\d{2})?)&s=(?P<s>\d{1,13}\.\d{2})&fn=(?P<fn>\d{1,16})"
    r"&i=(?P<i>\d{1,10})&fp=(?P<fp>\d{1,10})&n=(?P<n>[1-4])",
    re.ASCII,
)


class QrLine(msgspec.Struct, frozen=True, kw_only=True):
    """What the line says: 1012, 1020 in kopecks, 1041, 1040, 1077 as printed, 1054."""

    moment: datetime
    total: int
    drive: str
    document: int
    sign: int
    operation: int

    def __str__(self) -> str:
        return (
            f"t={self.moment:%Y%m%dT%H%M}&s={self.total // 100}.{self.total % 100:02d}&fn={self.drive}"
            f"&i={self.document}&fp={self.sign}&n={self.operation}"
        )


def qr_line(moment: datetime, total: int, drive: str, document: int, sign: int, operation: int) -> str:
    """The text of the QR code; `total` in kopecks, `moment` the wall clock of the settlement place."""
    line = str(QrLine(moment=moment, total=total, drive=drive, document=document, sign=sign, operation=operation))
    if not _LINE.fullmatch(line):
        raise EncodeError(f"not the line of a receipt: {line!r}", path="qr")
    return line


def parse(line: str) -> QrLine:
    """The values of a QR line; seconds, which some registers add to the moment, are read."""
    found = _LINE.fullmatch(line)
    if found is None:
        raise DecodeError(f"not a QR line of a receipt: {line[:120]!r}", path="qr")
    text = found["t"]
    try:
        moment = datetime.strptime(text, "%Y%m%dT%H%M%S" if len(text) == 15 else "%Y%m%dT%H%M")
    except ValueError:
        raise DecodeError(f"no such moment: {text}", path="qr/t") from None
    return QrLine(
        moment=moment,
        total=int(found["s"].replace(".", "")),
        drive=found["fn"],
        document=int(found["i"]),
        sign=int(found["fp"]),
        operation=int(found["n"]),
    )
