"""What is said between terminals and the loyalty system: requests and answers.

Plain frozen values without input or output. Money is an integer in minor units
(cents), rates are integers in basis points (500 = 5 %). The JSON names here are
the names on the wire (docs/TERMINALS.md), in the tables and in Odoo.
"""

from datetime import datetime
from typing import Literal

import msgspec

CardKind = Literal[
    "pan",
    "track1",
    "track2",
    "barcode",
    "keyed",
    "bank",
    "document",
    "phone",
    "chip",
    "ledger",
]
"""How the identifier was read. `ledger`: the card's id, for the back office only."""

Command = Literal[
    "inquire",
    "authorize",
    "confirm",
    "reverse",
    "sale",
    "refund",
    "top_up",
    "activate",
    "block",
    "unblock",
    "replace",
    "pool",
    "pay_out",
    "charge_back",
    "write_off",
    "restore",
    "put_on",
    "take_off",
    "bring_in",
    "set_code",
    "enroll",
    "check_in",
    "accrue",
    "redeem",
    "voucher",
    "advice",
    "parameters",
    "close",
    "echo",
    "status",
]

OfflineCommand = Literal["sale", "accrue", "check_in", "refund", "top_up", "voucher"]
"""What a terminal may do while nobody answers; `advice` tells of it later."""

AMOUNT_MINOR_MAX = 99_999_999_99
"""Twelve digits of ISO 8583 field 4 less two: 99,999,999.99."""

LINES_MAX = 200
TEXT_CHARS_MAX = 64


