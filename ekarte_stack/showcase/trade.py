"""What customers do at the tills of the town on a day."""

import random
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from ekarte_core import APPROVED, Answer, CardRef, Command, Line, Request, Tender
from ekarte_stack.showcase import season
from ekarte_stack.showcase.tills import Tills, Wish, original
from ekarte_stack.showcase.town import (
    BOOK_GIFT,
    CLUB,
    FAMILY,
    FLEET,
    FRIEND,
    GIFT,
    PASS,
    PRO,
    TAB,
    WASH,
    Card,
    Customer,
    Town,
)

BACK, UNDONE = 0.022, 0.004  # of purchases
BROUGHT_BACK = 0.2  # chance in an hour, of goods that will come back
PAYING_DAYS, PAYS, PAYS_LATE = range(2, 10), 0.35, 0.08
DRIVEN_OFF = 0.1  # of holds at the pump
LEFT_AT_HOME = 0.006  # of purchases: another card is shown, of nobody here
SPENDS_BONUS, SPENDS_VOUCHER = 0.55, 0.5
REFERRED = 0.12
OPEN_TO_QUALIFY = 10_000  # cents of the first purchase of a wholesale card
GIFT_LOADS = (1_000, 2_000, 2_500, 3_000, 5_000, 5_000, 10_000)
BOOK_LOADS = (1_000, 2_000, 2_000, 5_000)
PUMP = "00000031"
BULK = ((6_000, 3), (3_000, 1))  # from so many cents so many per cent
PASSES = (("FUEL-TEN", 5_000), ("FUEL-TEN", 5_000), ("FUEL-DAILY", 9_000))


