"""A second ledger for gift cards, written from the rules of docs/, not from the core.

One class, plain dictionaries, no clock of its own: what the real ledger must answer.
The core's tests draw operations against it, the fault trials judge by it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ekarte_core import Request

MIN_LOAD, MAX_BALANCE = 500, 50000
HOLD_S, HOLD_USUAL_S = {"00000031": 3600}, 300
PURCHASES = ("sale", "confirm")
LOADS = ("activate", "top_up")
FINAL = ("reverse", "block", "unblock", "close")


@dataclass
class Card:
    """What is known of one card; amounts in minor units."""

    state: str = "new"
    balance: int = 0
    held: int = 0

    @property
    def available(self) -> int:
        return self.balance - self.held


@dataclass
class Booked:
    """An operation and what has become of it."""

    request: Request
    rc: str
    card: str = ""
    on_file: str = ""  # the card asked for, if the ledger knew it then
    amount: int = 0
    taken: int = 0  # from the card; negative: put on it
    unpaid: int = 0  # offline: taken, and not there
    due: int = 0  # of a refund
    unloaded: int = 0  # sold value that came back
    closed_from: str = ""  # and closed the card, which had been in this state
    hold: str = ""  # open, captured, over
    ends: datetime | None = None
    reversed: bool = False
    refunds: list["Booked"] = field(default_factory=list)
    captured_by: "Booked | None" = None
    hold_of: "Booked | None" = None

    @property
    def command(self) -> str:
        """What was done, whoever told of it."""
        offline = getattr(self.request, "offline", None)
        return offline.command if offline else self.request.command

    @property
    def approved(self) -> bool:
        return self.rc in ("00", "10")

    def close(self, card: Card) -> None:
        self.closed_from = "blocked" if card.state == "blocked" else "active"
        card.state = "closed"

    @property
    def refunded(self) -> int:
        return sum(r.amount for r in self.refunds if not r.reversed)


class Refused(Exception):
    """Carries the answer code."""


def part(total: int, upto: int, whole: int) -> int:
    """Half up."""
    return (2 * total * upto + whole) // (2 * whole) if whole else 0


class Model:
    """Cards, and every operation by its key."""

    def __init__(self, hold_s: Mapping[str, int] = HOLD_S) -> None:
        """Begin with nothing; `hold_s`: how long holds of a terminal last."""
        self._hold_s = hold_s
        self.cards: dict[str, Card] = {}
        self.booked: dict[tuple, Booked] = {}
        self.closed: set[tuple[str, int]] = set()
        self.filed: set[str] = set()

    def answer(self, request: Request, now: datetime) -> Booked:
        """What the ledger answers; None of it happens twice."""
        before = self.booked.get(request.key)
        if before is not None:
            same = before.request == request or before.request.command == "buried"
            same = same or self._tells_of(request, before)
            return before if same else Booked(request, "94")
        booked, known = Booked(request, "00"), self._on_file(request)
        try:
            self._open_batch(request)
            getattr(self, f"_{request.command}")(booked, request, now)
        except Refused as refusal:
            booked = Booked(request, str(refusal))
        booked.on_file = known
        self.booked[request.key] = booked
        return booked

    def file(self, group: list[Request]) -> None:
        """Note what the ledger files as it takes a group: all to be activated."""
        self.filed |= {r.card.value for r in group if r.command == "activate"}

    def _on_file(self, request: Request) -> str:
        number = request.card.value if request.card is not None else ""
        return number if number in self.filed else ""

    def _tells_of(self, request: Request, before: Booked) -> bool:
        """An advice of what the ledger knows has the answer of that."""
        told = request.command == "advice" and before.command == "sale"
        amount = before.amount if before.approved else before.request.amount
        had = before.card if before.approved else before.on_file
        now = request.card.value if before.approved else self._on_file(request)
        # Of a refused one the card may not be known, nor the card that is told now.
        other = had != now and (before.approved or "" not in (had, now))
        return told and request.amount == amount and not other

    def expire(self, now: datetime) -> int:
        """Release what is past its time; returns how many."""
        over = [b for b in self.booked.values() if b.hold == "open" and b.ends <= now]
        for booked in over:
            self.expire_one(booked)
        return len(over)

    def expire_one(self, hold: Booked) -> None:
        """Release one hold whose time is over."""
        self._release(hold, "over")

    def totals(self, terminal: str, batch: int) -> dict[str, tuple[int, int]]:
        found: dict[str, tuple[int, int]] = {}
        for key, booked in self.booked.items():
            if key[:2] == (terminal, batch) and booked.approved:
                count, amount = found.get(booked.command, (0, 0))
                found[booked.command] = (count + 1, amount + booked.amount)
        return found

    def _open_batch(self, request: Request) -> None:
        if request.key[:2] in self.closed and request.command != "advice":
            raise Refused("95")

    def _usable(self, number: str) -> Card:
        card = self.cards.get(number, Card())
        self._not_closed(card)
        if card.state == "blocked":
            raise Refused("62")
        if card.state == "new":
            raise Refused("78")
        return card

    def _not_closed(self, card: Card) -> None:
        if card.state == "closed":
            raise Refused("54")

    def _original(self, request: Request) -> Booked | None:
        key = (request.terminal, request.original.batch, request.original.operation)
        return self.booked.get(key)

    def _activate(self, booked: Booked, request: Request, _now: datetime) -> None:
        card = self.cards.setdefault(request.card.value, Card())
        self._not_closed(card)
        if card.state == "blocked":
            raise Refused("62")
        if card.state != "new":
            raise Refused("05")
        if request.amount:
            self._load(booked, card, request)
        card.state = "active"
        booked.card = request.card.value

    def _top_up(self, booked: Booked, request: Request, _now: datetime) -> None:
        card = self._usable(request.card.value)
        self._load(booked, card, request)
        booked.card = request.card.value

    def _load(self, booked: Booked, card: Card, request: Request) -> None:
        if request.amount < MIN_LOAD:
            raise Refused("13")
        if card.balance + request.amount > MAX_BALANCE:
            raise Refused("61")
        card.balance += request.amount
        booked.amount, booked.taken = request.amount, -request.amount

    def _take(self, booked: Booked, request: Request) -> Card:
        card = self._usable(request.card.value)
        if not request.amount:
            raise Refused("13")
        wanted = request.amount if request.tender is None else request.tender.gift
        if wanted > request.amount:
            raise Refused("13")
        taken = min(wanted, card.available)
        if taken < wanted:
            if not (request.partial and taken):
                raise Refused("51")
            booked.rc = "10"
        booked.card, booked.amount = request.card.value, request.amount
        booked.taken = taken
        return card

    def _sale(self, booked: Booked, request: Request, _now: datetime) -> None:
        self._take(booked, request).balance -= booked.taken

    def _advice(self, booked: Booked, request: Request, _now: datetime) -> None:
        """A sale made offline: what is there is taken, whatever the card is."""
        card = self.cards.get(request.card.value, Card())
        if card.state == "new":
            raise Refused("78")
        wanted = request.offline.tendered["gift"]
        booked.card, booked.amount = request.card.value, request.amount
        booked.taken = min(wanted, card.available)
        booked.unpaid = wanted - booked.taken
        card.balance -= booked.taken

    def _authorize(self, booked: Booked, request: Request, now: datetime) -> None:
        self._take(booked, request).held += booked.taken
        booked.hold = "open"
        booked.ends = now + timedelta(
            seconds=self._hold_s.get(request.terminal, HOLD_USUAL_S)
        )

    def _confirm(self, booked: Booked, request: Request, now: datetime) -> None:
        hold = self._original(request)
        if hold is None or not hold.approved:
            raise Refused("25")
        if not hold.hold or hold.hold == "captured":
            raise Refused("77")
        if hold.hold == "over" or now >= hold.ends:
            raise Refused("25")
        amount = hold.amount if request.amount is None else request.amount
        if amount > hold.amount:
            raise Refused("13")
        self._release(hold, "captured")
        booked.card, booked.amount = hold.card, amount
        booked.taken = min(hold.taken, amount)
        booked.hold_of, hold.captured_by = hold, booked
        self.cards[hold.card].balance -= booked.taken

    def _release(self, hold: Booked, how: str) -> None:
        self.cards[hold.card].held -= hold.taken
        hold.hold = how

    def _refund(self, booked: Booked, request: Request, _now: datetime) -> None:
        bought = self._original(request)
        if bought is not None and bought.captured_by is not None:
            bought = bought.captured_by
        if bought is None or not bought.approved:
            raise Refused("25")
        if bought.command in LOADS and not bought.reversed:
            self._unload(booked, bought, request)
            return
        if bought.command not in PURCHASES or bought.reversed:
            raise Refused("77")
        before = bought.refunded
        if not request.amount or before + request.amount > bought.amount:
            raise Refused("13")
        given = part(bought.taken, before + request.amount, bought.amount)
        given -= part(bought.taken, before, bought.amount)
        unpaid = part(bought.unpaid, before + request.amount, bought.amount)
        unpaid -= part(bought.unpaid, before, bought.amount)
        booked.due = request.amount - given - unpaid
        booked.card, booked.amount, booked.taken = bought.card, request.amount, -given
        self.cards[bought.card].balance += given
        bought.refunds.append(booked)

    def _unload(self, booked: Booked, bought: Booked, request: Request) -> None:
        """Sold value comes back, as far as it is unused; all loads share one lot."""
        if not bought.amount:
            raise Refused("77")
        card = self.cards[bought.card]
        open_ = bought.amount - bought.refunded
        amount = request.amount or min(card.available, open_)
        if amount > open_:
            raise Refused("13")
        if not 0 < amount <= card.available:
            raise Refused("51")
        card.balance -= amount
        booked.card, booked.amount, booked.unloaded = bought.card, amount, amount
        bought.refunds.append(booked)
        if bought.request.command == "activate":
            booked.close(card)

    def _reverse(self, booked: Booked, request: Request, _now: datetime) -> None:
        original = self._original(request)
        if original is None:
            late = Booked(Request(command="sale", terminal="BURIED00"), "05")
            key = (request.terminal, request.original.batch, request.original.operation)
            self.booked[key] = late
            late.request = _Buried()
            return
        if original.request.command in FINAL:
            raise Refused("77")
        booked.amount, booked.card = original.amount, original.card
        if not original.approved or original.reversed or original.hold == "over":
            return
        if original.hold == "open":
            self._release(original, "over")
            return
        if original.hold == "captured" or original.refunded:
            raise Refused("77")
        card = self.cards[original.card]
        if original.taken < 0 and card.available < -original.taken:
            raise Refused("51")
        card.balance += original.taken + original.unloaded
        original.reversed = True
        if original.closed_from and card.state == "closed":
            card.state = original.closed_from
        if original.request.command == "activate" and card.state == "active":
            card.state = "new"

    def _block(self, booked: Booked, request: Request, _now: datetime) -> None:
        card = self.cards.get(request.card.value, Card())
        if card.state == "new":
            raise Refused("78")
        if card.state == "closed":
            raise Refused("05")
        card.state = "blocked"
        booked.card = request.card.value

    def _unblock(self, booked: Booked, request: Request, _now: datetime) -> None:
        card = self.cards.get(request.card.value)
        if card is None:
            raise Refused("78")
        if card.state in ("new", "closed"):
            raise Refused("05")
        card.state = "active"
        booked.card = request.card.value

    def _close(self, booked: Booked, request: Request, _now: datetime) -> None:
        ours = self.totals(request.terminal, request.batch)
        theirs = {t.command: (t.count, t.amount) for t in request.totals if t.count}
        if ours != theirs:
            raise Refused("95")
        self.closed.add(request.key[:2])


class _Buried:
    """Stands where an operation was reversed before it came: equals nothing."""

    command = "buried"
