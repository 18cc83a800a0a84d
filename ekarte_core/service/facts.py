"""From a request with its locked cards to the facts that the rules decide from."""

import base64
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from types import MappingProxyType

from ekarte_core.keyring import Keyring
from ekarte_core.ledger.store import CardRow
from ekarte_core.network.compiled import Network
from ekarte_core.network.document import Branch, CardType
from ekarte_core.rules.plan import CardFacts, Facts, SecondCard
from ekarte_core.rules.pricing import Goods
from ekarte_core.rules.purses import Sheet
from ekarte_core.rules.running import Moment, Programs
from ekarte_core.service.job import Job, Second
from ekarte_core.service.locking import registers
from ekarte_core.service.rotating import proves_code
from ekarte_core.values import Request

CODE_CHARS = 12
_ALPHABET = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)  # RFC 4648 to Crockford's, which nobody misreads


_NEVER = datetime.min.replace(tzinfo=timezone.utc)
_NO_PROGRAMS = Programs((), Moment(now=_NEVER, local=_NEVER))


def facts_of(
    job: Job, card: CardRow, network: Network, keyring: Keyring, now: datetime
) -> Facts:
    """Return the facts of a request on a locked card."""
    assert job.branch is not None
    assert card.account is not None
    account = card.account
    types = {kind.code for kind in job.admitted} | card.card_types
    facts = _bare_facts(job, network, now)
    facts.programs = programs_of(network, job.branch, types, card, now, job.rooms)
    facts.sheet = Sheet(account.purses.values(), now)
    facts.card = _card_facts(job, card, types, network)
    given = job.request.access_code
    if given and card.access_code is not None:
        facts.card.access_right = proves_code(keyring, card, given)
    if facts.card.no_discount:
        withheld = [(p, "discount.from_next") for p, _ in facts.programs.discounts]
        facts.programs.idle += withheld
        facts.programs.discounts = []
    elif job.request.no_discount:
        given_up = [(p, "discount.full_price") for p, _ in facts.programs.discounts]
        facts.programs.idle += given_up
        facts.programs.discounts = []
    facts.statements = account.statements
    facts.products = {code: row.product for code, row in account.vouchers.items()}
    facts.codes = job.codes or _codes(keyring, job.request)
    if job.second is not None and job.second.card is not None:
        facts.second = _second_facts(job, job.second, facts, network, now)
    return facts


def facts_of_nothing(job: Job, network: Network, now: datetime) -> Facts:
    """Facts for the reversal of an operation that never came."""
    return _bare_facts(job, network, now)


def programs_of(
    network: Network,
    branch: Branch,
    types: set[str],
    card: CardRow,
    at: datetime,
    rooms: Mapping[str, int] = MappingProxyType({}),
) -> Programs:
    """Return what a card of these types met at a branch at a moment.

    `rooms`: what may still be used elsewhere, by issuer with a limit.
    """
    # What is on file is no card yet: its age begins with its first use.
    registered = card.registered_at if card.state != "new" else None
    age = at - registered if registered else timedelta(0)
    moment = Moment(
        now=at,
        local=network.local_time(branch, at),
        card_age=age,
        card_facts=card.facts,
        rooms=rooms,
    )
    return Programs(network.running(branch, types), moment)


def _bare_facts(job: Job, network: Network, now: datetime) -> Facts:
    assert job.terminal is not None
    assert job.branch is not None
    return Facts(
        request=job.request,
        issuer=job.branch.issuer,
        now=now,
        today=job.today(network, now),
        zone=network.zone(job.branch),
        hold_s=job.terminal.hold_s,
        programs=_NO_PROGRAMS,
        sheet=Sheet((), now),
        card=CardFacts(
            id=0,
            state="",
            auto_register=False,
            access_policy="none",
            access_set=False,
            access_tries=0,
            access_right=None,
        ),
        goods=goods_of(job, network),
        original=job.original,
        taxes=network.taxes(job.branch),
    )


def _card_facts(
    job: Job, card: CardRow, types: set[str], network: Network
) -> CardFacts:
    assert job.branch is not None
    here = [network.card_types[code] for code in types if code in network.card_types]
    own = [kind for kind in here if kind.issuer == job.branch.issuer]
    giving = [kind for kind in own if registers(kind, job)]
    return CardFacts(
        id=card.id,
        state=card.state,
        auto_register=bool(giving),
        access_policy=_strictest(kind.access_code for kind in here),
        access_set=card.access_code is not None,
        access_tries=card.access_tries,
        access_right=None,
        account_id=card.account_id,
        no_discount=_waits_for_discount(card, giving),
        card_types=frozenset(types),
        pool=any(kind.pool for kind in own),
        shared=card.shared,
        heir=card.heir,
    )


def _waits_for_discount(card: CardRow, giving: list[CardType]) -> bool:
    """The purchase that registers a card has its discount only where a type says so."""
    return (
        card.state == "new"
        and bool(giving)
        and not any(kind.discount_at_once for kind in giving)
    )


def _second_facts(
    job: Job, second: Second, facts: Facts, network: Network, now: datetime
) -> SecondCard:
    assert job.branch is not None
    card = second.card
    assert card is not None
    assert card.account is not None
    admitted = {k.code for k in second.admitted if k.issuer == job.branch.issuer}
    types = admitted | {
        code
        for code in card.card_types
        if code in network.card_types
        and network.card_types[code].issuer == job.branch.issuer
    }
    same = card.account_id == facts.card.account_id
    return SecondCard(
        card=_card_facts(job, card, types, network),
        programs=programs_of(network, job.branch, types, card, now),
        sheet=facts.sheet if same else Sheet(card.account.purses.values(), now),
    )


def _strictest(policies: Iterable[str]) -> str:
    order = ("none", "optional", "required")
    return max(policies, key=order.index, default="none")


def goods_of(job: Job, network: Network) -> list[Goods]:
    """Return what a request buys, with the branch's taxes."""
    assert job.branch is not None
    request, branch = job.request, job.branch
    if not request.lines:
        if not request.amount:
            return []
        rate = network.tax_rate_bp(branch, "")
        return [Goods(group="", gross=request.amount, tax_rate_bp=rate)]
    return [
        Goods(
            group=line.group,
            gross=line.amount,
            tax_rate_bp=network.tax_rate_bp(branch, line.group),
            sku=line.sku,
            thousandths=thousandths(line.quantity),
        )
        for line in request.lines
    ]


def thousandths(quantity: str) -> int:
    """Read a decimal quantity of at most three places: '10.5' is 10500."""
    whole, _, part = quantity.partition(".")
    return int(whole) * 1000 + int(f"{part:0<3}")


def _codes(keyring: Keyring, request: Request) -> Iterator[str]:
    """Voucher codes of an operation: the same for a retry, no guess for others."""
    number = 0
    while True:
        number += 1
        key = f"voucher|{request.terminal}|{request.batch}|{request.operation}|{number}"
        letters = base64.b32encode(keyring.body_digest(key.encode()))[:CODE_CHARS]
        code = letters.translate(_ALPHABET).decode()
        yield f"{code[:4]}-{code[4:8]}-{code[8:]}"
