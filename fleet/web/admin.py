"""The API of whoever runs the rack: jobs with their evidence, decisions, audits, commands for stations.

JSON in and out under ``/admin/v1``; each request carries ``Authorization: Bearer KEY``. Answers are the values of
`fleet.usecases` as they are, without buyers; mistakes are ``{"error": …, "message": …}`` with a fitting status.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from fleet.errors import ConfigError, Conflict, JournalError, Missing
from fleet.jobs import Decision, Job, State
from fleet.journal.base import Discovered
from fleet.usecases import Need, UseCases
from fleet.web.asgi import Call, Handler, Reply, json_reply
from fleet.web.keys import LOCAL, Keys

__all__ = ["AdminDoor"]

T = TypeVar("T")

LIST_MAX = 200


class Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decision on a job. `who` names the person where the key is this machine's."""

    decision: Decision
    why: str
    who: str | None = None
    document: int | None = None
    drive: str | None = None
    told: Discovered | None = None


class AuditAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    first: int | None = None
    who: str | None = None


class Reason(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    why: str = ""
    who: str | None = None


class Retirement(Reason, frozen=True, kw_only=True, forbid_unknown_fields=True):
    force: bool = False


class Seen(Reason, frozen=True, kw_only=True, forbid_unknown_fields=True):
    alarm: str


class Addition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    station: dict[str, Any]
    who: str | None = None


class Wrong(Exception):
    """A request that is answered with an error."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.reply = json_reply({"error": error, "message": message}, status)


class AdminDoor:
    """The operator's calls over the fleet's use cases."""

    def __init__(self, usecases: UseCases, keys: Keys) -> None:
        self._usecases = usecases
        self._keys = keys

    def routes(self) -> Mapping[tuple[str, str], tuple[str, Handler]]:
        """(method, path) → name for figures and handler."""
        calls: dict[tuple[str, str], Any] = {
            ("GET", "/rack"): self.rack,
            ("GET", "/jobs"): self.jobs,
            ("GET", "/jobs/{id}"): self.evidence,
            ("POST", "/jobs/{id}/decide"): self.decide,
            ("GET", "/jobs/{id}/callback"): self.callback,
            ("POST", "/jobs/{id}/callback/replay"): self.replay,
            ("GET", "/eligibility"): self.eligibility,
            ("GET", "/stations/{name}/history"): self.history,
            ("POST", "/stations/{name}/close-shift"): self.close_shift,
            ("POST", "/stations/{name}/audit"): self.audit,
            ("POST", "/stations/{name}/drain"): self.drain,
            ("POST", "/stations/{name}/resume"): self.resume,
            ("POST", "/stations/{name}/retire"): self.retire,
            ("POST", "/stations/{name}/acknowledge"): self.acknowledge,
            ("POST", "/stations/{name}/remove"): self.remove,
            ("GET", "/stations/{name}/drive"): self.drive,
            ("POST", "/stations/{name}/drive/replace"): self.replace_drive,
            ("POST", "/stations/{name}/drive/card-entered"): self.card_entered,
            ("POST", "/stations/{name}/drive/abandon"): self.abandon_drive,
            ("POST", "/stations"): self.add,
            ("POST", "/reload"): self.reload,
            ("POST", "/stations/{name}/reconciled"): self.reconciled,
        }
        return {
            (method, f"/admin/v1{path}"): (f"admin_{call.__name__}", self._guarded(call))
            for (method, path), call in calls.items()
        }

    def fail(self, status: int, message: str) -> Reply:
        return json_reply({"error": "failed", "message": message}, status)

    # --- what there is ---------------------------------------------------------------------------------------------

    async def rack(self, call: Call, who: str) -> Any:
        """Stations, queue, and how many jobs stand where."""
        cases = self._usecases
        return {"stations": cases.rack(), "queue": cases.queue(), "jobs": cases.counts(), "health": cases.health()}

    async def jobs(self, call: Call, who: str) -> Any:
        """Jobs newest first; `state` (several by commas), `inn`, `before` (a job's id), `limit`."""
        states = call.query("state")
        limit = _number(call, "limit", 50)
        jobs = await self._usecases.list(
            limit=min(limit, LIST_MAX),
            before=call.query("before"),
            states=None if states is None else [_state(one) for one in states.split(",")],
            inn=call.query("inn"),
        )
        return {"jobs": [_shown(job) for job in jobs]}

    async def evidence(self, call: Call, who: str) -> Any:
        """A job with everything that is known of it."""
        found = await self._usecases.quarantine.evidence(call.params["id"])
        return {"job": _shown(found.job), "notes": found.notes, "candidates": found.candidates}

    async def eligibility(self, call: Call, who: str) -> Any:
        """Why which station may not make a receipt of `inn`, `tax_system` (bit of 1055), `internet=1`, `marked=1`,
        `group`, `place`."""
        need = Need(
            inn=call.query("inn") or "",
            tax_system=_number(call, "tax_system", 1),
            internet=call.query("internet") == "1",
            marked=call.query("marked") == "1",
            group=call.query("group"),
            place=call.query("place"),
        )
        return {"stations": self._usecases.stations.why_not(need)}

    async def history(self, call: Call, who: str) -> Any:
        """What happened to a station; `event` (several by commas), `limit`."""
        events = call.query("event")
        limit = min(_number(call, "limit", 50), LIST_MAX)
        wanted = None if events is None else events.split(",")
        return {"records": await self._usecases.stations.history(call.params["name"], wanted, limit)}

    # --- what may be done ------------------------------------------------------------------------------------------

    async def decide(self, call: Call, who: str) -> Any:
        """registered (with `document`), requeue or cancel, with `why`."""
        said, id = _read(call, Said), call.params["id"]
        if not said.why.strip():
            raise Wrong(400, "why", "say why: an auditor will ask")
        who = _name(who, said.who)
        quarantine = self._usecases.quarantine
        match said.decision:
            case Decision.REGISTERED if said.document is None and said.told is None:
                raise Wrong(400, "document", "say which document it became")
            case Decision.REGISTERED:
                number = said.document if said.told is None else said.told.document
                assert number is not None
                job = await quarantine.registered(id, number, who=who, why=said.why, drive=said.drive, told=said.told)
            case Decision.REQUEUE:
                job = await quarantine.requeue(id, who=who, why=said.why)
            case Decision.CANCEL:
                job = await quarantine.cancel(id, who=who, why=said.why)
        return {"job": _shown(job)}

    async def callback(self, call: Call, who: str) -> Any:
        """A job's callback and what came of it."""
        return {"callback": await self._usecases.callbacks.of(call.params["id"])}

    async def replay(self, call: Call, who: str) -> Any:
        """Call the shop once more."""
        return {"callback": await self._usecases.callbacks.replay(call.params["id"])}

    async def close_shift(self, call: Call, who: str) -> Any:
        """Close the shift after the receipt in hand."""
        await self._usecases.stations.close_shift(call.params["name"], who=_name(who, _read(call, Reason).who))
        return {"asked": True}

    async def audit(self, call: Call, who: str) -> Any:
        """Audit from document `first`, or from the last audit on; the findings come into the history."""
        asked = _read(call, AuditAsked)
        await self._usecases.stations.audit(call.params["name"], who=_name(who, asked.who), first=asked.first)
        return {"asked": True}

    async def drain(self, call: Call, who: str) -> Any:
        """No more receipts for this station after the one in hand."""
        said = _reason(call, Reason)
        await self._usecases.stations.drain(call.params["name"], who=_name(who, said.who), why=said.why)
        return {"asked": True}

    async def resume(self, call: Call, who: str) -> Any:
        """Back into its pool; a retired station starts again."""
        said = _reason(call, Reason)
        await self._usecases.stations.resume(call.params["name"], who=_name(who, said.who), why=said.why)
        return {"asked": True}

    async def retire(self, call: Call, who: str) -> Any:
        """Close its shift, deliver everything, let go of it; `force`: let go at once."""
        said, name = _reason(call, Retirement), call.params["name"]
        await self._usecases.stations.retire(name, who=_name(who, said.who), why=said.why, force=said.force)
        return {"asked": True}

    async def drive(self, call: Call, who: str) -> Any:
        """Where the replacement of a station's drive stands."""
        return await self._usecases.drives.progress(call.params["name"])

    async def replace_drive(self, call: Call, who: str) -> Any:
        """Begin a replacement of the drive."""
        said = _reason(call, Reason)
        return await self._usecases.drives.replace(call.params["name"], who=_name(who, said.who), why=said.why)

    async def card_entered(self, call: Call, who: str) -> Any:
        """The owner's cabinet has the change report of the new drive."""
        said = _reason(call, Reason)
        return await self._usecases.drives.card_entered(call.params["name"], who=_name(who, said.who), why=said.why)

    async def abandon_drive(self, call: Call, who: str) -> Any:
        """Go on with the old drive, as long as it is not being closed."""
        said = _reason(call, Reason)
        return await self._usecases.drives.abandon(call.params["name"], who=_name(who, said.who), why=said.why)

    async def acknowledge(self, call: Call, who: str) -> Any:
        """`alarm` (its key) was seen by a person."""
        said, name = _reason(call, Seen), call.params["name"]
        await self._usecases.stations.acknowledge(name, said.alarm, who=_name(who, said.who), why=said.why)
        return {"done": True}

    async def add(self, call: Call, who: str) -> Any:
        """One more station: `station` is a table as in the configuration."""
        said = _read(call, Addition)
        return {"station": await self._usecases.stations.add(said.station, who=_name(who, said.who))}

    async def remove(self, call: Call, who: str) -> Any:
        """Forget a retired station that was added beside the configuration."""
        await self._usecases.stations.remove(call.params["name"], who=_name(who, _read(call, Reason).who))
        return {"done": True}

    async def reload(self, call: Call, who: str) -> Any:
        """Read the configuration anew; what changed by it."""
        return await self._usecases.stations.reload(who=_name(who, _read(call, Reason).who))

    async def reconciled(self, call: Call, who: str) -> Any:
        """After a restore: this station's drive cannot be read, go on without it."""
        said = _read(call, Reason)
        if not said.why.strip():
            raise Wrong(400, "why", "say why: receipts that this drive holds may be made a second time")
        done = await self._usecases.stations.reconciled(call.params["name"], who=_name(who, said.who), why=said.why)
        return {"done": done}

    # --- around each call ------------------------------------------------------------------------------------------

    def _guarded(self, handler: Any) -> Handler:
        async def answer(call: Call) -> Reply:
            who = self._keys.whose(_key(call))
            if who is None:
                return json_reply(
                    {"error": "key", "message": "Authorization: Bearer KEY is missing or wrong"},
                    401,
                    ((b"www-authenticate", b"Bearer"),),
                )
            try:
                return json_reply(await handler(call, who))
            except Wrong as wrong:
                return wrong.reply
            except Missing as error:
                return json_reply({"error": "missing", "message": str(error)}, 404)
            except ConfigError as error:
                return json_reply({"error": "configuration", "message": str(error), "problems": error.problems}, 422)
            except Conflict as error:
                return json_reply({"error": "conflict", "message": str(error)}, 409)
            except JournalError as error:
                wait = ((b"retry-after", b"5"),)
                return json_reply({"error": "journal", "message": str(error)}, 503, wait)

        return answer


def _key(call: Call) -> str:
    header = (call.header(b"authorization") or b"").decode("latin-1")
    scheme, _, key = header.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _name(key_of: str, said: str | None) -> str:
    """Who it was: the owner of the key; behind the machine's key a person may name themselves."""
    if said is None or not said.strip():
        return key_of
    return f"{said.strip()[:64]} ({key_of})" if key_of == LOCAL else key_of


def _read(call: Call, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(call.body or b"{}", type=kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Wrong(400, "body", str(error)) from error


R = TypeVar("R", bound=Reason)


def _reason(call: Call, kind: type[R]) -> R:
    said = _read(call, kind)
    if not said.why.strip():
        raise Wrong(400, "why", "say why: the station's history keeps it")
    return said


def _number(call: Call, name: str, default: int) -> int:
    text = call.query(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Wrong(400, name, f"{name} must be a number, not {text[:40]!r}")
    return int(text)


def _state(text: str) -> State:
    try:
        return State(text)
    except ValueError:
        raise Wrong(400, "state", f"{text[:40]!r} is no state: {', '.join(State)}") from None


def _shown(job: Job) -> Job:
    """Without the buyer: whoever must know them reads the journal's export."""
    return msgspec.structs.replace(job, receipt=msgspec.structs.replace(job.receipt, buyer_contact=None))
