"""What lies on the counter: the sum, the card, what is known of it, what came of it.

Pure: the screen shows it and tells it what was typed.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from ekarte_core import Answer, CardRef, Original
from ekarte_terminal.amounts import typed_amount
from ekarte_terminal.cards import read_card, read_original
from ekarte_terminal.outcome import Outcome

_SUM = re.compile(r"\d{1,7}([.,]\d{0,2})?")
_MONEY = {"gift_card": "gift", "bonus_amount": "bonus", "credit_card": "credit"}


class Function(NamedTuple):
    """One key of the terminal and what must lie on the counter for it."""

    key: str
    name: str
    card: bool = False
    amount: bool = False


FUNCTIONS = (
    Function("f1", "sale", card=True, amount=True),
    Function("f2", "pay", card=True, amount=True),
    Function("f3", "inquire", card=True),
    Function("f4", "top_up", card=True, amount=True),
    Function("f5", "activate", card=True),
    Function("f6", "check_in", card=True),
    Function("f7", "voucher", card=True),
    Function("f8", "refund", amount=True),
    Function("f9", "reverse"),
    Function("f10", "status"),
    Function("f11", "more"),
    Function("f12", "close"),
)
CLEAR = Function("escape", "clear")
MORE = "*"  # the menu too: some consoles keep F11 to themselves
MENU = (
    Function("1", "authorize", card=True, amount=True),
    Function("2", "confirm"),
    Function("3", "redeem", card=True),
    Function("4", "enroll", card=True),
    Function("5", "set_code", card=True),
    Function("6", "block", card=True),
    Function("7", "unblock", card=True),
    Function("8", "alone"),
)


@dataclass
class Counter:
    """The one customer of now.

    Attributes:
        told: what the card has, and what the sum would come to.
        trouble: what was said instead: the card may still be activated, say.
        outcome: of what was done; then the next customer comes.
    """

    amount: int = 0
    card: CardRef | None = None
    told: Answer | None = None
    trouble: Outcome | None = None
    outcome: Outcome | None = None
    original: Original | None = None

    def enter(self, text: str, batch: int) -> None:
        """Take a sum, a card or the code of a slip.

        Raises:
            ValueError: it is none of these.
        """
        if self.over:
            self.clear()
        self.trouble = self.outcome = None
        if text.startswith("EKARTE:"):
            self.original = read_original(text, batch)
        elif _SUM.fullmatch(text):
            self.amount, self.told = typed_amount(text.rstrip(".,")), None
        else:
            self.card, self.told = read_card(text, typed=text.isdigit()), None

    def clear(self) -> None:
        """The next customer."""
        self.amount, self.card, self.told = 0, None, None
        self.outcome, self.trouble, self.original = None, None, None

    def lacks(self, function: Function) -> str:
        """Return the text that says what is missing for a function, '' nothing."""
        if function.card and self.card is None:
            return "need_card"
        return "need_amount" if function.amount and not self.amount else ""

    @property
    def over(self) -> bool:
        """True when something came of it; after a refusal the sum and card stay."""
        return self.outcome is not None and self.outcome.kind in (
            "approved",
            "in_doubt",
        )

    @property
    def due(self) -> int:
        """What the customer pays, as far as it is known."""
        shown = self.shown
        return self.amount if shown is None or not shown.amount else shown.amount_due

    @property
    def shown(self) -> Answer | None:
        """The answer that the counter is about."""
        if self.outcome is None or self.outcome.answer is None:
            return self.told
        answer = self.outcome.answer
        return answer if answer.original is None else answer.original

    def takeable(self) -> int:
        """How much of the discounted price the card can pay.

        What is due does not tell: where a card only pays, the quote has it pay already.
        """
        told = self.told
        price = self.amount - (told.discount if told is not None else 0)
        return sum(self.tender(price).values())

    def tender(self, amount: int) -> dict[str, int]:
        """Share a sum among the purses of the card: gift, bonus, then credit."""
        made: dict[str, int] = {}
        balances = () if self.told is None else self.told.balances
        for kind, name in _MONEY.items():
            free = sum(
                balance.available
                for balance in balances
                if balance.kind == kind and balance.unit not in ("points", "credit")
            )
            part = min(amount, max(free, 0))
            if part:
                made[name] = part
                amount -= part
        return made


def hidden(typed: str) -> str:
    """Return what may be seen of a card while it is typed or read."""
    return "•" * max(min(len(typed), 19) - 4, 0) + typed[-4:] if typed else ""
