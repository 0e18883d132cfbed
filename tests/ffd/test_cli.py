"""The command `ffd`: what it reads, shows, refuses, and its exit codes."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner, Result

from ffd import jsons
from ffd.archive import Archive, ArchivedDocument
from ffd.cli import app
from ffd.container import wrap
from ffd.documents import OperatorConfirmation, ReceiptDocument, decode
from ffd.tlv import Tlv
from tests.ffd.render.samples import RECEIPT, REGISTRATION, SHIFT_CLOSE
from tests.ffd.vectors import one

ROOT = Path(__file__).parents[2]
REAL = bytes.fromhex(one("ffd_receipt_2026", "tlv-of-the-same-receipt")["hex"])
GOOD = RECEIPT.encode()
WRONG = msgspec.structs.replace(RECEIPT, cash_total=1).encode()
ARCHIVE = Archive(
    drive="9999078900005488",
    registration_number=REGISTRATION.register_registration_number or "",
    shifts=1,
    documents=(
        ArchivedDocument.of(REGISTRATION),
        ArchivedDocument.of(RECEIPT, confirmation=OperatorConfirmation(fiscal_document_number=418)),
        ArchivedDocument.of(SHIFT_CLOSE),
    ),
).encode()


def _run(*arguments: str, given: bytes | str = b"") -> Result:
    return CliRunner().invoke(app, list(arguments), input=given)


def _json(*arguments: str, given: bytes | str = b"") -> Any:
    return json.loads(_run(*arguments, "--json", given=given).stdout)


def test_show() -> None:
    """The tree names every tag: number, Russian name, meaning, and what the value is called here."""
    done = _run("show", "-", given=REAL.hex())
    assert done.exit_code == 0
    assert "Кассовый чек № 43553" in done.stdout
    assert "1020 сумма расчета, указанного в чеке (БСО)  562.92  receipt_total" in done.stdout
    assert "1054 признак расчета  ПРИХОД (1)  operation_type" in done.stdout
    assert "1305 КТ GS1.М  0104605035006964215OoyE8qxeIOn>" in done.stdout
    assert "items[7]" in done.stdout
    assert "\x1b" not in done.stdout


def test_show_keeps_unknown_tags() -> None:
    """A tag that no table knows, or that does not belong here, is shown whole."""
    document = ReceiptDocument(kept=(Tlv(60000, b"\x01\x02"), Tlv(1101, b"\x01")))
    shown = _run("show", "-", given=document.encode()).stdout
    assert "60000 unknown tag  0102" in shown
    assert "1101 код причины перерегистрации  01" in shown


def test_show_disarms_control_characters() -> None:
    """A document cannot send commands to the terminal it is shown on."""
    shown = _run("show", "-", given=ReceiptDocument(user_name="ООО \x1b[2J\nчай").encode()).stdout
    assert "\x1b" not in shown
    assert "ООО ·[2J чай" in shown


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (("show", "-"), '{"form": 3, "\\u001b[2J": 1}'),
        (("show", "-"), '{"code": 3, "\\u001b[2J": 1}'),
        (("check", "-"), '{"operation": 1, "items": [], "\\u001b[2J": 1}'),
        (("mark", "-"), "01046\x1b[2J"),
    ],
)
def test_nothing_reaches_the_terminal_raw(arguments: tuple[str, ...], given: str) -> None:
    """Names of fields in somebody's JSON and codes of a scanner are foreign texts too."""
    done = _run(*arguments, given=given)
    assert done.exit_code in (1, 2)
    assert "\x1b" not in done.stdout + done.stderr


def test_show_wrapped() -> None:
    """Around a document stand container and signs; an archive is shown document by document, with its tickets."""
    container = wrap(REAL, drive="7384440900844678", document=43553, sign=b"\x81\x06abcdef")
    shown = _run("show", "-", given=container).stdout
    assert "Container" in shown
    assert "Кассовый чек № 43553" in shown
    shown = _run("show", "-", given=ARCHIVE).stdout
    assert shown.index("Отчет о регистрации № 1") < shown.index("Кассовый чек № 418") < shown.index("закрытии смены")
    assert "Подтверждение оператора № 418" in shown


def test_show_json() -> None:
    """--json gives the document in our own form, bytes as they were."""
    shown = _json("show", "-", given=REAL)
    assert (shown["kind"], shown["written"]) == ("document", "binary")
    assert jsons.read(shown["document"]).encode() == REAL
    archive = _json("show", "-", given=ARCHIVE)["archive"]
    assert [one["document"]["form"] for one in archive["documents"]] == [1, 3, 5]


