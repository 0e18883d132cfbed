"""What became of a committing command: the question a lost or a failing answer leaves behind.

`commit` sends a committing command with its intent made durable before; `resolve` finds out later, from the register
alone, whether it was executed; `startup` makes a register ready for work when nothing is unresolved. The rules:

* the drive's last number grows only together with a document, so `F0`, read just before, tells where to look;
* "not registered" needs quiescence: bytes sent before may still arrive, a register may still be at work;
* a failure answer to a committing command proves nothing by itself;
* nothing but a `NotRegistered` lets a committing command be issued again.

`tables` says what the answers mean, `looking` asks for them, `resolving` goes from the one to the other.
"""

from __future__ import annotations

from kkt_driver.recovery.committing import PRINTING, commit, issue, issue_again
from kkt_driver.recovery.looking import OWN_KEY_NAME, Judged, Look
from kkt_driver.recovery.resolving import DOCUMENTS_MAX, ROUNDS_MAX, resolve
from kkt_driver.recovery.starting import startup
from kkt_driver.recovery.tables import ACTIONS, Action, Advance, Facts, Found, Row, Step, action_of, decide, rows_of

__all__ = [
    "ACTIONS",
    "DOCUMENTS_MAX",
    "OWN_KEY_NAME",
    "PRINTING",
    "ROUNDS_MAX",
    "Action",
    "Advance",
    "Facts",
    "Found",
    "Judged",
    "Look",
    "Row",
    "Step",
    "action_of",
    "commit",
    "decide",
    "issue",
    "issue_again",
    "resolve",
    "rows_of",
    "startup",
]
