"""The daemon's configuration: a TOML file read into frozen values, or a list of all that is wrong with it.

`load` reads a file, `parse` a text. Both raise `ConfigError` with every mistake at once, each with its path
(``stations[2].address``), so that a file is mended in one go. What is odd but can be run with stands in
`Config.warnings`. All durations are seconds and say so in their names.
"""

from __future__ import annotations

import base64
import difflib
import hashlib
import hmac
import ipaddress
import os
import re
import tomllib
import zoneinfo
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast, get_args

import msgspec

from ffd.ids import check_inn
from fleet.errors import ConfigError

__all__ = [
    "Config",
    "Http",
    "Queue",
    "Callbacks",
    "Retention",
    "Admin",
    "Operator",
    "ShiftPolicy",
    "Tenant",
    "Station",
    "load",
    "parse",
    "station_of",
    "hash_password",
    "verify_password",
    "EXAMPLE",
]

EXAMPLE = """\
# One rack, one company. Durations are seconds. Paths are relative to state_dir, state_dir to this file.
name = "rack-1"
state_dir = "var/rack-1"
journal = "sqlite:///journal.sqlite"      # three slashes: inside state_dir; four: an absolute path

[http]
listen = "127.0.0.1:8080"                 # beyond this machine only together with open_to_network = true
# open_to_network = true
# public_url = "https://kassa.example"    # how shops reach it, when a proxy stands in front
token_ttl_s = 86400
always_200 = false                        # HTTP status of refusals: some shops' clients only read 200

[queue]
max_jobs = 10000                          # unfinished jobs; above this shops are told to come again later
reserve_wait_s = 10                       # reserve registers join when a receipt would wait for so long

[shift]
max_s = 84600                             # a shift is closed by 23 h 30 min; the law ends it at 24 h
share = 0.2                               # of a pool that closes at the same time; one register always may

[operator]                                # leave the table out when registers send by themselves
address = "tcp://127.0.0.1:7900"
# addresses = ["tcp://10.0.0.1:7900", "tcp://10.1.0.1:7900"]   # instead: the first that works is used
# marking = "tcp://127.0.0.1:7901"         # the operator's point of the marking system (ОИСМ), for FFD 1.2
# keys = "tcp://127.0.0.1:7902"            # the key server (ОКП)
pause_s = 0.1                             # between two messages of one drive
answer_timeout_s = 30
poll_s = 60                               # how often an idle drive is asked for messages

[retention]
buyer_days = 0                            # contacts and requests are erased after so many days; 0: never

[callbacks]
allow_private = false                     # calls to shops may go to addresses of the own network

[[tenants]]
name = "demo"
login = "demo"
password_hash = "scrypt$16384$8$1$a2tr$lomt2dYY4AxGwIvrDDqP8ACRZ2YkzTvUC0s2NaPc3wA="   # fleet hash-password
inn = "9900000000"
# weight = 1.0                            # its part of registers that several tenants share
# priority = 0                            # -10 to 10: a higher one goes first
# group = "north"                         # only registers of this group make its receipts

# Who may run the rack through /admin: decide on quarantined receipts, audit, drain. On this machine the key that the
# daemon keeps in state_dir/admin.key does as well, and the commands of `fleet` use it by themselves.
# [[admins]]
# name = "olga"
# key_sha256 = "64 hexadecimal digits"    # fleet admin-key

[[stations]]
name = "k1"
address = "tcp://127.0.0.1:7801"
inn = "9900000000"
timezone = "Europe/Moscow"
link = "standard"                         # or "alternative", or "auto"

[[stations]]
name = "k2"
address = "serial:/dev/ttyS0?baud=115200"
inn = "9900000000"
link = "auto"
deadlines = { "FF45" = 40 }               # command code = seconds, where a register needs longer than usual
# group = "north"
# places = ["shop.example"]               # settlement places (1187) that it serves; without it: all
# reserve = true                          # works only while the others cannot keep up
# relay = "register"                      # it talks to its operator itself; "host": this daemon carries messages
"""


