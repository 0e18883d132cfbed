"""A test marking system (ОИСМ): requests about codes in, answers out; notifications in, receipts out. Sans-I/O.

It verifies signs, checks check parts with the installation's own keys, remembers what notifications told about codes
(a piece that was sold can't be sold again), and lets a rule file overrule all that:

    default = "good"            # for codes it has no reason to doubt

    [[rules]]
    code = "0104670540176099*"  # shell pattern over the whole code; separators are the character 1D
    planned = [1]               # planned statuses (tag 2003) it is for, all when left out
    verdict = "suspended"       # a name of VERDICTS
    times = 2                   # then it is spent; without it, it stays
    delay_s = 10.0              # how late the answer is sent

The first rule that fits decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from hmac import compare_digest

import msgspec

from ffd.container import SESSION_MARKING, SESSION_MARKING_PROBE, Container, SessionHeader
from ffd.enums import MarkingRequestResult as Told
from ffd.marking import MarkingCode, parse
from fn_emulator.drive.marking import negative
from fn_emulator.drive.tlv import field, u8, walk
from fn_emulator.errors import Misuse
from fn_emulator.messages import Fault, Peer, Silent, fields_of
from fn_emulator.operator import Confirmed, DocumentStore, LogStore, document_digest
from fn_emulator.signs import check_part, code_secret

__all__ = ["VERDICTS", "MarkingSystem", "Rule", "Rules", "Verdict", "make_code", "read_rules"]

_REQUEST, _NOTICE, _ANSWER, _RECEIPT = 81, 82, 83, 84
_CHECK_PARTS = {2: 88, 4: 44}  # tag 2100 → characters of a check part that the drive could check
_UNCHANGED = b"\xff"
_SOLD, _RETURNED = frozenset({1, 6}), frozenset({3})
_SELLING = frozenset({1, 2, 5, 6})


class Verdict(msgspec.Struct, frozen=True):
    """What an answer says: tag 2105, and when that is 0, tags 2005 and 2109."""

    request: int
    result: Told = Told(0)
    status: int = 1


_ALL = Told.CHECKED | Told.CHECK_POSITIVE | Told.STATUS_CHECKED | Told.STATUS_CORRECT
VERDICTS: Mapping[str, Verdict | None] = {
    "good": Verdict(0, _ALL),
    "bad check part": Verdict(0, _ALL ^ Told.CHECK_POSITIVE),
    "wrong status": Verdict(0, _ALL ^ Told.STATUS_CORRECT, 2),
    "suspended": Verdict(0, _ALL ^ Told.STATUS_CORRECT, 3),
    "malformed request": Verdict(1),
    "malformed code": Verdict(2),
    "silent": None,
}


class Rule(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One rule of the file; `times` counts down as it is used."""

    code: str = "*"
    verdict: str = "good"
    planned: frozenset[int] = frozenset()
    times: int | None = None
    delay_s: float = 0.0

    def fits(self, code: str, planned: int) -> bool:
        return self.times != 0 and (not self.planned or planned in self.planned) and fnmatchcase(code, self.code)


