"""The host's side of both link layers, without any I/O: bytes and the time come in, events and bytes come out.

One exchange at a time: `send` a body, write what `outgoing` gives, feed what arrives to `receive`, call
`handle_timeout` when `deadline` has passed. Calls return events: ``Reply``, ``Stray``, ``Lost``.

A lost answer is a question. ``Lost(sent=False)`` comes only with a proof that the register did not execute the
command; everything else is ``Lost(sent=True)``, and the link stays in `doubt`.
"""

from __future__ import annotations

from kkt_driver.link.alternative import AlternativeLink
from kkt_driver.link.events import ACK_S, Event, Layer, Link, Lost, Reply, Stray, Timing, answers
from kkt_driver.link.standard import StandardLink

__all__ = [
    "ACK_S",
    "AlternativeLink",
    "Event",
    "Layer",
    "Link",
    "Lost",
    "Reply",
    "StandardLink",
    "Stray",
    "Timing",
    "answers",
]
