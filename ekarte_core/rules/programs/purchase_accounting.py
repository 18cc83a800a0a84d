"""Purchase accounting: sums and purchases are counted, nothing is given but tickets.

Seed: "учет покупок (по суммам)" and "дополнительно провести лотерею по номерам карт
своих покупателей".
"""

from ekarte_core.rules.programs.kind import Fault, Kind, Receipt, at_least


class PurchaseAccounting(Kind, frozen=True, kw_only=True):
    """Parameters: a lottery ticket for each whole `ticket_per` of a purchase."""

    ticket_per: int = 0  # 0: no tickets
    groups: tuple[str, ...] = ()  # empty: all goods

    def faults(self) -> list[Fault]:
        """Return (parameter, message) pairs; empty when the program can run."""
        return at_least(self.ticket_per, 0, "ticket_per")

    def turnover(self, receipt: Receipt) -> dict[str, int]:
        """What was paid for the goods that count."""
        return {"": self._paid(receipt)}

    def counters(self, receipt: Receipt) -> dict[str, int]:
        """One purchase, and its tickets."""
        paid = self._paid(receipt)
        tickets = paid // self.ticket_per if self.ticket_per else 0
        return {"purchases": 1 if paid else 0, "tickets": tickets}

    def _paid(self, receipt: Receipt) -> int:
        return sum(
            amount
            for group, amount in receipt.paid.items()
            if not self.groups or group in self.groups
        )
