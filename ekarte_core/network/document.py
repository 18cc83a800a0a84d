"""The network document: everything the loyalty system decides from, as data.

Odoo publishes it on every change; it can as well be a file. Immutable and
versioned: an operation keeps the version it was decided by. These classes are the
schema; check.py holds what a schema cannot say.
"""

from datetime import datetime
from typing import Any, Literal

import msgspec

FORMAT = 1


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Common shape: immutable, unknown fields refused by name."""


class Terms(_Part, frozen=True, kw_only=True):
    """The part of a used bonus that its issuer pays to a seller, basis points."""

    issuer: str
    seller: str
    price_bp: int


class Leaving(_Part, frozen=True, kw_only=True):
    """An issuer on its way out of a coalition.

    From `issue_until` on it gives out nothing more that others would accept; until
    `spend_until` what is out may still be used at others, and theirs at its branches.
    """

    issuer: str
    issue_until: datetime
    spend_until: datetime


class Coalition(_Part, frozen=True, kw_only=True):
    """Issuers who accept each other's gift cards and bonuses.

    Attributes:
        operator: issuer who keeps the union's accounts, '' for none.
        model: who owes what bonuses promise: their issuer, or the operator's pool.
        issue_price_bp: pool: what an issuer pays in for bonuses, of their value.
        breakage_share_bp: pool: the issuers' share of what is never used.
        terms: prices between pairs; all others are paid in full, and so are gift
            money, credit and goods for points.
        service_tax_rate_bp: 0: what an issuer pays for bonuses used elsewhere is
            part of the price of the goods; else a service invoiced with this tax.
        leaving: members on their way out.
    """

    code: str
    name: str
    issuers: tuple[str, ...]
    operator: str = ""
    model: Literal["issuer", "pool"] = "issuer"
    issue_price_bp: int = 10_000
    breakage_share_bp: int = 0
    terms: tuple[Terms, ...] = ()
    service_tax_rate_bp: int = 0
    leaving: tuple[Leaving, ...] = ()


class SlipTexts(_Part, frozen=True, kw_only=True):
    """What stands above and below each slip, in one language."""

    header: tuple[str, ...] = ()
    footer: tuple[str, ...] = ()


class Issuer(_Part, frozen=True, kw_only=True):
    """A merchant who runs programs; `in_odoo`: a company of this Odoo database.

    `currency`: of its books, '' for the document's; `exposure_limit`: what it may owe
    others for its value before they take no more of it, minor units, 0 for no limit;
    `accepted_elsewhere` off: they take none. `slip_texts`: header and footer by
    language, in place of `slip_header` and `slip_footer`; `slip_barcode`: the code with
    the operation's number on its slips, for a till to scan.
    """

    code: str
    name: str
    in_odoo: bool = True
    slip_header: tuple[str, ...] = ()
    slip_footer: tuple[str, ...] = ()
    language: str = "lv"
    currency: str = ""
    exposure_limit: int = 0
    accepted_elsewhere: bool = True
    slip_texts: dict[str, SlipTexts] = {}
    slip_barcode: Literal["none", "qr", "code128"] = "none"


class Branch(_Part, frozen=True, kw_only=True):
    """A place of an issuer. `cutoff`: local HH:MM at which its business day ends."""

    code: str
    issuer: str
    name: str
    address: str = ""
    time_zone: str = "Europe/Riga"
    cutoff: str = "00:00"
    books_sales: bool = True
    tax_rate_bp: int = 2100


class GoodsGroup(_Part, frozen=True, kw_only=True):
    """A group of goods as terminals name it, with its tax rate."""

    code: str
    name: str
    tax_rate_bp: int = 2100


class Hours(_Part, frozen=True, kw_only=True, rename={"first": "from", "last": "to"}):
    """A part of the day on the branch's clock: HH:MM, from inclusive, to exclusive."""

    first: str
    last: str


class Program(_Part, frozen=True, kw_only=True):
    """One kind with parameters, owned by an issuer. `branches` empty: all of them.

    `overrides` names another program of the issuer: at `branches` this one takes
    its place and uses its purses. `weekdays`: 1 (Monday) to 7, empty: all; `hours`
    empty: all day; `min_age_of_card`: days since the card was registered; `consent`:
    a purpose that the holder must have consented to, '' for none.
    """

    code: str
    issuer: str
    kind: str
    name: str
    parameters: dict[str, Any]
    branches: tuple[str, ...] = ()
    overrides: str = ""
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    sequence: int = 10
    combine: Literal["best", "add", "compound"] = "best"
    weekdays: tuple[int, ...] = ()
    hours: tuple[Hours, ...] = ()
    min_age_of_card: int = 0
    consent: str = ""


