"""One register and the task that owns it. A table of contents.

`task` is the life of the station: connect, commission, serve, wait and connect again. What it does while it serves is
in files of their own, each over the same `workplace`:

=============  =======================================================================================
commissioning  who is at the other end, what may have been sent before, is it set up for us
receipts       one receipt from claim to settled, or back to the queue
doubt          a lost answer: ask the drive, journal the verdict
endings        the ways in which a job leaves the station, each a verb of the journal
own            the station's own committing commands (shifts, reports), with a journaled intent
shifts         when a shift is opened and closed
relay          messages of the drive to the operator and tickets back
archive        what the drive's archive says of its receipts
audit          journal against archive, a page at a time while nothing waits
reconciling    after a restored backup: read the drive before anything is made
=============  =======================================================================================
"""

from __future__ import annotations

from fleet.station.task import Station
from fleet.station.workplace import Connect, Intents, Workplace

__all__ = ["Connect", "Intents", "Station", "Workplace"]
