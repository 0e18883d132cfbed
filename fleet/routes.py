"""Ways to an operator: several addresses, the first that works is used.

Pure. One `Routes` is shared by all stations of a rack, so what one of them found dead costs the others nothing. A route
that failed is left alone for a growing pause; then one message tries it, and a success makes it the first again.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["PAUSES_S", "Routes"]

PAUSES_S = (10.0, 30.0, 60.0, 300.0)
"""How long a route is left alone after one failure, two, three …"""


class _Route:
    def __init__(self) -> None:
        self.failures = 0
        self.rests_until = 0.0


class Routes:
    """The addresses of one operator, the preferred first. Time is an argument."""

    def __init__(self, addresses: Sequence[str]) -> None:
        assert addresses, "an operator has an address"
        self._routes = {address: _Route() for address in addresses}

    @property
    def addresses(self) -> list[str]:
        """All of them, in the configured order."""
        return list(self._routes)

    def order(self, now: float) -> list[str]:
        """Which to try, one after the other: those that work or may be tried again, in the configured order, then the
        others, the soonest rested first: a message is never left without a try."""
        rested = [address for address, route in self._routes.items() if route.rests_until <= now]
        resting = [address for address in self._routes if address not in rested]
        return rested + sorted(resting, key=lambda address: self._routes[address].rests_until)

    def trying(self, address: str, now: float) -> None:
        """Somebody tries it. While it is not known to work the others do not join in."""
        route = self._routes[address]
        if route.failures:
            route.rests_until = now + PAUSES_S[min(route.failures, len(PAUSES_S)) - 1]

    def worked(self, address: str) -> None:
        self._routes[address] = _Route()

    def failed(self, address: str, now: float) -> None:
        route = self._routes[address]
        route.failures += 1
        route.rests_until = now + PAUSES_S[min(route.failures, len(PAUSES_S)) - 1]

    @property
    def down(self) -> list[str]:
        """Those that failed last."""
        return [address for address, route in self._routes.items() if route.failures]