class Rules(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A rule file."""

    default: str = "good"
    rules: list[Rule] = []

    def __post_init__(self) -> None:
        for name in (self.default, *(rule.verdict for rule in self.rules)):
            if name not in VERDICTS:
                raise ValueError(f"no verdict {name!r}; there are {', '.join(VERDICTS)}")


def read_rules(text: str, name: str = "rules") -> Rules:
    """The rules in a TOML text; Misuse tells the place of a mistake."""
    try:
        return msgspec.toml.decode(text, type=Rules)
    except (msgspec.MsgspecError, ValueError) as error:
        raise Misuse(f"{name}: {error}") from error


def make_code(master: bytes, gtin: str, serial: str, *, key_id: str = "EE06", size: int = 44) -> str:
    """A marking code whose check part this installation's drives and marking system find good.

    `size` is that of the check part: 44 (tag 2100 = 4) or 88 (2).
    """
    bare = f"01{gtin}21{serial}\x1d91{key_id}"
    part = check_part(code_secret(master, key_id), bare.encode("cp866"), size)
    return f"{bare}\x1d92{part.decode('ascii')}"


class MarkingSystem(Peer):
    """One marking system for any number of drives."""

    sessions = (SESSION_MARKING, SESSION_MARKING_PROBE)

    def __init__(self, *, master: bytes, rules: Rules | None = None, store: DocumentStore | None = None) -> None:
        super().__init__(master=master)
        self.rules = Rules() if rules is None else rules
        self.store: DocumentStore = LogStore() if store is None else store
        self.statuses: dict[str, int] = {}
        """Code → last status a notification assigned to it (tag 2110)."""
        for drive in self.store.drives():
            for notice in self.store.documents(drive):
                self._learn(Container.decode(notice.container).document)

    def answer(self, header: SessionHeader, body: bytes, fault: Fault | None, now: float) -> bytes:
        """Container 83 for a request, 84 for a notification."""
        container = self.asked(header, body, (_REQUEST, _NOTICE))
        try:
            fields = fields_of(container.document)
        except ValueError:
            raise Silent("the document is no sequence of tags") from None
        if container.kind == _REQUEST:
            kind, document = _ANSWER, self._answer(fields)
        else:
            kind, document = _RECEIPT, self._receipt(container, fields, body, now)
        return self.sealed(container, kind, document, fault, number=container.number)

    # Requests

    def _answer(self, fields: Mapping[int, bytes]) -> bytes:
        number, moment = fields.get(2001, b""), fields.get(2114, b"")
        if len(number) != 4 or len(moment) != 4:
            raise Silent("a request without number or time")
        verdict = self._judge(fields)
        if verdict is None:
            raise Silent("silent by a rule")
        self.count(verdict.request)
        told = field(2001, number) + field(2114, moment)
        if verdict.request:
            return field(_ANSWER, told + u8(2105, verdict.request))
        code = parse(_text(fields, 2000))
        return field(
            _ANSWER,
            told
            + u8(2102, 0)
            + u8(2100, fields[2100][0])
            + u8(2109, verdict.status)
            + field(2101, code.identifier.encode("cp866"))
            + u8(2105, 0)
            + u8(2005, int(verdict.result)),
        )

    def _judge(self, fields: Mapping[int, bytes]) -> Verdict | None:
        needed = (2000, 2003, 2100, 2102)
        if any(not fields.get(tag) for tag in needed) or fields[2102] != b"\0":
            return VERDICTS["malformed request"]
        text, planned = _text(fields, 2000), fields[2003][0]
        for rule in self.rules.rules:
            if rule.fits(text, planned):
                if rule.times is not None:
                    rule.times -= 1
                self.delay_s = rule.delay_s
                return VERDICTS[rule.verdict]
        return VERDICTS[self._own_opinion(text, fields[2100][0], planned)]

    def _own_opinion(self, text: str, kind: int, planned: int) -> str:
        if kind in _CHECK_PARTS and not self._check_part_good(parse(text), _CHECK_PARTS[kind]):
            return "bad check part"
        status = self.statuses.get(text)
        if (planned in _SELLING and status in _SOLD) or (planned in _RETURNED and status in _RETURNED):
            return "wrong status"
        return self.rules.default

    def _check_part_good(self, code: MarkingCode, size: int) -> bool:
        secret = code_secret(self._master, code.element("91") or "")
        told = (code.element("92") or "").encode("cp866")
        return compare_digest(check_part(secret, code.text.encode("cp866"), size), told)

    # Notifications

    def _receipt(self, container: Container, fields: Mapping[int, bytes], body: bytes, now: float) -> bytes:
        number = int.from_bytes(fields.get(2002, b""), "little")
        if not number or number & 0xFFFFFF != container.number:
            raise Silent(f"container of notification {container.number}, tag 2002 is {number}")
        problem = self._problem(container, fields, number)
        if problem:
            self.note(now, container.drive, number, problem)
        elif self.store.digest(container.drive, number) is not None:
            self.statistics.repeats += 1
        else:
            self.store.add(Confirmed(container.drive, number, container.kind, now, 0, body))
            self._learn(container.document)
        self.count(bool(problem))
        told = field(2002, fields[2002]) + field(1012, int(now).to_bytes(4, "little")) + u8(2111, bool(problem))
        return field(_RECEIPT, told + (b"" if problem else u8(2006, _has_negative(container.document))))

    def _problem(self, container: Container, fields: Mapping[int, bytes], number: int) -> str:
        missing = [tag for tag in (1012, 1041, 1018, 1054, 1055, 2116, 2007) if tag not in fields]
        if missing:
            return f"tags {missing} are missing"
        before = self.store.digest(container.drive, number)
        if before is not None and before != document_digest(container.document):
            return f"another notification {number} of this drive was taken before"
        return ""

    def _learn(self, document: bytes) -> None:
        for item in _items(document):
            if len(item.get(2110, b"")) == 1 and item[2110] != _UNCHANGED:
                self.statuses[_text(item, 2000)] = item[2110][0]


def _text(fields: Mapping[int, bytes], tag: int) -> str:
    return fields.get(tag, b"").decode("cp866")


def _items(document: bytes) -> list[dict[int, bytes]]:
    """Fields of every 2007."""
    return [fields_of(document[start - 4 : end]) for tag, start, end in walk(document, 4) if tag == 2007]


def _has_negative(document: bytes) -> bool:
    """Tag 2006: a check that was made found something wrong with one of the codes."""
    return any(negative(item.get(2106, b"\0")[0]) for item in _items(document))
