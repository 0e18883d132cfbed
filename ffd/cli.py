"""The command `ffd`: look at, check, convert and print fiscal documents, read marking codes, check numbers.

Input is a file or standard input (`-`), of any kind that `ffd.intake` tells apart. Exit codes: 0 all is well (warnings
included), 1 it was read and is wrong, 2 it could not be read or asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from ffd.control import Context
    from ffd.documents import Document
    from ffd.errors import Violation
    from ffd.intake import Found

__all__ = ["main"]

SIZE_MAX = 1 << 29  # a drive holds 250 000 documents of about a kilobyte
WRONG, UNREADABLE = 1, 2

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Fiscal documents of Russian cash registers: show, check, convert, print. Exit codes: 0 well, 1 wrong, "
    "2 unreadable.",
)


class Target(StrEnum):
    """What `convert` writes."""

    JSON = "json"
    TAX = "tax"
    HEX = "hex"
    BASE64 = "base64"
    BINARY = "binary"


Source = Annotated[Path, typer.Argument(help="A file, or - for standard input: binary, hex, base64, JSON, a QR line.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Registration = Annotated[
    Path | None, typer.Option(help="The registration report of the register, in any form: what it says binds.")
]


@app.command()
def show(source: Source, as_json: AsJson = False) -> None:
    """Show what SOURCE holds: a tree of tags with their Russian names and meanings."""
    with _failing(as_json):
        found = _read(source)
        if as_json:
            _write_json(_as_json(found))
        else:
            from ffd.cli_tree import tree

            _console().print(tree(found))


@app.command()
def check(
    source: Source,
    as_json: AsJson = False,
    request: Annotated[
        bool, typer.Option("--request", help="The document is not formed yet: register and drive will add their tags.")
    ] = False,
    registration: Registration = None,
    previous: Annotated[Path | None, typer.Option(help="The document before this one on the drive.")] = None,
    now: Annotated[datetime | None, typer.Option(help="Exact time of the place, to check the clock.")] = None,
    without: Annotated[list[str] | None, typer.Option(help="A rule to leave out, as F15; may be repeated.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="A warning counts as a violation.")] = False,
) -> None:
    """Check SOURCE against the rules of the format; an archive document by document."""
    with _failing(as_json):
        from ffd.control import Context
        from ffd.presence import Supplier

        context = Context(
            registration=_document(registration),
            previous=_document(previous),
            now=now,
            stage=Supplier.HOST if request else Supplier.DRIVE,
        )
        checked = list(_checked(_read(source), context, frozenset(without or ())))
        violations = [one for _, several in checked for one in several]
        if as_json:
            _write_json({"violations": violations, "checked": len(checked)})
        else:
            _print_checked(checked)
        if any(strict or not one.warning for one in violations):
            raise typer.Exit(WRONG)


@app.command()
def convert(
    source: Source,
    to: Annotated[Target, typer.Option(help="json is our own form, tax the names of the tax service.")] = Target.JSON,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Where to write; standard output.")] = None,
) -> None:
    """Write the document in SOURCE in another form; of an archive one line for each document."""
    with _failing():
        found = _read(source)
        documents = [found.document] if found.archive is None else [one.document for one in found.archive.documents]
        known = [one for one in documents if one is not None]
        if not known:
            _fail(f"a {found.kind} holds no document to convert")
        if found.archive is not None and to is Target.BINARY:
            _fail("documents of an archive have no common binary form; take hex, one a line")
        if to is Target.BINARY and output is None and sys.stdout.isatty():
            _fail("binary is not for a terminal: give -o FILE")
        text = b"\n".join(_converted(one, to, lines=found.archive is not None) for one in known)
        _write(text + (b"" if to is Target.BINARY else b"\n"), output)


@app.command("print")
def print_form(
    source: Source,
    to: Annotated[Path | None, typer.Option(help="A file; its ending says what to make: .txt .html .png .pdf.")] = None,
    width: Annotated[int, typer.Option(help="Columns of the paper: 32 (58 mm), 42 or 48 (80 mm).")] = 48,
    scale: Annotated[int, typer.Option(help="Magnification of a picture, 1 to 4.")] = 1,
    registration: Registration = None,
    tendered: Annotated[int | None, typer.Option(help="Kopecks the buyer put down, to print the change.")] = None,
) -> None:
    """Print the document in SOURCE as on paper: text, HTML, a picture or PDF."""
    with _failing():
        from ffd import render

        found = _read(source)
        if found.document is None:
            _fail(f"a {found.kind} has no printed form")
        beside = render.Beside(registration=_document(registration), tendered=tendered)
        match to.suffix.lower() if to else ".txt":
            case ".txt":
                made: bytes = render.text(found.document, width=width, beside=beside).encode()
            case ".html" | ".htm":
                made = render.html(found.document, beside=beside).encode()
            case ".png":
                made = render.png(found.document, width=width, scale=scale, beside=beside)
            case ".pdf":
                made = render.pdf(found.document, width=width, beside=beside)
            case other:
                _fail(f"{other!r} is none of .txt .html .png .pdf")
        _write(made, to)


@app.command()
def mark(
    code: Annotated[str, typer.Argument(help="A code as the scanner sent it, or - for standard input.")],
    as_json: AsJson = False,
) -> None:
    """Take a marking or product code apart and say exactly what is wrong with it."""
    with _failing(as_json):
        from ffd import marking
        from ffd.words import plain

        found = marking.parse(_input(Path("-")).decode().strip("\r\n") if code == "-" else code)
        described = found.describe()
        if as_json:
            _write_json(described)
        else:
            for name, value in described.items():
                if name != "problems" and value not in ("", None, [], {}):
                    words = "  ".join(map(" ".join, value.items())) if isinstance(value, dict) else value
                    typer.echo(f"{name:14} {plain(str(words))}")
            for problem in found.problems:
                typer.echo(f"{problem.code} at {problem.position}: {problem.message_en}\n    {problem.message_ru}")
        if found.problems:
            raise typer.Exit(WRONG)


@app.command()
def inn(number: Annotated[str, typer.Argument(help="10 or 12 digits.")]) -> None:
    """Check the check digits of a taxpayer's number."""
    from ffd.ids import check_inn

    _verdict(check_inn(number), number)


