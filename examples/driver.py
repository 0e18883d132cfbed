"""A shop's program: open a register, sell, and never have to guess. The three lines that matter stand in `sell`.

    python examples/driver.py

It starts an emulated register to talk to, so nothing here is fiscal; give `sell` the address of a real one instead.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from kkt_driver.blocking import Register

ORDER = """{
  "operation": 1, "tax_system": 1,
  "items": [{"name": "Чай чёрный, 100 г", "price": 19900, "quantity": 2, "total": 39800, "vat": 11}],
  "payments": {"cash": 39800}
}"""


def sell(address: str, folder: Path) -> None:
    with Register.open(address, store=folder / "intents.json") as register:
        done = register.receipt(ORDER, job="order-17")  # opens the shift when it is closed
        print(f"document {done.document}, shift {done.shift}, receipt {done.receipt}")

        same = register.receipt(ORDER, job="order-17")  # asked again after a crash: the document that there is
        print(f"order-17 is still document {same.document}, the drive has {register.state().last_document}")


def main() -> None:
    rack = [sys.executable, "-m", "fn_emulator", "rack", "--count", "1", "--base-port", "0"]
    with tempfile.TemporaryDirectory() as folder, subprocess.Popen(rack, stdout=subprocess.PIPE, text=True) as emulator:
        assert emulator.stdout is not None
        try:
            sell(json.loads(emulator.stdout.readline())["registers"][0]["address"], Path(folder))
        finally:
            emulator.terminate()


if __name__ == "__main__":
    main()