Layer: TypeAlias = Literal["standard", "alternative", "auto"]
"""Link layer of a register's line; auto finds it out at every connect."""


RelayBy: TypeAlias = Literal["host", "register"]
"""Who carries a register's messages to the operator."""


class Http(msgspec.Struct, frozen=True, kw_only=True):
    """Where shops and people come in."""

    listen: str = "127.0.0.1:8080"
    open_to_network: bool = False
    public_url: str | None = None
    token_ttl_s: float = 86400.0
    always_200: bool = False

    @property
    def host(self) -> str:
        """The host part of `listen`, without brackets."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port part of `listen`."""
        return int(self.listen.rpartition(":")[2])


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """How much may wait. 10 000 jobs are about 40 minutes of four registers: shops should hear of it then."""

    max_jobs: int = 10_000
    reserve_wait_s: float = 10.0
    """Reserve registers join when a receipt would wait for so long."""


class Operator(msgspec.Struct, frozen=True, kw_only=True):
    """The operator that the relay talks to, by the first of its addresses that works."""

    addresses: tuple[str, ...]
    marking: str | None = None
    """Where messages of the drive for the marking system and for the key server go."""
    keys: str | None = None
    pause_s: float = 0.1
    answer_timeout_s: float = 30.0
    poll_s: float = 60.0


class ShiftPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """When a shift is closed at the latest, counted from its opening; `share` of a pool may do so at the same time."""

    max_s: float = 84_600.0
    share: float = 0.2


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """How long buyers' contacts and shops' requests are kept; the receipts themselves stay. 0: for good."""

    buyer_days: float = 0.0


class Callbacks(msgspec.Struct, frozen=True, kw_only=True):
    """Calls to shops. `allow_private`: also to addresses of the own network, where nothing but shops must listen."""

    allow_private: bool = False


class Tenant(msgspec.Struct, frozen=True, kw_only=True):
    """A client company. Of stations that several share, each has its part by `weight`; a higher `priority` goes first;
    `group` is that of its receipts where they do not name one."""

    name: str
    login: str
    password_hash: str
    inn: str
    weight: float = 1.0
    priority: int = 0
    group: str | None = None


