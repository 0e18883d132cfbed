"""Twin of `fleet.config`: a good file becomes values, a bad one a list of all its mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet.config import EXAMPLE, Config, hash_password, load, parse, station_of, verify_password
from fleet.errors import ConfigError

SMALL = """
[[tenants]]
name = "demo"
login = "demo"
password_hash = "scrypt$16384$8$1$a2tr$lomt2dYY4AxGwIvrDDqP8ACRZ2YkzTvUC0s2NaPc3wA="
inn = "9900000000"

[[stations]]
name = "k1"
address = "tcp://127.0.0.1:7801"
inn = "9900000000"
"""


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    for problem in caught.value.problems:
        assert problem in str(caught.value)
    return caught.value.problems


def test_the_example_is_right() -> None:
    """What `fleet check` shows as a model must itself pass, without warnings."""
    config = parse(EXAMPLE, base=Path("/etc/fleet"))
    assert config.warnings == ()
    assert config.journal_path == Path("/etc/fleet/var/rack-1/journal.sqlite")
    assert (config.http.host, config.http.port) == ("127.0.0.1", 8080)
    assert config.operator is not None
    assert config.operator.addresses == ("tcp://127.0.0.1:7900",)
    assert config.stations[1].deadlines == {"FF45": 40.0}
    assert config.tenants[0].inn == "9900000000"


def test_little_is_needed() -> None:
    """A tenant and a station suffice; the rest has defaults that are safe."""
    config = parse(SMALL)
    assert config.http.listen == "127.0.0.1:8080"
    assert config.http.token_ttl_s == 86400
    assert config.queue.max_jobs == 10_000
    assert config.shift.max_s == 84_600
    assert config.operator is None
    assert not config.demo
    assert config.stations[0].link == "standard"
    assert config.stations[0].timezone == "Europe/Moscow"
    assert config.journal_path == Path("var/journal.sqlite")


def test_every_mistake_at_once() -> None:
    """A file is mended in one go, so each mistake is told, with its path."""
    text = """
    name = 5
    journal = "mysql://x"
    colour = "red"
    [http]
    listen = "8080"
    public_url = "kassa"
    token_ttl_s = "day"
    [queue]
    max_jobs = 0
    max_job = 1
    [operator]
    pause_s = -1
    [shift]
    max_s = 90000
    [[tenants]]
    name = ""
    password_hash = "secret"
    inn = "123"
    [[stations]]
    name = "k 1"
    address = "127.0.0.1:7801"
    inn = "9900000000"
    timezone = "Moscow"
    link = "fast"
    deadlines = { XY = 1, FF45 = true }
    """
    assert [line.split(": ")[0] for line in problems(text)] == [
        "name",
        "journal",
        "http.listen",
        "http.public_url",
        "http.token_ttl_s",
        "queue.max_jobs",
        "queue.max_job",
        "operator.address",
        "operator.pause_s",
        "shift.max_s",
        "tenants[0].name",
        "tenants[0].login",
        "tenants[0].password_hash",
        "tenants[0].inn",
        "stations[0].name",
        "stations[0].address",
        "stations[0].link",
        "stations[0].timezone",
        "stations[0].deadlines.XY",
        "stations[0].deadlines.FF45",
        "colour",
    ]
    assert any(line == "queue.max_job: unknown; did you mean max_jobs?" for line in problems(text))


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (("stations = 1", "", SMALL.split("[[stations]]")[0]), "stations"),
        (("stations = [1]", "", SMALL.split("[[stations]]")[0]), "stations[0]"),
        (("http = 1", "", SMALL), "http"),
        (("queue = []", "", SMALL), "queue"),
        (("operator = true", "", SMALL), "operator"),
        (("demo = 1", "", SMALL), "demo"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_shape_is_a_mistake_too(change: tuple[str, str, str], path: str) -> None:
    """Tables and lists in the wrong place are named like values."""
    assert any(line.startswith(f"{path}: ") for line in problems("\n".join(change)))


def test_a_file_without_anything() -> None:
    """An empty file says what a fleet cannot do without."""
    assert [line.split(":")[0] for line in problems("")] == ["tenants", "stations"]


def test_names_addresses_and_logins_are_unique() -> None:
    """Two stations on one register would make each other's documents."""
    clash = SMALL + SMALL.replace('name = "demo"', 'name = "other"')
    assert problems(clash) == (
        "tenants[1].login: 'demo' is already that of tenants[0]",
        "stations[1].name: 'k1' is already that of stations[0]",
        "stations[1].address: 'tcp://127.0.0.1:7801' is already that of stations[0]",
    )


@pytest.mark.parametrize("listen", ["0.0.0.0:80", "[::]:8080", "kassa.example:80", "192.0.2.1:8080"])
def test_other_machines_come_in_only_when_that_is_said(listen: str) -> None:
    """Logins travel in it, so a typing slip must not open the door."""
    text = f'[http]\nlisten = "{listen}"\n'
    assert "open_to_network" in problems(text + SMALL)[0]
    assert parse(text + "open_to_network = true\n" + SMALL).http.listen == listen


@pytest.mark.parametrize("listen", ["127.0.0.1:1", "localhost:8080", "[::1]:8080", "127.9.9.9:65535"])
def test_this_machine_needs_no_permission(listen: str) -> None:
    """Any loopback address is private."""
    assert parse(f'[http]\nlisten = "{listen}"\n' + SMALL).http.listen == listen


@pytest.mark.parametrize("listen", ["127.0.0.1", "127.0.0.1:0", "127.0.0.1:70000", ":8080", "a b:80", "::1:x"])
def test_what_is_not_an_endpoint(listen: str) -> None:
    """Told when the file is read, not when the port is opened."""
    assert problems(f'[http]\nlisten = "{listen}"\n' + SMALL)[0].startswith("http.listen: must look like")


