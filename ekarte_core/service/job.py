"""One request on its way through a group: what was found out about it so far."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Literal

import msgspec

from ekarte_core.codes import Rc
from ekarte_core.keyring import Keyring
from ekarte_core.ledger.store import CardRow, Key, KnownKey
from ekarte_core.network.compiled import Network
from ekarte_core.network.document import Branch, CardType, Terminal
from ekarte_core.rules.identity import Identity, identify
from ekarte_core.rules.plan import Original
from ekarte_core.service.unfolding import unfolded
from ekarte_core.values import CardRef, Offline, Request
from ekarte_core.wire import body_of

Status = Literal["new", "repeat", "conflict", "transient", "busy"]

READ_ONLY = frozenset({"inquire", "echo", "status"})
NEEDS_ORIGINAL = frozenset(
    {"confirm", "reverse", "refund", "status", "charge_back", "restore"}
)
NEEDS_CARD = frozenset(
    {
        "inquire",
        "accrue",
        "voucher",
        "authorize",
        "sale",
        "top_up",
        "activate",
        "block",
        "unblock",
        "replace",
        "pool",
        "set_code",
        "enroll",
        "check_in",
        "redeem",
        "pay_out",
        "write_off",
        "put_on",
        "take_off",
        "bring_in",
    }
)
CORRECTS = frozenset({"put_on", "take_off", "bring_in"})
OFFICE_VALUE = CORRECTS | {"pay_out", "charge_back", "write_off", "restore"}
OFFICE_ONLY = OFFICE_VALUE | {"pool"}
NEEDS_AMOUNT = frozenset({"authorize", "sale", "accrue", "refund", "top_up"})
WITH_MONEY = NEEDS_AMOUNT | OFFICE_VALUE | {"confirm", "activate", "voucher"}
PURCHASE = frozenset({"authorize", "sale"})
BUYS = PURCHASE | {"accrue"}  # counts as the purchase that a card is given for
GOES_BACK = frozenset({"refund", "restore"})  # what a purchase took
UNDOES = GOES_BACK | {"reverse", "charge_back"}
MAKES_CARD = BUYS | {"activate", "check_in", "enroll"}
REFERS = BUYS  # `referrer` is looked at
NAMES_OTHER = frozenset({"replace", "pool"})  # `other` is looked at
NOT_BOOKED = frozenset({"parameters"})  # the gateway answers by itself
LEDGER_ID_END = 2**31


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a request; `answer` is JSON, byte for byte what is stored."""

    request: Request
    rc: str
    answer: bytes
    status: Status


class Before(msgspec.Struct, frozen=True):
    """What an advice follows: on this card and day, in a row; its chip went back."""

    card_day: int = 0
    in_a_row: int = 0
    went_back: bool = False


class Second(msgspec.Struct, kw_only=True):
    """The second card of a request: the referrer, or the other one it names."""

    identity: Identity | None = None
    tokens: dict[int, bytes] = {}
    admitted: tuple[CardType, ...] = ()
    card_id: int | None = None
    card: CardRow | None = None

    @property
    def token(self) -> bytes:
        """The token under the current key, empty without an identifier."""
        return next(iter(self.tokens.values()), b"")


class Job(msgspec.Struct, kw_only=True):
    """A request with everything looked up for it."""

    place: int
    request: Request
    """What is to be done; of an advice: what was done, as the request for it."""
    advice: Request | None = None
    terminal: Terminal | None = None
    branch: Branch | None = None
    identity: Identity | None = None
    tokens: dict[int, bytes] = {}
    """The identifier's tokens by key id, the current key's first."""
    admitted: tuple[CardType, ...] = ()
    digest: bytes = b""
    refused: Rc | None = None
    no_amount: bool = False  # answered when the card has been looked at
    field: str = ""
    known: KnownKey | None = None
    card: CardRow | None = None
    card_id: int | None = None
    second: Second | None = None
    busy: bool = False
    original: Original | None = None
    original_answer: str = ""
    codes: Iterator[str] | None = None  # of vouchers, where they are known already
    rooms: dict[str, int] = {}  # what may still be used elsewhere, by issuer
    before: Before | None = None  # of an advice: what came before it offline
    moment: datetime | None = None  # of an advice: as of when it is booked

    @property
    def sent(self) -> Request:
        """The request as it came."""
        return self.advice or self.request

    @property
    def offline(self) -> Offline | None:
        """What was decided offline, of an advice."""
        return self.advice.offline if self.advice is not None else None

    @property
    def token(self) -> bytes:
        """The token under the current key, empty without an identifier."""
        return next(iter(self.tokens.values()), b"")

    @property
    def original_key(self) -> Key | None:
        """The key of the operation it refers to."""
        original = self.request.original
        if original is None:
            return None
        terminal = original.terminal or self.request.terminal
        return (terminal, original.batch, original.operation)

    def today(self, network: Network, now: datetime) -> date:
        """The business day of the branch."""
        assert self.branch is not None
        return network.business_day(self.branch, now)


