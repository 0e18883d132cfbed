"""What every test has in common: how hypothesis looks for examples.

The same examples each time, so that a red run is red for whoever repeats it, and no limit on a single one, since
machines are slow at times. `SOAK=1` looks for new ones.
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("soak", deadline=None, print_blob=True)
settings.load_profile("soak" if os.environ.get("SOAK") else "repeatable")