class Admin(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may run the rack through its API. The key itself is not kept: `fleet admin-key` makes one."""

    name: str
    key_sha256: str


class Station(msgspec.Struct, frozen=True, kw_only=True):
    """One register and how to reach it. `deadlines`: command code in hex → seconds; the rest keep theirs.

    Receipts that ask for a `group` go to registers of it alone; with `places`, receipts of another settlement place
    (1187) go elsewhere; a `reserve` register works only while the others cannot keep up; `relay` says who talks to the
    operator.
    """

    name: str
    address: str
    inn: str
    link: Layer = "standard"
    timezone: str = "Europe/Moscow"
    deadlines: dict[str, float] = {}
    group: str | None = None
    places: tuple[str, ...] = ()
    reserve: bool = False
    relay: RelayBy = "host"


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the daemon is told. `warnings` are oddities it can run with: for the log, `fleet check`."""

    name: str
    state_dir: Path
    journal: str = "sqlite:///journal.sqlite"
    http: Http = Http()
    queue: Queue = Queue()
    operator: Operator | None = None
    shift: ShiftPolicy = ShiftPolicy()
    callbacks: Callbacks = Callbacks()
    retention: Retention = Retention()
    tenants: tuple[Tenant, ...] = ()
    admins: tuple[Admin, ...] = ()
    stations: tuple[Station, ...] = ()
    demo: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def journal_path(self) -> Path:
        """The journal's file: a relative one lies in `state_dir`."""
        return self.state_dir / self.journal.removeprefix("sqlite:///")


def load(path: str | os.PathLike[str]) -> Config:
    """The configuration in a file. Relative paths in it are relative to the file's own directory."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(str(path), [f"cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), [f"is not UTF-8: {error.reason} at byte {error.start}"]) from error
    return parse(text, source=str(path), base=path.parent)


def parse(text: str, *, source: str = "", base: Path = Path()) -> Config:
    """The configuration in a TOML text; `source` names it in errors, state_dir is relative to `base`."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(source, [f"is not TOML: {error}"]) from error
    problems: list[str] = []
    config = _config(_Table(tables, "", problems), base)
    problems += _clashes(config)
    if problems:
        raise ConfigError(source, problems)
    return msgspec.structs.replace(config, warnings=tuple(_oddities(config)))


def station_of(table: Mapping[str, Any]) -> Station:
    """One station, from a table like those of the file's ``[[stations]]``."""
    problems: list[str] = []
    station = _station(_Table(table, "", problems))
    if problems:
        raise ConfigError("station", problems)
    return station


# Passwords


_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 2**14, 8, 1  # 16 MiB and about 50 ms: interactive use, call it off the loop
_SCRYPT_N_MAX = 2**17  # a configured hash must not be able to take the machine down
_HASH = re.compile(r"scrypt\$(\d{1,7})\$(\d{1,2})\$(\d{1,2})\$([A-Za-z0-9+/]+=*)\$([A-Za-z0-9+/]+=*)")


def hash_password(password: str, *, salt: bytes | None = None) -> str:
    """What the configuration keeps of a password: ``scrypt$n$r$p$salt$hash``."""
    salt = os.urandom(16) if salt is None else salt
    digest = _scrypt(password, salt, _SCRYPT_N, _SCRYPT_R, _SCRYPT_P, 32)
    return "$".join(
        ["scrypt", str(_SCRYPT_N), str(_SCRYPT_R), str(_SCRYPT_P), _base64(salt), _base64(digest)],
    )


def verify_password(password: str, password_hash: str) -> bool:
    """Whether `password` is the one behind the hash; takes the same time for a right and a wrong one."""
    parts = _hash_parts(password_hash)
    if parts is None:
        return False
    n, r, p, salt, digest = parts
    return hmac.compare_digest(_scrypt(password, salt, n, r, p, len(digest)), digest)


def _hash_parts(text: str) -> tuple[int, int, int, bytes, bytes] | None:
    match = _HASH.fullmatch(text)
    if match is None:
        return None
    n, r, p = (int(match[index]) for index in (1, 2, 3))
    try:
        salt, digest = (base64.b64decode(match[index], validate=True) for index in (4, 5))
    except ValueError:
        return None
    sane = 2 <= n <= _SCRYPT_N_MAX and n & (n - 1) == 0 and 1 <= r <= 32 and 1 <= p <= 16
    return (n, r, p, salt, digest) if sane and len(digest) >= 16 else None


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int, size: int) -> bytes:
    memory = 128 * r * (n + p + 2)
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, dklen=size, maxmem=2 * memory)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


# Reading tables: each reader gives a usable value even for a wrong one, and notes what was wrong


Check = Callable[[str], str | None]  # what is wrong with a text, or None
_REQUIRED: Any = object()