def prepare(place: int, request: Request, network: Network, keyring: Keyring) -> Job:
    """Find out what needs no ledger; `refused` says what is wrong already."""
    job = Job(place=place, request=request)
    job.terminal = network.terminal(request.terminal)
    if job.terminal is None or job.terminal.state != "active":
        job.refused, job.field = Rc.TERMINAL, "terminal"
        return job
    job.branch = network.branches[job.terminal.branch]
    if request.command == "advice":
        unfold(job)
        request = job.request
    if job.refused is None:
        _shape(job, network)
    if job.refused is None and request.card is not None and _by_ledger_id(job):
        job.card_id = int(request.card.value)
    elif job.refused is None and request.card is not None:
        job.identity = identify(request.card)
        if job.identity is not None:
            identity = job.identity
            job.tokens = keyring.card_tokens(identity.kind, identity.number)
            job.admitted = network.admitting(identity)
    if job.refused is None:
        job.second = _second(request, network, keyring, job)
    if job.refused is None and request.command not in READ_ONLY:
        job.digest = keyring.body_digest(body_of(job.sent))
    return job


def _second(
    request: Request, network: Network, keyring: Keyring, job: Job
) -> Second | None:
    named = second_ref(request)
    if named is None:
        return None
    if named.kind == "ledger":
        known = _ledger_id(named, job)
        return Second(card_id=known) if known is not None else Second()
    identity = identify(named)
    if identity is None:
        return Second()
    return Second(
        identity=identity,
        tokens=keyring.card_tokens(identity.kind, identity.number),
        admitted=network.admitting(identity),
    )


def second_ref(request: Request) -> CardRef | None:
    """Return the second card that a request names, where its command looks at one."""
    if request.command in REFERS:
        return request.referrer
    return request.other if request.command in NAMES_OTHER else None


def unfold(job: Job) -> None:
    """Put in place of an advice the request for what it tells of."""
    job.advice = job.request
    request, field = unfolded(job.request)
    if field:
        job.refused, job.field = Rc.FORMAT, field
    elif _lacks_amount(request):
        job.refused, job.field = Rc.AMOUNT, "amount"
    job.request = request


def _shape(job: Job, network: Network) -> None:
    """Refuse what lacks a part that its command needs."""
    request = job.request
    assert job.terminal is not None
    office = request.command in OFFICE_ONLY and job.terminal.protocol != "odoo"
    if office or request.command in NOT_BOOKED:
        job.refused, job.field = Rc.COMMAND, "command"
    else:
        job.field = _missing(request) or _wrong(job, network)
        job.refused = Rc.FORMAT if job.field else None
    job.no_amount = _lacks_amount(request)


def _missing(request: Request) -> str:
    """Name the first field that a command needs and does not have; '' for none."""
    command = request.command
    lacks = (
        ("operation", not request.operation and command not in READ_ONLY),
        ("card", request.card is None and command in NEEDS_CARD),
        ("original", request.original is None and command in NEEDS_ORIGINAL),
        ("other", request.other is None and command == "replace"),
        ("new_access_code", not request.new_access_code and command == "set_code"),
        ("lines", not request.lines and command == "redeem"),
        ("program", not request.program and command in CORRECTS),
    )
    return next((field for field, missing in lacks if missing), "")


def _wrong(job: Job, network: Network) -> str:
    """Name the first field that a command cannot have as it is; '' for none."""
    request = job.request
    money = request.command in WITH_MONEY or asks_quote(request)
    if request.bank is not None:  # a gateway speaks to banks, never the ledger
        return "bank"
    if _wrong_tender(request):
        return "tender"
    if _wrong_points(request):
        return "lines"
    if request.last_day and not _brings_until(request):
        return "last_day"
    if money and request.currency != network.document.currency:
        return "currency"
    return _wrongly_odoo(job)


