"""JSON → document → procedure → register → drive → fiscal sign, in memory: no line, no clock, nothing to set up.

    python examples/one_receipt.py

The register is emulated, so nothing here is fiscal. On a real line the same procedures run in
`kkt_driver.Register.open("tcp://…")`.
"""

from typing import TypeVar

from ffd import qr, receipts
from ffd.errors import Invalid
from fn_emulator import registered
from kkt_driver import Procedure, play, procedures

T = TypeVar("T")

ORDER = """{
  "operation": 1, "tax_system": 1,
  "items": [{"name": "Чай чёрный, 100 г", "price": 19900, "quantity": 2, "total": 39800, "vat": 11}],
  "payments": {"cashless": 39800},
  "buyer_contact": "anna@example.com"
}"""
NOW = 1_767_225_600.0  # 2026-01-01 00:00 UTC; time is an argument everywhere


def main() -> None:
    register = registered(1, now=NOW)  # a register with a drive inside, registered for FFD 1.2

    def do(procedure: Procedure[T]) -> T:
        return play(procedure, lambda request: register.ask(request, NOW))

    try:
        receipt = receipts.read(ORDER)
    except Invalid as refused:  # every violation at once, each with its JSON path
        raise SystemExit("\n".join(map(str, refused.violations))) from None

    identity = do(procedures.identify())
    state = do(procedures.read_state())
    state = state.after(do(procedures.open_shift(job="shift", identity=identity, state=state)))
    done = do(procedures.receipt(receipt, job="order-17", identity=identity, state=state))

    print(f"document {done.document}, fiscal sign {done.sign:010d}, shift {done.shift}, receipt {done.receipt}")
    print(qr.qr_line(done.moment, receipt.total, done.drive, done.document, done.sign, int(receipt.operation)))


if __name__ == "__main__":
    main()