class _Value(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Common shape: immutable, unknown fields refused by name."""


class CardRef(_Value, frozen=True, kw_only=True):
    """An identifier as the terminal read it. Prints without the number."""

    kind: CardKind = "pan"
    value: str

    def __repr__(self) -> str:
        """Show the kind and the last four, never the number."""
        return f"CardRef({self.kind} ****{tail(self.value)})"


def tail(number: str) -> str:
    """The last signs of a number that people may see: four, fewer of a short one."""
    shown = min(4, max(len(number) - 3, 0))
    return number[len(number) - shown :]


class Line(_Value, frozen=True, kw_only=True):
    """One line of goods; `amount` is the line's gross price, minor units."""

    sku: str = ""
    group: str = ""
    quantity: str = "1"
    amount: int


class Tender(_Value, frozen=True, kw_only=True, omit_defaults=True):
    """What shall be taken from the card: minor units, and the code of a voucher."""

    gift: int = 0
    bonus: int = 0
    credit: int = 0
    voucher: str = ""

    @property
    def money(self) -> int:
        """What is asked for in money; a voucher pays what it can."""
        return self.gift + self.bonus + self.credit

    @property
    def any(self) -> bool:
        """True when something is asked for."""
        return bool(self.money or self.voucher)


class Original(_Value, frozen=True, kw_only=True):
    """The operation that this one refers to.

    `terminal` empty: the sender's own. Goods may be returned, and a pump's sale
    confirmed, at another terminal of the same issuer.
    """

    batch: int
    operation: int
    terminal: str = ""


class BatchTotal(_Value, frozen=True, kw_only=True):
    """The terminal's own count and sum of approved operations of one command."""

    command: str
    count: int
    amount: int


class Offline(_Value, frozen=True, kw_only=True, omit_defaults=True):
    """What a terminal decided on its own; the advice's other fields say on what.

    Attributes:
        decided: the answer code it gave, 00 or 10.
        discount: what it took off the price, minor units.
        amount_due: what it had the customer pay otherwise.
        tendered: what it took from the card, by tender as in an answer.
        counter: of a chip card that keeps its account: its record's number, 0 none.
        params_version: of the parameters that it decided by.
    """

    command: OfflineCommand
    decided: str = "00"
    discount: int = 0
    amount_due: int = 0
    tendered: dict[str, int] = {}
    counter: int = 0
    params_version: int = 0


class BankPart(_Value, frozen=True, kw_only=True, omit_defaults=True):
    """The bank card that pays what is due; how much that is, the ledger says.

    Attributes:
        card: of kind bank: the number, or track 2 as it was read.
        expiry: YYMM, where it was not read with the track.
        pin_block: 16 hexadecimal digits, enciphered for the bank; passed through.
        chip: what the card's chip says to its bank (DE55), hexadecimal; passed
            through and kept nowhere.
    """

    card: CardRef
    expiry: str = ""
    pin_block: str = ""
    chip: str = ""

    def __repr__(self) -> str:
        """Show the card's last four only."""
        return f"BankPart({self.card!r})"


class ParametersWish(_Value, frozen=True, kw_only=True, omit_defaults=True):
    """Which parameters a terminal has, and the chunk that it asks for.

    `version` names the download that the chunk belongs to, 0 the newest: it may go on
    though there is a newer one by now.
    """

    known: int = 0
    chunk: int = 0
    version: int = 0


class Request(_Value, frozen=True, kw_only=True, omit_defaults=True):
    """One command of one terminal, whatever transport carried it.

    Attributes:
        referrer: the card of who brought this customer.
        other: the new card of a replacement, the main card of a pool.
        program: which of the card's programs is meant; '' the first that fits.
        reason: why a card is blocked for good; '' only until it is unblocked.
        last_day: of bring_in: the day, as 2026-12-31, after which the balance ends; ''
            as the program says.
        new_access_code: what the code shall be.
        consents: purpose to yes or no, with a questionnaire; `questionnaire: no`
            says that none was filled in and only consents change.
        no_discount: the goods were sold at full price already; Odoo's desks only.
        slip: none, text, text:<columns> or escpos:<profile>.
        offline: of an advice: what was decided while nobody answered.
        parameters: of the command of that name: what is known, what is asked for.
        bank: the bank card that pays the rest, through the gateway.
    """

    command: Command
    terminal: str
    batch: int = 0
    operation: int = 0
    local_time: datetime | None = None
    card: CardRef | None = None
    access_code: str | None = None
    amount: int | None = None
    currency: str = "EUR"
    lines: tuple[Line, ...] = ()
    tender: Tender | None = None
    original: Original | None = None
    partial: bool = False
    reference: str = ""
    language: str = ""
    slip: str = "text"
    totals: tuple[BatchTotal, ...] = ()
    referrer: CardRef | None = None
    other: CardRef | None = None
    program: str = ""
    reason: Literal["", "lost", "stolen", "closed"] = ""
    last_day: str = ""
    new_access_code: str | None = None
    consents: dict[str, bool] = {}
    no_discount: bool = False
    offline: Offline | None = None
    parameters: ParametersWish | None = None
    bank: BankPart | None = None

    @property
    def key(self) -> tuple[str, int, int]:
        """The idempotency key: terminal, batch, operation number."""
        return (self.terminal, self.batch, self.operation)

    def __repr__(self) -> str:
        """Show the key only: the rest may hold a card number or a code."""
        return f"Request({self.command} {self.terminal}/{self.batch}/{self.operation})"


class Balance(_Value, frozen=True, kw_only=True, omit_defaults=True):
    """A purse as the answer shows it; `available` is `value` less holds.

    `goods_group`: which goods a sum was spent for, where a program counts them apart.
    """

    program: str
    kind: str
    unit: str
    value: int
    available: int
    goods_group: str = ""


class Earned(_Value, frozen=True, kw_only=True):
    """Points one program gave (negative: took back)."""

    program: str
    points: int


class Voucher(_Value, frozen=True, kw_only=True):
    """A one-time right of the card: to `value` off (minor units), or to `product`."""

    code: str
    program: str
    kind: Literal["money", "goods"]
    value: int = 0
    product: str = ""
    valid_until: datetime | None = None


class SlipLine(_Value, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the slip; the terminal renders it.

    Attributes:
        right: the end of `text` that stands at the right edge, the rest at the left.
        style: of qr and barcode the line is a code and `text` its content; cut, only in
            rendered slips, ends a copy.
        size: double is twice as high and wide.
    """

    text: str
    right: str = ""
    align: Literal["left", "center", "right"] = "left"
    style: Literal["", "bold", "rule", "signature", "qr", "barcode", "cut"] = ""
    size: Literal["", "double"] = ""


class LineAnswer(_Value, frozen=True, kw_only=True):
    """What one line of the request is given: minor units, and the rate in bp.

    `discount` includes what a goods voucher pays of it; `rate` is that of the rest.
    """

    discount: int = 0
    rate: int = 0


class Parameters(_Value, frozen=True, kw_only=True, omit_defaults=True):
    """A chunk of a terminal's signed parameters.

    Attributes:
        version: of the network that they were made from.
        kind: all of them, what changed since those known, or that nothing did.
        chunks: into how many the document is cut; `chunk` is this one, from 0.
        data: the chunk's bytes, base64.
        signature: Ed25519 over the whole document, base64; `key_id` names the key.
    """

    version: int
    kind: Literal["full", "delta", "same"]
    chunks: int = 0
    chunk: int = 0
    data: str = ""
    signature: str = ""
    key_id: str = ""


class BankAnswer(_Value, frozen=True, kw_only=True, omit_defaults=True):
    """What the bank said: its own answer code, and the amount it was asked for."""

    rc: str
    auth_code: str = ""
    rrn: str = ""
    amount: int = 0


class Answer(_Value, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to one request. Amounts in minor units; see docs/TERMINALS.md.

    Attributes:
        lines: one for each line of the request, in its order.
        price_reduction: the part of `tendered` that lowers the price instead of
            paying it: bonus money and vouchers of the seller itself. Of a refund or
            reversal: the same part of what goes back to the card.
        kept: kept back from a refund for points that have been used.
        code_asked: taking value from this card needs its access code.
        tries_left: of a wrong access code: how many more may be tried; 0 none.
        next: for Odoo's own desks, those sentences of `explain` that say what is
            missing to the next step.
        slip_bytes: the slip as bytes for an ESC/POS printer (base64 in JSON); made by
            the gateway, never stored.
        exceptions: of an advice: what people have to look at.
        bank: of a purchase with a bank part: what the bank said.
    """

    rc: str
    message: str = ""
    field: str = ""
    auth_code: str = ""
    txn: str = ""
    hold_until: datetime | None = None
    amount: int = 0
    discount: int = 0
    amount_due: int = 0
    tendered: dict[str, int] = {}
    earned: tuple[Earned, ...] = ()
    converted: int = 0
    balances: tuple[Balance, ...] = ()
    discount_rate: int = 0
    lines: tuple[LineAnswer, ...] = ()
    price_reduction: int = 0
    kept: int = 0
    code_asked: bool = False
    tries_left: int = 0
    card_state: str = ""
    vouchers: tuple[Voucher, ...] = ()
    explain: tuple[str, ...] = ()
    next: tuple[str, ...] = ()
    slip: tuple[SlipLine, ...] = ()
    copies: int = 0
    slip_bytes: bytes = b""
    exceptions: tuple[str, ...] = ()
    parameters: Parameters | None = None
    bank: BankAnswer | None = None
    totals: tuple[BatchTotal, ...] = ()
    original: "Answer | None" = None
    params_version: int = 0
    server_time: datetime | None = None