def _wrong_tender(request: Request) -> bool:
    """A voucher names itself and nothing else; what was paid elsewhere is not paid."""
    tender = request.tender
    if request.command == "voucher":
        return tender is None or not tender.voucher or bool(tender.money)
    return request.command == "accrue" and tender is not None and tender.any


def _wrong_points(request: Request) -> bool:
    """What is put right is money, or points: the quantity of one line, whole."""
    if request.command not in CORRECTS or not request.lines:
        return False
    one = len(request.lines) == 1 and not request.lines[0].amount
    whole = one and request.lines[0].quantity.isdigit()
    return not whole or not int(request.lines[0].quantity) or bool(request.amount)


def _brings_until(request: Request) -> bool:
    """Only what is brought in has an end of its own: a day of the calendar."""
    try:
        day = date.fromisoformat(request.last_day)
    except ValueError:
        return False
    return request.command == "bring_in" and day.isoformat() == request.last_day


def _wrongly_odoo(job: Job) -> str:
    """Name the field that only Odoo's own desks may use; '' where all is well."""
    card = job.request.card
    if card is not None and card.kind == "ledger" and not _by_ledger_id(job):
        return "card.kind"
    odoo = job.terminal is not None and job.terminal.protocol == "odoo"
    return "no_discount" if job.request.no_discount and not odoo else ""


def _lacks_amount(request: Request) -> bool:
    """True when an amount is missing, nothing, or not the sum of the lines."""
    total = sum(line.amount for line in request.lines)
    if request.lines and request.command in CORRECTS:
        return False
    if request.lines and request.command != "redeem":
        return not total or request.amount not in (None, total)
    return request.command in NEEDS_AMOUNT | CORRECTS and not request.amount


def _by_ledger_id(job: Job) -> bool:
    """The back office knows a card by its ledger id: numbers are not kept."""
    card = job.request.card
    return card is not None and _ledger_id(card, job) is not None


def _ledger_id(card: CardRef, job: Job) -> int | None:
    office = job.terminal is not None and job.terminal.protocol == "odoo"
    if card.kind != "ledger" or not office:
        return None
    digits = card.value.isascii() and card.value.isdigit()
    return int(card.value) if digits and int(card.value) < LEDGER_ID_END else None


def asks_quote(request: Request) -> bool:
    """Say whether an inquiry asks what a purchase would come to."""
    return request.command == "inquire" and bool(request.amount or request.lines)


def is_purchase(request: Request) -> bool:
    """Say whether it is a purchase, or asks what one would come to."""
    return request.command in PURCHASE or asks_quote(request)


def qualifies(request: Request) -> bool:
    """Say whether its amount is that of a purchase, wherever it is paid."""
    return request.command in BUYS or asks_quote(request)


def waves(jobs: list[Job]) -> list[list[Job]]:
    """Split a group so that no job depends on another one of its own wave.

    A repeat waits for its first, a confirmation for its authorization, the second
    refund of a purchase for the first, a batch close for all its terminal sent before.
    """
    found: list[list[Job]] = []
    left = jobs
    while left:
        wave: list[Job] = []
        later: list[Job] = []
        seen: set[Key] = set()
        terminals: set[str] = set()
        tokens: set[bytes] = set()
        closing: set[str] = set()
        for job in left:
            terminal = job.request.terminal
            waits = (
                job.request.key in seen
                or (job.original_key is not None and job.original_key in seen)
                or (job.request.command == "close" and terminal in terminals)
                or terminal in closing
                # What its terminal and its card did before decides what is flagged.
                or (job.advice is not None and _follows(job, terminals, tokens))
            )
            if waits:
                later.append(job)
                closing.add(terminal)  # keep the terminal's order
            else:
                wave.append(job)
            seen.add(job.request.key)
            if job.original_key is not None:
                seen.add(job.original_key)
            terminals.add(terminal)
            tokens.add(job.token)
            if job.request.command == "close":
                closing.add(terminal)
        found.append(wave)
        left = later
    return found


def _follows(job: Job, terminals: set[str], tokens: set[bytes]) -> bool:
    return job.request.terminal in terminals or bool(job.token and job.token in tokens)