class Trade:
    """The days of the town, one after the other."""

    def __init__(self, dice: random.Random, town: Town, tills: Tills) -> None:
        self._dice, self._town, self._tills = dice, town, tills
        self._gifts: list[Card] = []
        self._bought: list[tuple[Request, int]] = []
        self._held: list[Request] = []
        self._wrong: list[Request] = []

    def day(self, day: date, passed: float) -> None:
        """Live a day, hour by hour; `passed` of the year is over."""
        by_hour: dict[int, list[Wish]] = {hour: [] for hour in season.HOURS}
        for wish in self._wishes(day, passed):
            [hour] = self._dice.choices(season.HOURS, season.OF_HOUR)
            by_hour[hour].append(wish)
        for hour, wishes in by_hour.items():
            now = season.moment(day, hour, self._dice.randrange(60))
            self._tills.serve(wishes, now)
            self._afterwards(now)
        if day.weekday() == 6:
            self._tills.close(season.moment(day, 21, 30))

    def _wishes(self, day: date, passed: float) -> Iterator[Wish]:
        busy = season.busy(day) * (0.8 + 0.4 * passed)
        for customer in self._town.customers:
            if customer.joins > passed:
                continue
            yield from self._pay(customer, day)
            if self._dice.random() < customer.rhythm / 7 * busy:
                yield from self._visit(customer)
        presents = (2.6 if day.month == 12 else 1.0) * busy
        share = len(self._town.customers) / 500
        yield from self._presents(presents * share)

    def _afterwards(self, now: datetime) -> None:
        """Pumps tell what flowed, goods come back, mistakes are undone."""
        wishes = []
        for request in self._held:
            left = self._dice.random() < DRIVEN_OFF
            command: Command = "reverse" if left else "confirm"
            parts = {"original": original(request)}
            wishes.append(Wish("F1", command, None, parts, terminal=request.terminal))
        self._held.clear()
        if self._bought and self._dice.random() < BROUGHT_BACK:
            wishes.append(self._bring_back())
        for request in self._wrong:
            parts = {"original": original(request)}
            wishes.append(Wish("", "reverse", None, parts, terminal=request.terminal))
        self._wrong.clear()
        self._tills.serve(wishes, now)

    # Visits

    def _visit(self, customer: Customer) -> Iterator[Wish]:
        cards = {kind: card for kind, card in customer.cards.items() if not card.lost}
        if FLEET in cards:
            yield from self._drive(cards[FLEET])
        elif PRO in cards:
            yield from self._wholesale(cards[PRO], customer)
        else:
            kind = self._dice.choice(list(cards)) if cards else CLUB
            yield from self._shop(kind, cards, customer)

    def _shop(
        self, kind: str, cards: dict[str, Card], customer: Customer
    ) -> Iterator[Wish]:
        if not cards:
            return
        visits = {FRIEND: self._books, WASH: self._wash, PASS: self._pass}
        if kind in visits and self._dice.random() < 0.6:
            yield from visits[kind](cards[kind], customer)
        elif kind == TAB and self._dice.random() < 0.4:
            yield from self._tab(cards[TAB], customer)
        elif kind == FAMILY:
            yield self._groceries(cards[FAMILY], customer, self._home(customer))
        elif CLUB in cards:
            yield self._club(cards[CLUB], customer)

    def _home(self, customer: Customer) -> str:
        if self._dice.random() < 0.7:
            return customer.home
        return self._dice.choice(("G1", "G1", "G2", "G3"))

    def _club(self, card: Card, customer: Customer) -> Wish:
        [branch] = self._dice.choices(("home", "F1", "B1"), (64, 26, 10))
        if branch == "home":
            return self._groceries(card, customer, self._home(customer))
        if branch == "F1":
            amount = self._dice.randint(2_000, 8_500)
            lines = (Line(group="fuel", amount=amount),)
            return self._purchase(branch, card, lines=lines)
        return self._purchase(branch, card, lines=self._book_lines(customer))

    def _groceries(self, card: Card, customer: Customer, branch: str) -> Wish:
        amount = self._basket(customer.purse)
        lines = [Line(group="food", amount=amount * 4 // 5)]
        lines.append(Line(group="household", amount=amount - lines[0].amount))
        return self._purchase(branch, card, lines=tuple(lines))

    def _purchase(self, branch: str, card: Card, **parts: Any) -> Wish:
        """Buy; with bonus money or a voucher, where the last slip told of one."""
        total = sum(line.amount for line in parts.get("lines", ())) or parts["amount"]
        tender = None
        if card.vouchers and self._dice.random() < SPENDS_VOUCHER:
            tender = Tender(voucher=card.vouchers.pop())
        elif card.bonus >= 100 and self._dice.random() < SPENDS_BONUS:
            tender = Tender(bonus=min(card.bonus, total // 200 * 100))
        if tender is not None and tender.any:
            parts["tender"] = tender
        if self._dice.random() < LEFT_AT_HOME:
            unknown = Card("99900919" + card.number[-8:], card.kind)
            return Wish(branch, "sale", unknown, parts)
        return Wish(branch, "sale", card, parts, self._keep)

    def _keep(self, request: Request, answer: Answer) -> None:
        if answer.rc in APPROVED:
            chance = self._dice.random()
            if chance < BACK:
                self._bought.append((request, answer.amount))
            elif chance < BACK + UNDONE:
                self._wrong.append(request)

    def _basket(self, usual: int) -> int:
        return max(120, int(usual * self._dice.lognormvariate(0, 0.45)))

    def _book_lines(self, customer: Customer) -> tuple[Line, ...]:
        amount = self._basket(min(customer.purse, 2_600))
        return (Line(group="books", amount=amount),)

    def _books(self, card: Card, customer: Customer) -> Iterator[Wish]:
        if self._dice.random() < 0.3:
            yield Wish("B1", "check_in", card, {})
        yield self._purchase("B1", card, lines=self._book_lines(customer))

    def _wash(self, card: Card, _customer: Customer) -> Iterator[Wish]:
        lines = (Line(group="wash", amount=self._dice.choice((500, 700, 900))),)
        yield self._purchase("F2", card, lines=lines)

    def _pass(self, card: Card, _customer: Customer) -> Iterator[Wish]:
        if card.visits:
            yield Wish("F2", "check_in", card, {})
        else:
            command: Command = "top_up" if card.opened else "activate"
            program, price = self._dice.choice(PASSES)
            parts = {"amount": price, "program": program}
            yield Wish("F2", command, card, parts)

    def _tab(self, card: Card, customer: Customer) -> Iterator[Wish]:
        """Groceries now, money next month."""
        if not card.opened:
            yield Wish("G1", "activate", card, {})
        else:
            amount = self._basket(min(customer.purse, 2_500))
            parts = {"amount": amount, "tender": Tender(credit=amount)}
            yield Wish(self._home(customer), "sale", card, parts)

    def _drive(self, card: Card) -> Iterator[Wish]:
        """A firm's car: fuel on credit."""
        if not card.opened:
            yield Wish("F1", "activate", card, {})
        else:
            yield from self._on_credit(card, self._dice.randint(2_500, 7_500))

    def _pay(self, customer: Customer, day: date) -> Iterator[Wish]:
        """What stands on a statement is paid in the first days of a month."""
        for kind, branch in ((TAB, "G1"), (FLEET, "F1")):
            card = customer.cards.get(kind)
            if card is None or card.lost or card.owed <= 0:
                continue
            due = day.day in PAYING_DAYS and self._dice.random() < PAYS
            if due and (customer.honest or self._dice.random() < PAYS_LATE):
                yield Wish(branch, "top_up", card, {"amount": card.owed})

    def _on_credit(self, card: Card, amount: int) -> Iterator[Wish]:
        line = Line(group="fuel", quantity=f"{amount / 155:.2f}", amount=amount)
        # What is off the price of much fuel is not owed: FUEL-BULK.
        rate = next((rate for least, rate in BULK if amount >= least), 0)
        due = Tender(credit=amount - (amount * rate + 99) // 100)
        parts: dict[str, Any] = {"lines": (line,), "tender": due}
        if self._dice.random() < 0.15:
            yield Wish("F1", "authorize", card, parts, self._hold, terminal=PUMP)
        elif self._dice.random() < 0.12:  # any member of the coalition takes the card
            parts = {"amount": amount // 2, "tender": Tender(credit=amount // 2)}
            yield Wish("G1", "sale", card, parts)
        else:
            yield Wish("F1", "sale", card, parts)

    def _hold(self, request: Request, answer: Answer) -> None:
        if answer.rc in APPROVED:
            self._held.append(request)

    def _wholesale(self, card: Card, customer: Customer) -> Iterator[Wish]:
        if card.points >= 8 and self._dice.random() < 0.2:
            count = self._dice.randint(2, min(card.points, 12))
            line = Line(sku="diesel", quantity=str(count), amount=0)
            yield Wish("F1", "redeem", card, {"lines": (line,)})
            return
        amount = max(self._basket(customer.purse), OPEN_TO_QUALIFY)
        parts: dict[str, Any] = {"amount": amount}
        if not card.opened and self._dice.random() < REFERRED:
            parts |= self._referred(card)
        yield self._purchase("G3", card, **parts)

    def _referred(self, card: Card) -> dict[str, Any]:
        known = [
            one.cards[PRO]
            for one in self._town.customers
            if PRO in one.cards and one.cards[PRO].opened
        ]
        if not known:
            return {}
        return {"referrer": CardRef(value=self._dice.choice(known).number)}

    # Presents

    def _presents(self, often: float) -> Iterator[Wish]:
        """Gift cards: sold here and there, spent at every member of the coalition."""
        for kind, branches, loads, share in (
            (GIFT, ("G1", "G1", "G2", "B1", "F1"), GIFT_LOADS, 1.4),
            (BOOK_GIFT, ("B1",), BOOK_LOADS, 0.45),
        ):
            if self._dice.random() < often * share / 2:
                card = self._town.new_card(kind)
                self._gifts.append(card)
                parts = {"amount": self._dice.choice(loads)}
                branch = self._dice.choice(branches)
                yield Wish(branch, "activate", card, parts)
        for _ in range(2):
            if self._gifts and self._dice.random() < often * 0.8:
                yield from self._use_gift()

    def _use_gift(self) -> Iterator[Wish]:
        card = self._dice.choice(self._gifts)
        if not card.gift:
            if card.opened:
                self._gifts.remove(card)
            return
        if card.kind == BOOK_GIFT:
            branch = "B1"
        else:
            [branch] = self._dice.choices(("G1", "G2", "F1", "B1"), (40, 20, 22, 18))
        amount = self._basket(3_000)
        if self._dice.random() < 0.04:
            amount = card.gift + 500  # more than there is: refused
            parts: dict[str, Any] = {"amount": amount, "tender": Tender(gift=amount)}
        else:
            paid = min(card.gift, amount)
            parts = {"amount": amount, "tender": Tender(gift=paid)}
        yield Wish(branch, "sale", card, parts)

    # Second thoughts

    def _bring_back(self) -> Wish:
        """The last line of a purchase, or all of what had no lines."""
        place = self._dice.randrange(len(self._bought))
        request, amount = self._bought.pop(place)
        parts: dict[str, Any] = {"original": original(request)}
        if request.lines:
            parts["lines"] = request.lines[-1:]
        else:
            parts["amount"] = amount
        return Wish("", "refund", None, parts, terminal=request.terminal)