def test_show_on_a_terminal_has_colours() -> None:
    """On a terminal the tree is coloured; elsewhere it is plain."""
    parent, child = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    with subprocess.Popen(
        [sys.executable, "-m", "ffd", "show", "-"], stdin=subprocess.PIPE, stdout=child, cwd=ROOT, env=environment
    ) as process:
        os.close(child)
        assert process.stdin is not None
        process.stdin.write(ReceiptDocument(receipt_total=5).encode())
        process.stdin.close()
        shown = b""
        while True:
            try:
                part = os.read(parent, 4096)
            except OSError:  # Linux ends a pseudo-terminal whose other side closed like this
                break
            if not part:
                break
            shown += part
        assert process.wait(timeout=60) == 0
    os.close(parent)
    assert b"\x1b[" in shown
    assert "Кассовый чек".encode() in shown


def test_check_good_and_wrong(tmp_path: Path) -> None:
    """0 for a right document, 1 for a wrong one, each violation with code, place and both languages."""
    good = _run("check", "-", given=GOOD)
    assert (good.exit_code, good.stdout) == (0, "1 checked, 0 wrong, 0 warnings\n")
    path = tmp_path / "wrong.bin"
    path.write_bytes(WRONG)
    wrong = _run("check", str(path))
    assert wrong.exit_code == 1
    assert "wrong F01 Кассовый чек № 418: receipt/receipt_total (1020)" in wrong.stdout
    assert "Сумма оплат не равна итогу чека." in wrong.stdout
    assert _run("check", "-", "--without", "F01", given=WRONG).exit_code == 0


def test_check_json() -> None:
    """--json has every violation, and the exit code stays."""
    found = _json("check", "-", given=WRONG)
    assert found["checked"] == 1
    assert [(one["code"], one["path"]) for one in found["violations"]] == [("F01", "receipt/receipt_total")]
    assert _run("check", "-", "--json", given=WRONG).exit_code == 1


def test_check_context(tmp_path: Path) -> None:
    """Registration, previous document and clock are asked for; a warning only counts with --strict."""
    registration, previous = tmp_path / "registration.json", tmp_path / "previous.hex"
    registration.write_bytes(jsons.write(msgspec.structs.replace(REGISTRATION, settlement_place="рынок")))
    previous.write_text(msgspec.structs.replace(RECEIPT, receipt_number_in_shift=9).encode().hex())
    assert _run("check", "-", "--registration", str(registration), given=GOOD).exit_code == 0
    assert _run("check", "-", "--registration", str(registration), "--strict", given=GOOD).exit_code == 1
    found = _json("check", "-", "--previous", str(previous), "--now", "2026-11-25T18:00:00", given=GOOD)
    assert {"F08", "F31"} <= {one["code"] for one in found["violations"]}


def test_check_request() -> None:
    """A request lacks what register and drive add; a business receipt is checked by the rules for shops."""
    request = ReceiptDocument(ffd_version=4, operation_type=1, items=RECEIPT.items)
    whole = {one["tag"] for one in _json("check", "-", given=request.encode())["violations"]}
    asked = {one["tag"] for one in _json("check", "-", "--request", given=request.encode())["violations"]}
    assert asked < whole
    body = (
        '{"operation":1,"tax_system":1,"items":[{"name":"Чай","price":5,"quantity":1,"total":5,"vat":6}],"payments":%s}'
    )
    assert _run("check", "-", given=body % '{"cash":5}').exit_code == 0
    assert _run("check", "-", given=body % '{"cash":4}').exit_code == 1


def test_check_archive() -> None:
    """Every document of an archive is checked against its registration and its predecessor."""
    good = _json("check", "-", "--without", "F08", given=ARCHIVE)
    assert good == {"violations": [], "checked": 3}
    gap = _json("check", "-", given=ARCHIVE)["violations"]
    assert {one["code"] for one in gap} == {"F08"}  # 1, 418 and 420 are no row


def test_check_qr_line() -> None:
    """A line from under a receipt is read; a wrong one is not."""
    line = "t=20150720T1638&s=9999999.00&fn=000110000105&i=12345678&fp=123456&n="
    assert _run("check", "-", given=line + "2").exit_code == 0
    assert _run("check", "-", given=line + "9").exit_code == 2


@pytest.mark.parametrize("to", ["json", "tax", "hex", "base64"])
def test_convert_and_back(to: str) -> None:
    """Each form reads back into the same document."""
    made = _run("convert", "-", "--to", to, given=REAL)
    assert made.exit_code == 0
    again = _run("convert", "-", "--to", "json", given=made.stdout)
    expected = decode(REAL) if to != "tax" else msgspec.structs.replace(decode(REAL), order=())
    assert jsons.read(again.stdout) == expected


def test_convert_binary(tmp_path: Path) -> None:
    """Binary goes to a file, byte for byte, out of a container too."""
    out = tmp_path / "out.bin"
    container = wrap(REAL, drive="7384440900844678", document=43553)
    assert _run("convert", "-", "--to", "binary", "-o", str(out), given=container).exit_code == 0
    assert out.read_bytes() == REAL


def test_convert_archive() -> None:
    """Documents of an archive stand one a line; they have no common binary form."""
    lines = _run("convert", "-", given=ARCHIVE).stdout.splitlines()
    assert [json.loads(line)["form"] for line in lines] == [1, 3, 5]
    assert len(_run("convert", "-", "--to", "hex", given=ARCHIVE).stdout.splitlines()) == 3
    assert _run("convert", "-", "--to", "binary", given=ARCHIVE).exit_code == 2