@app.command()
def registration(
    number: Annotated[str, typer.Argument(help="Registration number (1037), 16 digits.")],
    inn: Annotated[str, typer.Option(help="INN of the user (1018).")],
    serial: Annotated[str, typer.Option(help="Serial number of the register (1013).")],
) -> None:
    """Check whether a registration number was given to this INN and register."""
    from ffd.ids import check_registration_number

    _verdict(check_registration_number(number, inn, serial), number)


@app.command()
def schema(
    receipt: Annotated[bool, typer.Option("--receipt", help="Of a business receipt instead of documents.")] = False,
) -> None:
    """Print the JSON Schema of our own form."""
    from ffd import jsons, receipts

    _write_json(receipts.schema() if receipt else jsons.schema())


# ── input ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _input(source: Path) -> bytes:
    try:
        if str(source) == "-":
            data = sys.stdin.buffer.read(SIZE_MAX + 1)
        else:
            with source.open("rb") as file:
                data = file.read(SIZE_MAX + 1)
    except OSError as error:
        _fail(f"{source}: {error.strerror}")
    if len(data) > SIZE_MAX:
        _fail(f"{source}: more than {SIZE_MAX} bytes")
    return data


def _read(source: Path) -> Found:
    from ffd.intake import read

    return read(_input(source))


def _document(source: Path | None) -> Document | None:
    """The document in a file that only gives context."""
    if source is None:
        return None
    found = _read(source)
    if found.document is None:
        _fail(f"{source}: a {found.kind}, a document expected")
    return found.document


# ── checking ──────────────────────────────────────────────────────────────────────────────────────────────────────

# An archive keeps only a part of every document's tags (those of five years), so these rules cannot be asked of it.
_NOT_OF_ARCHIVES = frozenset(("F04", "F10", "F14"))
Checked = tuple[str, tuple["Violation", ...]]


def _checked(found: Found, context: Context, without: frozenset[str]) -> Iterator[Checked]:
    """What was checked, by name, and what is wrong with it."""
    from ffd import rules
    from ffd.control import check as control
    from ffd.render.form import caption

    if found.archive is not None:
        yield from _checked_archive(found, context, without | _NOT_OF_ARCHIVES)
    elif found.request is not None:
        yield found.kind, tuple(one for one in rules.check(found.request) if one.code not in without)
    elif found.document is not None:
        yield caption(found.document), control(found.document, context, without=without)
    else:  # a QR line or a container of unknown content: that it could be read is all there is to say
        yield found.kind, ()