class _Table:
    """One TOML table being read: every key that is asked for is known, and `close` reports the others."""

    def __init__(self, table: Mapping[str, Any], path: str, problems: list[str]) -> None:
        self._table = table
        self._path = path
        self._problems = problems
        self._known: list[str] = []

    def problem(self, key: str, what: str) -> None:
        self._problems.append(f"{self._at(key)}: {what}")

    def text(self, key: str, default: Any = _REQUIRED, check: Check | None = None) -> str:
        """A text that is not empty; `check` gives what is wrong with it, or None."""
        value = self._get(key, str, "a text", default)
        if value is _REQUIRED:
            return ""
        if isinstance(value, str) and key in self._table:
            wrong = "is empty" if not value.strip() else check(value) if check is not None else None
            if wrong is not None:
                self.problem(key, wrong)
        return value  # type: ignore[no-any-return]  # a text, or the default that the caller gave

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, none of them empty."""
        values = self._get(key, list, "a list of texts", [])
        if not all(isinstance(value, str) and value.strip() for value in values):
            self.problem(key, "must be a list of texts, none of them empty")
            return ()
        return tuple(values)

    def number(self, key: str, default: float, low: float, high: float) -> float:
        value = self._get(key, (int, float), "a number of seconds", default)
        return float(self._within(key, value, default, low, high))

    def whole(self, key: str, default: int, low: int, high: int) -> int:
        value = self._get(key, int, "a whole number", default)
        return int(self._within(key, value, default, low, high))

    def flag(self, key: str, default: bool) -> bool:
        return bool(self._get(key, bool, "true or false", default))

    def table(self, key: str) -> _Table:
        return _Table(self._get(key, dict, "a table", {}), self._at(key), self._problems)

    def has(self, key: str) -> bool:
        return key in self._table

    def rows(self, key: str) -> Iterator[_Table]:
        for index, row in enumerate(self._get(key, list, f"a list of tables: [[{key}]]", [])):
            path = f"{self._at(key)}[{index}]"
            if isinstance(row, dict):
                yield _Table(row, path, self._problems)
            else:
                self._problems.append(f"{path}: must be a table: [[{key}]]")

    def seconds_by_key(self, key: str, check: Check, high: float) -> dict[str, float]:
        inner = self.table(key)
        for name in inner._table:
            wrong = check(name)
            if wrong is not None:
                inner.problem(name, wrong)
        return {name.upper(): inner.number(name, 0.0, 0.001, high) for name in inner._table}

    def close(self) -> None:
        for key in self._table:
            if key not in self._known:
                near = difflib.get_close_matches(key, self._known, n=1)
                self.problem(key, "unknown" + (f"; did you mean {near[0]}?" if near else ""))

    def _at(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def _get(self, key: str, kind: type | tuple[type, ...], meant: str, default: Any) -> Any:
        self._known.append(key)
        value = self._table.get(key, default)
        if value is _REQUIRED:
            self.problem(key, "missing")
            return _REQUIRED
        if value is default:
            return value
        wrong_bool = isinstance(value, bool) and kind is not bool  # to Python, true is a number
        if wrong_bool or not isinstance(value, kind):
            self.problem(key, f"must be {meant}, not {value!r}")
            return default
        return value

    def _within(self, key: str, value: float, default: float, low: float, high: float) -> float:
        if value != default and not low <= value <= high:
            self.problem(key, f"must be from {low:g} to {high:g}, not {value!r}")
            return default
        return value


def _config(root: _Table, base: Path) -> Config:
    config = Config(
        name=root.text("name", "fleet"),
        state_dir=base / root.text("state_dir", "var"),
        journal=root.text("journal", "sqlite:///journal.sqlite", _wrong_journal),
        http=_http(root.table("http")),
        queue=_queue(root.table("queue")),
        operator=_operator(root.table("operator")) if root.has("operator") else None,
        shift=_shift(root.table("shift")),
        callbacks=_callbacks(root.table("callbacks")),
        retention=_retention(root.table("retention")),
        tenants=tuple(_tenant(row) for row in root.rows("tenants")),
        admins=tuple(_admin(row) for row in root.rows("admins")),
        stations=tuple(_station(row) for row in root.rows("stations")),
        demo=root.flag("demo", False),
    )
    if not root.has("operator"):
        root.table("operator")  # a known key that is not there
    if not config.tenants:
        root.problem("tenants", "missing: without a tenant nobody can log in")
    if not config.stations:
        root.problem("stations", "missing: without a station no receipt can be made")
    root.close()
    return config


def _http(table: _Table) -> Http:
    http = Http(
        listen=table.text("listen", Http().listen, _wrong_listen),
        open_to_network=table.flag("open_to_network", False),
        public_url=table.text("public_url", None, _wrong_url),
        token_ttl_s=table.number("token_ttl_s", Http().token_ttl_s, 60, 366 * 86400),
        always_200=table.flag("always_200", False),
    )
    if _wrong_listen(http.listen) is None and not http.open_to_network and not _is_loopback(http.host):
        table.problem(
            "listen",
            f"{http.listen} can be reached from other machines: set open_to_network = true if that is meant",
        )
    table.close()
    return http


def _queue(table: _Table) -> Queue:
    queue = Queue(
        max_jobs=table.whole("max_jobs", Queue().max_jobs, 1, 1_000_000),
        reserve_wait_s=table.number("reserve_wait_s", Queue().reserve_wait_s, 0, 86400),
    )
    table.close()
    return queue


def _operator(table: _Table) -> Operator:
    operator = Operator(
        addresses=_operator_addresses(table),
        marking=table.text("marking", None, _wrong_tcp),
        keys=table.text("keys", None, _wrong_tcp),
        pause_s=table.number("pause_s", 0.1, 0, 3600),
        answer_timeout_s=table.number("answer_timeout_s", 30.0, 0.1, 600),
        poll_s=table.number("poll_s", 60.0, 0.1, 86400),
    )
    table.close()
    return operator


def _operator_addresses(table: _Table) -> tuple[str, ...]:
    """`address` alone, or `addresses`, the preferred first."""
    if not table.has("addresses"):
        table.texts("addresses")  # a known key that is not there
        return (table.text("address", check=_wrong_tcp),)
    addresses = table.texts("addresses")
    for index, address in enumerate(addresses):
        if (wrong := _wrong_tcp(address)) is not None:
            table.problem(f"addresses[{index}]", wrong)
    if table.has("address"):
        table.text("address")
        table.problem("address", "say addresses or address, not both")
    elif not addresses or len(set(addresses)) < len(addresses):
        table.problem("addresses", "must be one or more, all different")
    return addresses


def _shift(table: _Table) -> ShiftPolicy:
    shift = ShiftPolicy(
        max_s=table.number("max_s", 84_600.0, 60, 86_100),  # 24 h less five minutes
        share=table.number("share", 0.2, 0.001, 1),
    )
    table.close()
    return shift


def _retention(table: _Table) -> Retention:
    retention = Retention(buyer_days=table.number("buyer_days", 0.0, 0, 36_600))
    table.close()
    return retention


def _callbacks(table: _Table) -> Callbacks:
    callbacks = Callbacks(allow_private=table.flag("allow_private", False))
    table.close()
    return callbacks


def _tenant(table: _Table) -> Tenant:
    tenant = Tenant(
        name=table.text("name"),
        login=table.text("login"),
        password_hash=table.text("password_hash", check=_wrong_hash),
        inn=table.text("inn", check=_wrong_inn),
        weight=table.number("weight", 1.0, 0.001, 1000),
        priority=table.whole("priority", 0, -10, 10),
        group=table.text("group", None, _wrong_name),
    )
    table.close()
    return tenant


def _admin(table: _Table) -> Admin:
    admin = Admin(name=table.text("name", check=_wrong_name), key_sha256=table.text("key_sha256", check=_wrong_sha256))
    table.close()
    return admin


def _station(table: _Table) -> Station:
    station = Station(
        name=table.text("name", check=_wrong_name),
        address=table.text("address", check=_wrong_address),
        inn=table.text("inn", check=_wrong_inn),
        link=cast(Layer, table.text("link", "standard", _wrong_link)),
        timezone=table.text("timezone", "Europe/Moscow", _wrong_timezone),
        deadlines=table.seconds_by_key("deadlines", _wrong_command, 3600),
        group=table.text("group", None, _wrong_name),
        places=table.texts("places"),
        reserve=table.flag("reserve", False),
        relay=cast(RelayBy, table.text("relay", "host", _wrong_relay)),
    )
    table.close()
    return station


# What is wrong with a value, or None


_NAME = re.compile(r"[\w.-]{1,64}")  # it becomes a metric label, a log field and part of an address
_COMMAND = re.compile(r"(?:[0-9A-Fa-f]{2}){1,2}")
_SERIAL = re.compile(r"serial:[^?\s]+(?:\?baud=\d{3,7})?")


def _wrong_journal(text: str) -> str | None:
    if text.startswith("sqlite:///") and len(text) > len("sqlite:///"):
        return None
    return f"must look like sqlite:///journal.sqlite, not {text!r}"


def _wrong_listen(text: str) -> str | None:
    return None if _is_endpoint(text) else f"must look like 127.0.0.1:8080, not {text!r}"


def _wrong_url(text: str) -> str | None:
    good = re.fullmatch(r"https?://[^\s/?#]+(?:/[^\s?#]*)?", text)
    return None if good else f"must look like https://kassa.example, not {text!r}"


def _wrong_tcp(text: str) -> str | None:
    good = text.startswith("tcp://") and _is_endpoint(text.removeprefix("tcp://"))
    return None if good else f"must look like tcp://127.0.0.1:7900, not {text!r}"


def _wrong_address(text: str) -> str | None:
    if _wrong_tcp(text) is None or _SERIAL.fullmatch(text):
        return None
    return f"must look like tcp://127.0.0.1:7801 or serial:/dev/ttyS0?baud=115200, not {text!r}"


def _wrong_hash(text: str) -> str | None:
    return None if _hash_parts(text) else 'is not scrypt$n$r$p$salt$hash: make one with "fleet hash-password"'


def _wrong_sha256(text: str) -> str | None:
    return (
        None if re.fullmatch(r"[0-9a-f]{64}", text) else 'is not 64 hexadecimal digits: make it with "fleet admin-key"'
    )


def _wrong_inn(text: str) -> str | None:
    return None if check_inn(text) else f"{text!r} is not an INN: 10 or 12 digits with the right check digits"


def _wrong_name(text: str) -> str | None:
    return None if _NAME.fullmatch(text) else "must be 1 to 64 letters, digits, dots, dashes or underscores"


def _wrong_link(text: str) -> str | None:
    return None if text in get_args(Layer) else f"must be standard, alternative or auto, not {text!r}"


def _wrong_relay(text: str) -> str | None:
    return None if text in get_args(RelayBy) else f"must be host or register, not {text!r}"


def _wrong_timezone(text: str) -> str | None:
    try:
        zoneinfo.ZoneInfo(text)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return f"{text!r} is not in the time zone database: use a name like Asia/Yekaterinburg"
    return None


def _wrong_command(text: str) -> str | None:
    return None if _COMMAND.fullmatch(text) else "must be a command code: two or four hexadecimal digits"


def _is_endpoint(text: str) -> bool:
    host, _, port = text.rpartition(":")
    good_host = re.fullmatch(r"\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+", host)
    return bool(good_host) and re.fullmatch(r"\d{1,5}", port) is not None and 0 < int(port) < 65536


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


# What only shows when all tables are seen together


def _clashes(config: Config) -> Iterator[str]:
    for table, rows, field in (
        ("tenants", config.tenants, "name"),
        ("tenants", config.tenants, "login"),
        ("admins", config.admins, "name"),
        ("admins", config.admins, "key_sha256"),
        ("stations", config.stations, "name"),
        ("stations", config.stations, "address"),
    ):
        first: dict[str, int] = {}
        for index, row in enumerate(rows):
            value = getattr(row, field)
            if value and first.setdefault(value, index) != index:
                yield f"{table}[{index}].{field}: {value!r} is already that of {table}[{first[value]}]"


def _oddities(config: Config) -> Iterator[str]:
    served = {tenant.inn for tenant in config.tenants}
    equipped = {station.inn for station in config.stations}
    for index, station in enumerate(config.stations):
        if station.inn not in served:
            yield f"stations[{index}].inn: no tenant has INN {station.inn}, so station {station.name} gets no receipts"
    for index, tenant in enumerate(config.tenants):
        if tenant.inn not in equipped:
            yield f"tenants[{index}].inn: no station has INN {tenant.inn}, so {tenant.name}'s receipts are not accepted"
