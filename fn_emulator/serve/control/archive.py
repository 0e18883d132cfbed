"""What registers made, on the control port: the documents of their drives, and their paper."""

from __future__ import annotations

from io import BytesIO
from typing import Annotated, Any

import msgspec
from msgspec import Meta
from starlette.responses import Response

from ffd import documents, jsons
from ffd.container import Container
from ffd.documents import OF_CODE
from ffd.errors import FfdError
from fn_emulator.drive import Drive
from fn_emulator.drive.moments import moment_bytes
from fn_emulator.drive.records import DocumentRecord
from fn_emulator.errors import Misuse
from fn_emulator.serve.control.registers import seat_of
from fn_emulator.serve.openapi import Action, NotThere, Stream
from fn_emulator.serve.world import World

__all__ = ["ACTIONS"]


DOCUMENTS_MAX = 1000
"""Of one answer; an archive holds a quarter of a million."""


class DocumentView(msgspec.Struct, kw_only=True):
    """A document of the archive."""

    number: int
    form: int
    title: str
    moment: Annotated[str, Meta(description="The register's clock when it was made, ISO, without a zone.")]
    sign: int
    confirmed: Annotated[bool, Meta(description="The operator's ticket is in the drive.")]


class WholeDocument(msgspec.Struct, kw_only=True):
    """A document with its fields as `ffd` names them, and its container as it goes to the operator."""

    number: int
    form: int
    container: str
    fields: Annotated[dict[str, Any], Meta(description="Empty when it cannot be read; then `problem` says why.")]
    problem: str | None = None


class TapeView(msgspec.Struct):
    """The newest lines of paper; `printed` counts all there ever were."""

    text: str
    printed: int


class Pages(msgspec.Struct, forbid_unknown_fields=True):
    """Documents after a number, the oldest first."""

    after: Annotated[int, Meta(ge=0)] = 0
    limit: Annotated[int, Meta(ge=1, le=DOCUMENTS_MAX)] = 100


def archive(world: World, register: int, pages: Pages) -> list[DocumentView]:
    drive = seat_of(world, register).register.drive
    last = min(drive.last_document, pages.after + pages.limit)
    return [_document_view(drive, number) for number in range(pages.after + 1, last + 1)]


def _document_view(drive: Drive, number: int) -> DocumentView:
    record = _record(drive, number)
    year, month, day, hour, minute = moment_bytes(record.moment)
    return DocumentView(
        number=number,
        form=record.form,
        title=_title(record.form),
        moment=f"{2000 + year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}",
        sign=int.from_bytes(record.sign, "big"),
        confirmed=0 < record.queue_number <= drive.state.ticketed,
    )


def _record(drive: Drive, number: int) -> DocumentRecord:
    record = drive.log.document(drive.state, number)
    if record is None:
        raise NotThere(f"no document {number}: the drive holds 1 to {drive.last_document}")
    return record


def _title(form: int) -> str:
    return OF_CODE[form].__name__ if form in OF_CODE else "?"


def whole_document(world: World, register: int, document: int) -> WholeDocument:
    record = _record(seat_of(world, register).register.drive, document)
    shown = WholeDocument(number=document, form=record.form, container=record.container.hex(), fields={})
    try:
        container = Container.decode(record.container)
        shown.fields = msgspec.json.decode(jsons.write(documents.decode(container.document)))
    except FfdError as error:
        shown.problem = str(error)
    return shown


def tape(world: World, register: int) -> TapeView:
    printed = seat_of(world, register).register.tape(world.clock())
    return TapeView(printed.text(), printed.printed)


def tape_picture(world: World, register: int) -> Stream:
    printer = seat_of(world, register).register
    if not printer.tape(world.clock()).lines:
        raise NotThere("nothing has been printed yet")
    drawn = BytesIO()
    try:
        printer.tape_picture(world.clock()).save(drawn, "PNG")
    except ImportError as error:
        raise Misuse(f"pictures need the extra `render`: {error}") from None
    return Stream(Response(drawn.getvalue(), media_type="image/png"))


ACTIONS: tuple[Action[World], ...] = (
    Action(
        method="GET",
        path="/registers/{register}/documents",
        summary="The archive of its drive",
        run=archive,
        query=Pages,
        gives=list[DocumentView],
    ),
    Action(
        method="GET",
        path="/registers/{register}/documents/{document}",
        summary="A document with its fields",
        run=whole_document,
        gives=WholeDocument,
    ),
    Action(method="GET", path="/registers/{register}/tape", summary="Its paper as text", run=tape, gives=TapeView),
    Action(
        method="GET",
        path="/registers/{register}/tape.png",
        summary="Its paper as a picture",
        run=tape_picture,
        gives="image/png",
    ),
)
