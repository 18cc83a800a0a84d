"""Short ways to say what a terminal asks."""

from typing import Any

from ekarte_core import Answer, CardRef, Original, Request
from tests.gateway import town


def card(value: str, kind: str = "pan") -> CardRef:
    return CardRef(kind=kind, value=value)


def order(command: str, terminal: Any, **fields: Any) -> Request:
    """A request of this terminal, with a fresh operation number unless given."""
    fields.setdefault("operation", town.operation())
    fields.setdefault("batch", 1)
    if isinstance(fields.get("card"), str):
        fields["card"] = card(fields["card"])
    if isinstance(fields.get("original"), int):
        fields["original"] = Original(
            batch=fields["batch"], operation=fields["original"]
        )
    return Request(command=command, terminal=terminal.terminal_id, **fields)


def ask(terminal: Any, command: str, **fields: Any) -> Answer:
    """Send one command."""
    return terminal.send(order(command, terminal, **fields))


def gift_card(terminal: Any, amount: int, code: str | None = None) -> str:
    """Activate a fresh gift card with a load."""
    value = town.gift_number()
    answer = ask(terminal, "activate", card=value, amount=amount, access_code=code)
    assert answer.rc == "00", answer
    return value


def balance(terminal: Any, value: str) -> int:
    """Money that a gift card has left to spend."""
    answer = ask(terminal, "inquire", card=value)
    return next(b.available for b in answer.balances if b.unit == "EUR")
