"""The second ledger's back office: what it pays out, takes back, gives up, restores.

Written from docs/PROGRAMS.md, as model.py is. A credit card is a card whose money is
what may still be bought on it: a debt is what is missing to the limit.
"""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from ekarte_core import Request, Tender
from ekarte_stack.chaos.model import (
    LOADS,
    PURCHASES,
    Booked,
    Card,
    Model,
    Refused,
    part,
)

OFFICE_COMMANDS = ("pay_out", "charge_back", "write_off", "restore")
LIMIT = 10_000
GROCERS = ("00000011", "00000012", "00000021", "00000071")


@dataclass
class CreditCard(Card):
    balance: int = LIMIT

    @property
    def owed(self) -> int:
        return LIMIT - self.balance


@dataclass
class Settled(Booked):
    """A back-office operation; `of`: what it takes back or restores."""

    of: Booked | None = None


class OfficeModel(Model):
    """A model whose cards in `credit` buy on credit."""

    def __init__(self, credit: list[str]) -> None:
        super().__init__()
        self.cards.update({value: CreditCard() for value in credit})
        self.restored: list[Settled] = []

    def answer(self, request: Request, now: datetime) -> Booked:
        if request.command not in OFFICE_COMMANDS:
            return super().answer(request, now)
        before = self.booked.get(request.key)
        if before is not None:
            return before if before.request == request else Booked(request, "94")
        booked: Booked = Settled(request, "00")
        try:
            getattr(self, f"_{request.command}")(booked, request, now)
        except Refused as refusal:
            booked = Booked(request, str(refusal))
        self.booked[request.key] = booked
        return booked

    # What the office does

    def _pay_out(self, booked: Settled, request: Request, _now: datetime) -> None:
        card = self._usable(request.card.value)
        if isinstance(card, CreditCard):
            raise Refused("57")
        amount = request.amount or card.available
        if not 0 < amount <= card.available:
            raise Refused("51")
        card.balance -= amount
        booked.card, booked.amount, booked.taken = request.card.value, amount, amount

    def _charge_back(self, booked: Settled, request: Request, _now: datetime) -> None:
        load = self._named(request)
        if load.command not in LOADS or load.reversed or not load.amount:
            raise Refused("77")
        card = self.cards[load.card]
        sold = load.amount - load.refunded
        if isinstance(card, CreditCard) or not sold:
            raise Refused("77")
        if request.amount not in (None, 0, sold):
            raise Refused("13")
        if card.held:
            raise Refused("51")
        booked.unloaded = min(card.balance, sold)
        card.balance -= booked.unloaded
        booked.card, booked.amount, booked.of = load.card, sold, load
        load.refunds.append(booked)
        if load.command == "activate":
            booked.close(card)

    def _write_off(self, booked: Settled, request: Request, _now: datetime) -> None:
        card = self.cards.get(request.card.value, Card())
        if not isinstance(card, CreditCard) or card.owed <= 0:
            raise Refused("57")
        amount = request.amount or card.owed
        if amount > card.owed:
            raise Refused("13")
        card.balance += amount
        booked.card, booked.amount, booked.taken = request.card.value, amount, -amount

    def _restore(self, booked: Settled, request: Request, _now: datetime) -> None:
        bought = self._named(request)
        if bought.captured_by is not None:
            bought = bought.captured_by
        if bought.command not in PURCHASES or bought.reversed:
            raise Refused("77")
        given = bought.taken - part(bought.taken, bought.refunded, bought.amount)
        if self._is_restored(bought) or bought.refunded == bought.amount or not given:
            raise Refused("77")
        if request.amount not in (None, 0, given):
            raise Refused("13")
        self.cards[bought.card].balance += given
        booked.card, booked.amount, booked.taken = bought.card, given, -given
        booked.of = bought
        self.restored.append(booked)

    def _named(self, request: Request) -> Booked:
        """The operation named, of a terminal of the own issuer, and approved."""
        named = request.original
        found = self.booked.get((named.terminal, named.batch, named.operation))
        if found is None or not found.approved or named.terminal not in GROCERS:
            raise Refused("25")
        return found

    def _is_restored(self, bought: Booked) -> bool:
        return any(one.of is bought and not one.reversed for one in self.restored)

    # What it changes of the rest

    def _take(self, booked: Booked, request: Request) -> Card:
        on_credit = isinstance(self.cards.get(request.card.value), CreditCard)
        if on_credit and request.tender is not None:
            wanted = Tender(gift=request.tender.credit)
            request = msgspec.structs.replace(request, tender=wanted)
        try:
            return super()._take(booked, request)
        except Refused as refusal:
            over = on_credit and str(refusal) == "51"
            raise Refused("61" if over else str(refusal)) from None

    def _load(self, booked: Booked, card: Card, request: Request) -> None:
        if not isinstance(card, CreditCard):
            super()._load(booked, card, request)
            return
        if request.amount > card.owed:
            raise Refused("13")
        card.balance += request.amount
        booked.amount, booked.taken = request.amount, -request.amount

    def _unload(self, booked: Booked, bought: Booked, request: Request) -> None:
        if isinstance(self.cards.get(bought.card), CreditCard):
            raise Refused("77")
        super()._unload(booked, bought, request)

    def _refund(self, booked: Booked, request: Request, now: datetime) -> None:
        bought = self._original(request)
        if bought is not None and self._is_restored(bought.captured_by or bought):
            raise Refused("77")
        super()._refund(booked, request, now)

    def _reverse(self, booked: Booked, request: Request, now: datetime) -> None:
        original = self._original(request)
        if original is not None and self._is_restored(original):
            raise Refused("77")
        super()._reverse(booked, request, now)
