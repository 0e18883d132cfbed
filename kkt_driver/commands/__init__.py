"""The commands of a register: typed requests and replies by groups, and one table of what each command is.

| group | what |
|---|---|
| `base` | kinds, requests, widths of fields, replies that several share |
| `status` | state, type, parameters, counters |
| `settings` | tables, clock |
| `service` | line parameters, dumps, resets, firmware, authorisation, online payment |
| `printing` | lines, pictures, codes, cutter, drawer |
| `shift` | shifts, reports, cash |
| `receipts`, `legacy` | receipts and corrections; items and closings from before the drive |
| `drive` | drive state, registration, other documents, archive |
| `exchange` | messages between drive and operator |
| `marking` | marked goods |
| `table` | every command in one line |
| `bodies` | frame bodies: code and error byte around requests and replies |
"""

from __future__ import annotations

from kkt_driver.commands.base import *  # noqa: F403  (each group lists its names)
from kkt_driver.commands.bodies import *  # noqa: F403  (each group lists its names)
from kkt_driver.commands.drive import *  # noqa: F403  (each group lists its names)
from kkt_driver.commands.exchange import *  # noqa: F403  (each group lists its names)
from kkt_driver.commands.legacy import *  # noqa: F403  (each group lists its names)
from kkt_driver.commands.marking import *  # noqa: F403  (each group lists its names)
from kkt_driver.commands.printing import *  # noqa: F403  (each group lists its names)
from kkt_driver.commands.receipts import *  # noqa: F403  (each group lists its names)
from kkt_driver.commands.service import *  # noqa: F403  (each group lists its names)
from kkt_driver.commands.settings import *  # noqa: F403  (each group lists its names)
from kkt_driver.commands.shift import *  # noqa: F403  (each group lists its names)
from kkt_driver.commands.status import *  # noqa: F403  (each group lists its names)
from kkt_driver.commands.table import *  # noqa: F403  (each group lists its names)