@pytest.mark.parametrize("address", ["serial:/dev/ttyS0?baud=115200", "serial:/dev/ttyACM0", "tcp://[::1]:7801"])
def test_addresses_of_registers(address: str) -> None:
    """Serial lines and networks."""
    assert parse(SMALL.replace("tcp://127.0.0.1:7801", address)).stations[0].address == address


def test_oddities_are_warnings() -> None:
    """A register in preparation, or a company before its register, must not stop the others."""
    config = parse(
        SMALL.replace(
            'address = "tcp://127.0.0.1:7801"\ninn = "9900000000"', 'address = "tcp://a:1"\ninn = "7707083893"'
        )
    )
    assert [line.split(":")[0] for line in config.warnings] == ["stations[0].inn", "tenants[0].inn"]


def test_absolute_paths_stay(tmp_path: Path) -> None:
    """A fourth slash makes the journal's path absolute, as in other programs' addresses of SQLite files."""
    config = parse('journal = "sqlite:////srv/journal.sqlite"\nstate_dir = "/var/lib/fleet"\n' + SMALL, base=tmp_path)
    assert config.journal_path == Path("/srv/journal.sqlite")
    assert config.state_dir == Path("/var/lib/fleet")


def test_load_reads_a_file_and_names_it(tmp_path: Path) -> None:
    """Errors name the file; relative paths in it do not depend on where the daemon was started."""
    path = tmp_path / "fleet.toml"
    path.write_text(SMALL, "utf-8")
    assert load(path).state_dir == tmp_path / "var"
    path.write_text("name =", "utf-8")
    with pytest.raises(ConfigError, match=r"fleet\.toml"):
        load(path)
    path.write_bytes(b"name = '\xff'")
    with pytest.raises(ConfigError, match="UTF-8"):
        load(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path / "none.toml")


@given(
    st.text()
    | st.dictionaries(st.sampled_from(["http", "tenants", "stations", "name", "x"]), st.integers() | st.text()).map(
        lambda table: "\n".join(f"{key} = {value!r}" for key, value in table.items())
    )
)
def test_any_text_is_a_config_or_our_error(text: str) -> None:
    """Never another exception, whatever is in the file."""
    try:
        assert isinstance(parse(text), Config)
    except ConfigError:
        return


def test_passwords() -> None:
    """The hash tells nothing of the password, is salted, and verifies only the right one."""
    one, two = hash_password("пароль"), hash_password("пароль")
    assert one != two
    assert one.startswith("scrypt$16384$8$1$")
    assert verify_password("пароль", one)
    assert not verify_password("Пароль", one)
    assert parse(SMALL.replace("scrypt$16384$8$1$a2tr$lomt2dYY4AxGwIvrDDqP8ACRZ2YkzTvUC0s2NaPc3wA=", one))


@pytest.mark.parametrize(
    "password_hash",
    [
        "",
        "demo",
        "scrypt$16384$8$1$a2tr",
        "scrypt$16384$8$1$a2tr$abc",  # not base64
        "scrypt$16384$8$1$a2tr$AAAA",  # too short to mean anything
        "scrypt$16383$8$1$a2tr$lomt2dYY4AxGwIvrDDqP8ACRZ2YkzTvUC0s2NaPc3wA=",
        "scrypt$9999999$8$1$a2tr$lomt2dYY4AxGwIvrDDqP8ACRZ2YkzTvUC0s2NaPc3wA=",
        "bcrypt$16384$8$1$a2tr$lomt2dYY4AxGwIvrDDqP8ACRZ2YkzTvUC0s2NaPc3wA=",
    ],
)
def test_a_hash_that_is_none(password_hash: str) -> None:
    """It verifies nothing, costs nothing, and is a mistake in the file."""
    assert not verify_password("demo", password_hash)
    text = SMALL.replace("scrypt$16384$8$1$a2tr$lomt2dYY4AxGwIvrDDqP8ACRZ2YkzTvUC0s2NaPc3wA=", password_hash)
    assert any(line.startswith("tenants[0].password_hash: ") for line in problems(text))


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        ('addresses = ["tcp://a:1", "tcp://b:2"]', []),
        ('address = "tcp://a:1"\nmarking = "tcp://a:2"\nkeys = "tcp://a:3"', []),
        ("", ["operator.address"]),
        ("addresses = []", ["operator.addresses"]),
        ('addresses = ["tcp://a:1", "tcp://a:1"]', ["operator.addresses"]),
        ('addresses = ["a:1", "tcp://b:2"]', ["operator.addresses[0]"]),
        ('address = "tcp://a:1"\naddresses = ["tcp://b:2"]', ["operator.address"]),
        ('address = "tcp://a:1"\nmarking = "a:2"', ["operator.marking"]),
    ],
)
def test_ways_to_the_operator(lines: str, wrong: list[str]) -> None:
    """One address or several, the preferred first; never both keys, which would leave it open which counts."""
    text = f"{SMALL}\n[operator]\n{lines}"
    if not wrong:
        assert parse(text).operator is not None
    else:
        assert [line.split(": ")[0] for line in problems(text)] == wrong


def test_one_station_beside_the_file() -> None:
    """What is added while the daemon runs is held to the rules of the file."""
    table = {"name": "k9", "address": "tcp://127.0.0.1:7809", "inn": "9900000000", "relay": "register"}
    station = station_of(table)
    assert (station.name, station.relay, station.link) == ("k9", "register", "standard")
    with pytest.raises(ConfigError) as error:
        station_of({**table, "relay": "nobody", "group": "n o", "colour": "red"})
    assert [line.split(": ")[0] for line in error.value.problems] == ["group", "relay", "colour"]
