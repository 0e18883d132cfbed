"""What `ffd show` draws: a document as a tree of tags, with whatever was around it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from rich.text import Text
from rich.tree import Tree

from ffd import tlv
from ffd.documents import Document
from ffd.enums import SETS
from ffd.errors import DecodeError
from ffd.fields import REPEATED, Fields, tag_of
from ffd.intake import Found
from ffd.render.form import caption
from ffd.tags import TAGS, Tag
from ffd.tlv import Tlv
from ffd.words import plain, roubles, value_in_words

__all__ = ["tree"]

_BYTES_SHOWN = 64


def tree(found: Found) -> Tree:
    """The tree of anything that was read."""
    root = Tree(Text(f"{found.kind} ({found.written})", "bold"))
    for part in (found.header, found.container):
        if part is not None:
            root.add(Text(type(part).__name__, "bold")).children.extend(_parts(part))
    if found.document is not None:
        _document(root, found.document)
    if found.signs:
        root.add(Text.assemble("signs behind the document ", (found.signs.hex(), "green")))
    if found.archive is not None:
        _archive(root, found.archive)
    for value in (found.qr, found.request):
        if value is not None:
            root.children.extend(_parts(value))
    if found.request is not None:
        root.add(Text("totals", "bold")).children.extend(
            Tree(Text(plain(line))) for line in found.request.totals().lines()
        )
    return root


def _parts(value: msgspec.Struct) -> Iterator[Tree]:
    """Attributes of a value that is no set of tags."""
    for name in value.__struct_fields__:
        one = getattr(value, name)
        if isinstance(one, msgspec.Struct | tuple):
            inside = Tree(Text(name, "bold"))
            for part in one if isinstance(one, tuple) else (one,):
                if isinstance(part, msgspec.Struct):
                    inside.add(Text(type(part).__name__)).children.extend(_parts(part))
            yield inside
        elif one is not None:
            if isinstance(one, bytes):
                words = _hex(one)
            elif name in ("total", "price") and isinstance(one, int):
                words = roubles(one)
            else:
                words = plain(str(one))
            yield Tree(Text.assemble(f"{name} ", (words, "green")))


def _archive(root: Tree, archive: Any) -> None:
    head = root.add(Text.assemble("archive of drive ", (archive.drive, "green"), f", {archive.shifts} shifts"))
    head.add(Text.assemble("registration number ", (archive.registration_number, "green")))
    for archived in archive.documents:
        document = archived.document
        if document is None:
            head.add(Text(f"container {archived.tag} without a document known here", "yellow"))
            continue
        branch = _document(head, document)
        if archived.confirmation is not None:
            _document(branch, archived.confirmation)


def _document(root: Tree, document: Document) -> Tree:
    branch = root.add(Text.assemble((caption(document), "bold cyan"), (f"  form {document.CODE}", "dim")))
    _fields(branch, document)
    return branch


def _fields(branch: Tree, fields: Fields) -> None:
    for name, row in type(fields).tags().items():
        value = getattr(fields, name)
        several = name in REPEATED
        for index, one in enumerate(value if several else (value,)):
            if one is None:
                continue
            node = branch.add(_label(f"{name}[{index}]" if several else name, row, one))
            if isinstance(one, Fields):
                _fields(node, one)
    known = {tag_of(name).number for name in type(fields).tags()}
    for kept in fields.kept:
        if kept.tag not in known:
            _unknown(branch, kept)


def _label(name: str, row: Tag, value: Any) -> Text:
    label = Text.assemble((f"{row.number} ", "cyan"), row.name_ru)
    if not isinstance(value, Fields):
        label.append("  ")
        words = _hex(value) if isinstance(value, bytes) and row.number != 1077 else value_in_words(row, value)
        label.append(words, "green")
        if row.enum in SETS and isinstance(value, int) and words != str(int(value)):
            label.append(f" ({int(value)})", "dim green")
    return label.append(f"  {name}", "dim")


def _unknown(branch: Tree, field: Tlv) -> None:
    """A tag that does not belong here: named when the tables know it, its bytes whole."""
    row = TAGS.get(field.tag)
    label = Text.assemble((f"{field.tag} ", "yellow"), row.name_ru if row else "unknown tag")
    inside = _inside(field)
    if isinstance(inside, bytes):
        branch.add(label.append(f"  {_hex(inside)}", "yellow"))
        return
    node = branch.add(label)
    for one in inside:
        _unknown(node, one)


def _inside(field: Tlv) -> bytes | tuple[Tlv, ...]:
    """The fields of a structure that stands where none belongs and was kept as bytes; other values as they are."""
    if not isinstance(field.value, bytes) or field.tag not in tlv.STRUCTURES:
        return field.value
    try:
        return tlv.decode(field.value)
    except DecodeError:
        return field.value


def _hex(data: bytes) -> str:
    more = f"… {len(data)} bytes" if len(data) > _BYTES_SHOWN else ""
    return data[:_BYTES_SHOWN].hex() + more
