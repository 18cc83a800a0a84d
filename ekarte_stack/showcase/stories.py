"""What does not happen every day: lost cards, a line that is down, people who cheat."""

import random
from datetime import date, datetime, timedelta
from typing import Any

from ekarte_core import CardRef, Line, Offline
from ekarte_stack.showcase import season
from ekarte_stack.showcase.tills import Tills, Wish, original
from ekarte_stack.showcase.town import CLUB, FAMILY, PRO, Card, Town

LOST_EVERY_DAYS = 17
OWN_CARD_DAYS, TOO_MUCH_BACK_DAYS = (9, 61, 143), (4, 88)  # before the year ends
TWO_PLACES_DAYS, TRIES_DAYS = (6, 33, 120), (2, 47, 201)
LINE_DOWN_DAYS = (3, 70)
TILL, WHOLESALE_TILL, FUEL_TILL = "00000012", "00000051", "00000032"
OFFLINE_MAX = 30_000


class Stories:
    """Events at tills, told by how many days of the year are left."""

    def __init__(self, dice: random.Random, town: Town, tills: Tills) -> None:
        self._dice, self._town, self._tills = dice, town, tills
        self._kept: list[Any] = []

    def day(self, day: date, left: int) -> None:
        """Whatever is told of this day."""
        noon = season.moment(day, 14, 5)
        if left % LOST_EVERY_DAYS == 5:
            self._lose(noon)
        if left in OWN_CARD_DAYS:
            self._own_card(noon)
        if left in TOO_MUCH_BACK_DAYS:
            self._too_much_back(noon)
        if left in TWO_PLACES_DAYS:
            self._two_places(noon)
        if left in TRIES_DAYS:
            self._tries(noon)
        if left in LINE_DOWN_DAYS:
            self._line_down(noon)

    def _used(self, *kinds: str) -> list[Card]:
        return [
            card
            for customer in self._town.customers[1:]
            for kind, card in customer.cards.items()
            if kind in kinds and card.opened and not card.lost
        ]

    def _somebody_s(self, *kinds: str) -> Card:
        return self._dice.choice(self._used(*kinds) or [self._town.new_card(CLUB)])

    def _lose(self, now: datetime) -> None:
        """A card is lost: blocked, or replaced by a new one with all that is on it."""
        cards = self._used(CLUB, FAMILY)
        if not cards:
            return
        card = self._dice.choice(cards)
        card.lost = True
        if self._dice.random() < 0.5:
            self._tills.serve([Wish("G1", "block", card, {"reason": "lost"})], now)
            return
        fresh = self._town.new_card(card.kind)
        parts = {"other": CardRef(value=fresh.number)}
        self._tills.serve([Wish("G1", "replace", card, parts)], now)
        fresh.opened, fresh.bonus, fresh.vouchers = True, card.bonus, card.vouchers
        for customer in self._town.customers:
            for kind, held in customer.cards.items():
                if held is card:
                    customer.cards[kind] = fresh
                    return

    def _own_card(self, now: datetime) -> None:
        """A cashier shows a card of her own for customers who have none."""
        card = self._somebody_s(CLUB)
        for number in range(8):
            amount = self._dice.randint(900, 4_500)
            moment = now + timedelta(minutes=11 * number)
            wish = Wish("G1", "sale", card, {"amount": amount}, terminal=TILL)
            self._tills.serve([wish], moment)

    def _too_much_back(self, now: datetime) -> None:
        """The same goods are brought back again and again, always at one till."""
        card = self._somebody_s(CLUB)
        self._kept.clear()
        for number in range(4):
            parts: dict[str, Any] = {"amount": 1_900 + 100 * number}
            bought = Wish(
                "G2", "sale", card, parts, lambda request, _: self._kept.append(request)
            )
            self._tills.serve([bought], now + timedelta(minutes=40 * number))
        for number, request in enumerate(self._kept):
            parts = {"original": original(request), "amount": request.amount}
            wish = Wish("G2", "refund", None, parts, terminal=request.terminal)
            self._tills.serve([wish], now + timedelta(minutes=180 + 9 * number))

    def _two_places(self, now: datetime) -> None:
        """One card in the centre, and three minutes later across the river."""
        card = self._somebody_s(CLUB, FAMILY)
        for branch, minutes in (("G1", 0), ("G3", 3)):
            wish = Wish(branch, "sale", card, {"amount": 2_350})
            self._tills.serve([wish], now + timedelta(minutes=minutes))

    def _tries(self, now: datetime) -> None:
        """Somebody tries out numbers at a petrol station."""
        for number in range(12):
            body = f"9990909{self._dice.randrange(10**9):09d}"
            amount = Line(group="fuel", amount=1_000)
            parts = {"lines": (amount,)}
            wish = Wish("F1", "sale", Card(body, CLUB), parts, terminal=FUEL_TILL)
            self._tills.serve([wish], now + timedelta(minutes=number))

    def _line_down(self, now: datetime) -> None:
        """The wholesale till has no line for an hour, and tells of it afterwards."""
        network = self._tills.network
        branch = network.branches["G3"]
        for number, card in enumerate(self._used(PRO)[:4]):
            amount = OFFLINE_MAX // 2 + 2_500 * number
            if number == 0:
                amount = OFFLINE_MAX + 4_000  # beyond what it may decide alone
            decided = Offline(
                command="sale",
                amount_due=amount,
                params_version=network.params_version(branch),
            )
            parts = {"amount": amount, "offline": decided}
            told = now + timedelta(minutes=70 + number)
            at = now + timedelta(minutes=12 * number)
            wish = Wish("G3", "advice", card, parts, terminal=WHOLESALE_TILL, at=at)
            self._tills.serve([wish], told)
