"""Drive models: what a generation can do and where its limits are.

A generation is its formats. Where sources give another meaning to an answer of the first generation, the model says
which code it uses (`expired`, `full`, `waiting`).
"""

from __future__ import annotations

import msgspec

from fn_emulator.drive.codes import Code

__all__ = ["FFD_1_05", "FFD_1_1", "FFD_1_2", "MODELS", "Model"]

FFD_1_05, FFD_1_1, FFD_1_2 = 2, 3, 4


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of drive. `formats` are the FFD versions it can be registered for."""

    name: str
    formats: frozenset[int]
    months: int
    version: str
    execution: str
    debug: bool = True
    registrations_max: int = 30
    documents_max: int = 250_000
    store_kib: int = 262_144  # 30-day store: about 250 000 average receipts
    notices_kib: int = 4096  # store of notifications about marked goods; the size of real ones is not published
    memory_warning_percent: int = 99
    waiting_days: int = 2
    items_max: int = 1000  # the real limit is not published; document size bites first with usual items
    keys_max_days: int = 1110
    refuses_general_tax_goods: bool = False
    key_server: str = "tcp://127.0.0.1:7902"  # what D7h tells; a debug drive was seen to name a test server
    expired: Code = Code.RESOURCE_EXHAUSTED
    full: Code = Code.RESOURCE_LIMIT
    waiting: Code = Code.RESOURCE_LIMIT

    @property
    def ffd_max(self) -> int:
        return max(self.formats)

    @property
    def generation(self) -> int:
        """FFD version whose commands the drive knows; the same number as `ffd_max`."""
        return max(self.formats)


def _fn_1(months: int) -> Model:
    return Model(
        name=f"fn-1-{months}",
        formats=frozenset({FFD_1_05}),
        months=months,
        version="fn_v_1_0",
        execution="",
        registrations_max=12,
        memory_warning_percent=90,
        expired=Code.LIFETIME,
        full=Code.ARCHIVE_FULL,
        waiting=Code.WAIT_RESOURCE,
    )


def _fn_1_1(months: int) -> Model:
    return Model(
        name=f"fn-1.1-{months}",
        formats=frozenset({FFD_1_05, FFD_1_1}),
        months=months,
        version="fn_v_1_1_2" if months == 36 else "fn_v_1_1",
        execution="",
        registrations_max=12,
    )


def _fn_1_2(months: int) -> Model:
    return Model(
        name=f"fn-1.2-{months}",
        formats=frozenset({FFD_1_05, FFD_1_1, FFD_1_2}),
        months=months,
        version="fn 1.2 mgm 03",
        execution=f"ФН-1.1М МГМ (g60) исполнение {months}М",
    )


MODELS: dict[str, Model] = {
    model.name: model
    for model in (
        _fn_1(13),
        _fn_1(15),
        _fn_1(36),
        _fn_1_1(13),
        _fn_1_1(15),
        _fn_1_1(36),
        _fn_1_2(15),
        _fn_1_2(36),
    )
}
DEFAULT = MODELS["fn-1.2-36"]