def _checked_archive(found: Found, context: Context, without: frozenset[str]) -> Iterator[Checked]:
    import msgspec

    from ffd.control import check as control
    from ffd.render.form import caption

    assert found.archive is not None
    for archived in found.archive.documents:
        document = archived.document
        if document is not None:
            yield caption(document), control(document, context, without=without)
            registered = document if document.CODE in (1, 11) else context.registration
            context = msgspec.structs.replace(context, registration=registered, previous=document)


def _print_checked(checked: list[Checked]) -> None:
    from rich.text import Text

    console = _console()
    for name, violations in checked:
        for one in violations:
            kind, style = ("warning", "yellow") if one.warning else ("wrong", "bold red")
            tag = "" if one.tag is None else f" ({one.tag})"
            head = Text.assemble((f"{kind} ", style), (one.code, "bold"), f" {name}: {one.path}{tag}")
            console.print(head, soft_wrap=True)
            console.print(Text(f"    {one.message_ru}\n    {one.message_en}"), soft_wrap=True, highlight=False)
    wrong = sum(not one.warning for _, several in checked for one in several)
    warnings = sum(one.warning for _, several in checked for one in several)
    console.print(
        Text(f"{len(checked)} checked, {wrong} wrong, {warnings} warnings", "bold red" if wrong else "green"),
        soft_wrap=True,
    )


# ── output ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _console() -> Any:
    """Colours and the terminal's width on a terminal; plain, and wide enough for any line, elsewhere."""
    from rich.console import Console

    console = Console(highlight=False, emoji=False, markup=False)
    return console if console.is_terminal else Console(highlight=False, emoji=False, markup=False, width=1000)


def _as_json(found: Found) -> dict[str, Any]:
    """What was found, with the document in our own JSON."""
    import msgspec

    from ffd import jsons

    def own(document: Document | None) -> Any:
        return None if document is None else msgspec.Raw(jsons.write(document))

    parts: dict[str, Any] = {"kind": found.kind, "written": found.written, "document": own(found.document)}
    parts |= {"signs": found.signs.hex(), "header": found.header, "qr": found.qr, "request": found.request}
    if found.container is not None:
        parts["container"] = msgspec.structs.asdict(found.container) | {"document": None}
    if found.archive is not None:
        head = {name: getattr(found.archive, name) for name in ("drive", "registration_number", "program", "shifts")}
        inside = [
            {"document": own(one.document), "confirmation": own(one.confirmation)} for one in found.archive.documents
        ]
        parts["archive"] = {**head, "documents": inside}
    return {name: value for name, value in parts.items() if value not in (None, "")}


def _converted(document: Document, to: Target, *, lines: bool) -> bytes:
    import base64

    import msgspec

    from ffd import jsons

    match to:
        case Target.JSON | Target.TAX:
            made = jsons.write(document) if to is Target.JSON else msgspec.json.encode(jsons.to_tax_service(document))
            return made if lines else msgspec.json.format(made, indent=2)
        case Target.HEX:
            return document.encode().hex().encode()
        case Target.BASE64:
            return base64.b64encode(document.encode())
        case Target.BINARY:
            return document.encode()


def _write_json(value: Any) -> None:
    import msgspec

    _write(msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2) + b"\n", None)


def _write(data: bytes, output: Path | None) -> None:
    if output is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        output.write_bytes(data)
    except OSError as error:
        _fail(f"{output}: {error.strerror}")


def _verdict(good: bool, number: str) -> None:
    typer.echo(f"{number}: {'right' if good else 'wrong'}")
    if not good:
        raise typer.Exit(WRONG)


@contextmanager
def _failing(as_json: bool = False) -> Iterator[None]:
    """Errors of the package become a message and an exit code: 1 when it was read and is wrong, 2 when not read."""
    from ffd.errors import FfdError, Invalid
    from ffd.words import plain

    try:
        yield
    except FfdError as error:
        violations = error.violations if isinstance(error, Invalid) else ()
        if as_json:
            _write_json({"error": error.message, "path": error.path, "violations": violations})
        for line in [str(one) for one in violations] or [str(error)]:
            typer.echo(f"ffd: {plain(line)}", err=True)
        readable = bool(violations) and not any(one.code.startswith("J") for one in violations)
        raise typer.Exit(WRONG if readable else UNREADABLE) from None


def _fail(message: str) -> NoReturn:
    typer.echo(f"ffd: {message}", err=True)
    raise typer.Exit(UNREADABLE)


def main() -> None:
    """Entry of the console command."""
    app(prog_name="ffd")