@pytest.mark.parametrize(
    ("name", "start"), [("a.txt", b" "), ("a.html", b"<!doctype"), ("a.PNG", b"\x89PNG"), ("a.pdf", b"%PDF")]
)
def test_print(tmp_path: Path, name: str, start: bytes) -> None:
    """The ending of the file says what is made."""
    done = _run("print", "-", "--to", str(tmp_path / name), "--width", "32", "--tendered", "120000", given=GOOD)
    assert done.exit_code == 0, done.stderr
    assert (tmp_path / name).read_bytes().startswith(start)


def test_print_text() -> None:
    """Without a file the text form is printed."""
    done = _run("print", "-", "--width", "42", given=GOOD)
    assert "КАССОВЫЙ ЧЕК" in done.stdout
    assert max(map(len, done.stdout.splitlines())) == 42


def test_mark() -> None:
    """A good code is taken apart, a bad one says what is wrong."""
    good = _run("mark", "010460043993125621JgXJ5.T<GS>8005112000<GS>93AbC1")
    assert good.exit_code == 0
    assert "табак, блок" in good.stdout
    assert "010460043993125621JgXJ5.T" in good.stdout
    bad = _run("mark", "4606203090786")
    assert bad.exit_code == 1
    assert "check_digit at 12" in bad.stdout
    assert _json("mark", "-", given="46198488\n")["member"] == "product_code_ean8"


def test_numbers() -> None:
    """INN and registration number."""
    assert _run("inn", "7704849611").exit_code == 0
    assert _run("inn", "7704849612").exit_code == 1
    number, inn, serial = (
        REGISTRATION.register_registration_number or "",
        REGISTRATION.user_inn or "",
        REGISTRATION.register_serial_number or "",
    )
    assert _run("registration", number, "--inn", inn, "--serial", serial).exit_code == 0
    assert _run("registration", number, "--inn", "7704849611", "--serial", serial).exit_code == 1


def test_schema() -> None:
    """The schemas are JSON."""
    assert "ReceiptDocument" in json.loads(_run("schema").stdout)["$defs"]
    assert "Receipt" in json.loads(_run("schema", "--receipt").stdout)["$defs"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "no-such-file"),
        ("show", "."),
        ("show", "-"),
        ("check", "-", "--registration", "no-such-file"),
        ("check", "-", "--now", "yesterday"),
        ("convert", "-", "--to", "xml"),
        ("print", "-"),
        ("nonsense",),
    ],
)
def test_unreadable(arguments: tuple[str, ...]) -> None:
    """What cannot be read or was not asked for rightly ends with 2 and one plain line, never a traceback."""
    done = _run(*arguments, given=b"hello")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (("print", "-", "--to", "a.doc"), GOOD),
        (("print", "-", "--width", "7"), GOOD),
        (("print", "-"), ARCHIVE),
        (("convert", "-"), b"t=20150720T1638&s=9999999.00&fn=000110000105&i=12345678&fp=123456&n=2"),
        (("convert", "-", "-o", "no-such-folder/x"), GOOD),
        (("check", "-", "--registration", "-"), b""),
    ],
)
def test_impossible(arguments: tuple[str, ...], given: bytes) -> None:
    """A readable input with an impossible wish ends with 2 as well."""
    done = _run(*arguments, given=given)
    assert done.exit_code == 2
    assert done.stderr.startswith("ffd: ")


def test_errors_in_json() -> None:
    """With --json an error is JSON too."""
    assert _json("show", "-", given=b"hello")["path"] == "input"
    wrong = _json("show", "-", given=b'{"form": 3, "user_inn": 5}')
    assert [one["path"] for one in wrong["violations"]] == ["user_inn"]


def test_docs_show_what_is_printed() -> None:
    """The examples of the page are what the command says."""
    page = (ROOT / "docs" / "ffd-command.md").read_text("utf-8")
    for done in (_run("check", "-", given=WRONG), _run("mark", "010460043993125621JgXJ5.T800511200093AbC1")):
        lines = done.stdout.splitlines()
        assert "\n".join(lines[:4]) in page
        assert lines[-1] in page


def test_starts_light() -> None:
    """The command loads the table of documents and rich only when it needs them."""
    code = "import sys, ffd.cli; print(sorted({'rich.tree', 'PIL', 'ffd.documents', 'ffd.render'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_closed_pipe_is_no_error_of_ours(tmp_path: Path) -> None:
    """`ffd convert … | head -1` ends quietly."""
    path = tmp_path / "a.bin"
    path.write_bytes(ARCHIVE)
    done = subprocess.run(
        f"{sys.executable} -m ffd convert {path} | head -c 1", shell=True, capture_output=True, timeout=60, cwd=ROOT
    )
    assert (done.stdout, done.stderr) == (b"{", b"")
