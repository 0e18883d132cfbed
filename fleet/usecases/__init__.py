"""What doors can ask of the fleet, as plain async functions. Doors call only these.

`UseCases` is what shops need: accept, status, list, cancel, and the view of rack and queue. What only the operator of
the rack may do stands in parts of it: `quarantine` (decisions), `stations` (commands, audits, their history),
`callbacks` (replay). `plan` tells how many registers a load needs.
"""

from __future__ import annotations

from fleet.dispatch import Need
from fleet.planning import Plan, plan
from fleet.usecases.core import Expectation, Health, NoRegister, QueueFull, UseCases
from fleet.usecases.quarantine import Evidence, Quarantine
from fleet.usecases.stations import Stations
from fleet.views import QueueView, StationView

__all__ = [
    "Evidence",
    "Expectation",
    "Health",
    "Need",
    "NoRegister",
    "Plan",
    "Quarantine",
    "QueueFull",
    "QueueView",
    "StationView",
    "Stations",
    "UseCases",
    "plan",
]