class NumberRange(
    _Part, frozen=True, kw_only=True, rename={"first": "from", "last": "to"}
):
    """Identifiers from `from` to `to` (same length, inclusive); both empty: all."""

    kind: Literal["number", "bank", "document", "phone", "chip"] = "number"
    first: str = ""
    last: str = ""
    check: Literal["none", "luhn", "ean13"] = "none"


class CardType(_Part, frozen=True, kw_only=True):
    """Number ranges and the programs that their cards take part in.

    `qualify_amount`: a purchase of at least so much (minor units) registers a card;
    `discount_at_once`: the purchase that registers it has its discount already;
    `pool`: its cards may share one account.
    """

    code: str
    issuer: str
    name: str
    ranges: tuple[NumberRange, ...]
    programs: tuple[str, ...]
    auto_register: bool = False
    access_code: Literal["none", "optional", "required"] = "none"
    qualify_amount: int = 0
    discount_at_once: bool = True
    pool: bool = False


Mac = Literal["none", "hmac-sha256", "aes-cmac", "x9.19"]
Profile = Literal["A", "B"]


class OfflineLimits(_Part, frozen=True, kw_only=True):
    """How far a terminal may decide by itself: floor limits. 0 allows nothing.

    Attributes:
        amount_max: of one operation, minor units.
        card_day_max: of one card and day, minor units.
        count_max: operations since it was last in touch.
        age_h_max: hours; an advice that comes later is flagged.
        stop_list_age_h_max: hours; with an older stop list it decides nothing.
    """

    amount_max: int = 0
    card_day_max: int = 0
    count_max: int = 0
    age_h_max: int = 24
    stop_list_age_h_max: int = 24


class Terminal(_Part, frozen=True, kw_only=True):
    """A device or program that sends operations; its key is derived, never stored.

    Attributes:
        profile: of ISO 8583: A ASCII with a length, B packed with TPDU.
        certificates: SHA-256 of its TLS client certificates, hex; two while one is
            replaced by another. With one set, it must show one of them.
        columns: of its slips.
        printer: where the gateway prints its slips: tcp://host:port or
            serial:///dev/ttyX?baud=9600, '' nowhere; `printer_profile` names its kind.
        close_at: local HH:MM at which its open batch is closed without it, '' never.
        pump: its holds wait for what is delivered.
        offline: what it may decide by itself, None for nothing.
        bank: the acquirer of its bank cards, '' none; `bank_terminal` and
            `bank_acceptor` are its numbers there.
    """

    id: str
    branch: str
    name: str = ""
    protocol: Literal["http", "iso8583", "serial", "nexo", "odoo"] = "http"
    state: Literal["active", "blocked"] = "active"
    key_version: int = 1
    mac: Mac = "hmac-sha256"
    hold_s: int = 300
    profile: Profile = "A"
    certificates: tuple[str, ...] = ()
    columns: int = 32
    printer: str = ""
    printer_profile: str = "default"
    close_at: str = ""
    pump: bool = False
    offline: OfflineLimits | None = None
    bank: str = ""
    bank_terminal: str = ""
    bank_acceptor: str = ""


class Acquirer(_Part, frozen=True, kw_only=True):
    """A bank's host for bank cards, over ISO 8583. Its key is a setting, not here.

    Attributes:
        message: what asks it to charge a sale: 0200, or 0100 where it books what it
            has authorized by itself. `authorize` is always 0100, completed by 0220.
        institution: our number there, DE32; '' none.
        reversal_card: it wants the card's number in a reversal.
    """

    code: str
    name: str
    host: str
    port: int
    profile: Profile = "A"
    mac: Mac = "none"
    message: Literal["0200", "0100"] = "0200"
    institution: str = ""
    reversal_card: bool = False


class NetworkDocument(_Part, frozen=True, kw_only=True):
    """The whole network at one moment."""

    format: int
    name: str
    currency: str = "EUR"
    coalitions: tuple[Coalition, ...] = ()
    issuers: tuple[Issuer, ...]
    branches: tuple[Branch, ...]
    goods_groups: tuple[GoodsGroup, ...] = ()
    programs: tuple[Program, ...]
    card_types: tuple[CardType, ...]
    terminals: tuple[Terminal, ...] = ()
    acquirers: tuple[Acquirer, ...] = ()
