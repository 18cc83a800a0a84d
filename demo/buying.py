"""Purchases: quoted, held, confirmed or booked at once."""

from collections.abc import Sequence

from earning import earn, try_earning
from holders import Card, Voucher, add
from prices import price
from rules import Rule, half_up, spread
from said import THOUSAND, Booked, Expected, Goods, Item, Operation, Refused
from world import World, move

# What pays, in this order; and the programs whose value it is.
TENDERS = {
    "gift": ("gift_card",),
    "bonus": ("bonus_amount", "bonus_visit"),
    "credit": ("credit_card",),
}
Taken = dict[tuple[str, str], int]


def sale(world: World, operation: Operation, booked: Booked) -> None:
    """Quote and book at once."""
    rules = quote(world, operation, booked)
    book(world, rules, booked, dict(booked.taken))


def authorize(world: World, operation: Operation, booked: Booked) -> None:
    """Quote and hold."""
    rules = quote(world, operation, booked)
    assert booked.card is not None
    for (purse, _tender), amount in booked.taken.items():
        add(booked.card.account.held, {purse: amount})
    booked.state = "held"
    booked.expected.points, booked.expected.converted = try_earning(rules, booked)


def confirm(world: World, operation: Operation, booked: Booked) -> None:
    """Book what was held, or a part of it, at the rates of then."""
    assert operation.original is not None
    held = world.stored.get(operation.original)
    if held is None or held.state == "refused" or held.expected.rc not in ("00", "10"):
        raise Refused("25")
    seller = world.rules.issuer(held.operation.terminal)
    if seller != world.rules.issuer(operation.terminal):
        raise Refused("25")
    if held.operation.command != "authorize" or held.state != "held":
        raise Refused("77")
    asked = operation.gross if operation.lines or operation.amount else held.gross
    if asked > held.gross:
        raise Refused("13")
    assert held.card is not None
    goods = operation.items or cut(held.operation.goods, asked)
    parts = [half_up(i.gross * held.rates.get(i.group, 0), 10_000) for i in goods]
    release(held)
    taken: Taken = {}
    left = asked - sum(parts)
    for name in sorted(held.taken, key=lambda key: [*TENDERS].index(key[1])):
        taken[name] = min(held.taken[name], left)
        left -= taken[name]
    held.state = "captured"
    booked.card, booked.gross, booked.rates = held.card, asked, held.rates
    booked.referrer = held.operation.referrer
    booked.goods, booked.parts = goods, parts
    booked.groups = by_group(goods, parts)
    shares = spread(sum(parts), [*held.expected.saved.values()])
    saved = dict(zip(held.expected.saved, shares, strict=True))
    booked.expected = Expected(discount=sum(parts), due=left, saved=saved)
    rules = world.running(operation.terminal, held.card)
    book(world, rules, booked, taken)


def cut(goods: Sequence[Item], asked: int) -> list[Item]:
    """The goods of a hold, each in proportion to what was taken of them."""
    parts = spread(asked, [item.gross for item in goods])
    return [item._replace(gross=part) for item, part in zip(goods, parts, strict=True)]


def release(held: Booked) -> None:
    """Give up what a hold keeps back."""
    assert held.card is not None
    for (purse, _tender), amount in held.taken.items():
        add(held.card.account.held, {purse: -amount})


def quote(world: World, operation: Operation, booked: Booked) -> list[Rule]:
    """Price the purchase and plan what the card pays."""
    if operation.gross <= 0:
        raise Refused("13")
    fresh = world.card(operation.number, operation.kind).state in ("", "new")
    card, rules = world.fit(operation)
    booked.card, booked.referrer = card, operation.referrer
    at_once = not fresh or world.gives_at_once(card)
    priced = rules if at_once else []
    goods = operation.goods
    voucher = find_voucher(world, rules, card, operation.voucher)
    free = one_for_free(voucher, goods) if voucher is not None else (-1, 0)
    prices = price(priced, card.account, goods, free)
    parts, rates = prices.discounts, prices.rates
    if voucher is not None:
        add(prices.saved, {voucher.program: free[1]} if free[1] else {})
    booked.used = voucher
    net = operation.gross - sum(parts)
    taken, short = take(operation, card, rules, net, voucher)
    booked.gross, booked.taken = operation.gross, taken
    booked.goods, booked.parts = goods, parts
    booked.groups = by_group(goods, parts)
    booked.rates = dict(zip((item.group for item in goods), rates, strict=True))
    biggest = max(range(len(goods)), key=lambda n: goods[n].gross)
    booked.expected = Expected(
        rc="10" if short else "00",
        discount=sum(parts),
        due=net - sum(taken.values()),
        rate=rates[biggest],
        saved=prices.saved,
    )
    say_tenders(booked.expected, taken)
    return rules


def by_group(goods: Sequence[Item], discounts: Sequence[int]) -> dict[str, Goods]:
    """Sum the lines of a purchase by goods group, in the order of the lines."""
    found: dict[str, Goods] = {}
    for item, discount in zip(goods, discounts, strict=True):
        sums = found.setdefault(item.group, Goods())
        sums.gross += item.gross
        sums.discount += discount
    return found


# vouchers


def find_voucher(
    world: World, rules: Sequence[Rule], card: Card, named: str
) -> Voucher | None:
    """The voucher that an earlier answer told of: `terminal/batch/operation#what`."""
    if not named:
        return None
    answer, _, told = named.partition("#")
    here = {rule.purse for rule in rules}
    for name, voucher in world.listed.get(answer, []):
        mine = voucher in card.account.vouchers and voucher.program in here
        if name == told and mine and voucher.value:
            return voucher
    raise Refused("57")


def one_for_free(voucher: Voucher, goods: Sequence[Item]) -> tuple[int, int]:
    """The line that a voucher for goods pays for, and the price of one piece."""
    if voucher.kind == "money":
        return -1, 0
    for place, item in enumerate(goods):
        if item.sku == voucher.what:
            unit = half_up(item.gross * THOUSAND, item.thousandths)
            return place, min(unit, item.gross)
    raise Refused("57")


# tenders


def take(
    operation: Operation,
    card: Card,
    rules: Sequence[Rule],
    net: int,
    voucher: Voucher | None,
) -> tuple[Taken, bool]:
    """Plan what each purse pays; tell whether less than asked is there."""
    taken: Taken = {}
    if voucher is not None and voucher.kind == "money":
        taken[voucher.program, "voucher"] = min(voucher.value, net)
    left = net - sum(taken.values())
    asked = {tender: getattr(operation, tender) for tender in TENDERS}
    if not operation.asks_tender:
        pure = pure_tender(rules)
        if pure:
            asked[pure] = left
    if sum(asked.values()) > left:
        raise Refused("13")
    short = ""
    for tender, kinds in TENDERS.items():
        missing = take_one(card, rules, tender, kinds, asked[tender], taken)
        if missing:
            short = "61" if tender == "credit" else short or "51"
    if short and not (operation.partial and taken):
        raise Refused(short)
    return taken, bool(short)


def pure_tender(rules: Sequence[Rule]) -> str:
    """The one tender of a card that can do nothing else here."""
    kinds = {rule.kind for rule in rules}
    for tender, kind in (("gift", "gift_card"), ("credit", "credit_card")):
        if kinds == {kind}:
            return tender
    return ""


def take_one(
    card: Card,
    rules: Sequence[Rule],
    tender: str,
    kinds: Sequence[str],
    asked: int,
    taken: Taken,
) -> int:
    """Plan one tender, purse by purse; return what is missing."""
    found = [rule for rule in rules if rule.kind in kinds and pays(rule)]
    if asked and not found:
        raise Refused("57")
    for rule in found:
        ready = card.account.available(rule.purse, rule.get("credit_limit"))
        part = min(asked, ready)
        asked -= part
        if part:
            taken[rule.purse, tender] = part
    return asked


def pays(rule: Rule) -> bool:
    """Points pay only where they become money."""
    return not rule.kind.startswith("bonus_") or bool(rule.get("convert_at"))


def say_tenders(expected: Expected, taken: Taken) -> None:
    """Write down what the card pays, by tender and by program."""
    for tender in ("voucher", *TENDERS):
        total = sum(v for (_, name), v in taken.items() if name == tender)
        setattr(expected, tender, total)
    expected.taken = {}
    for (purse, _tender), value in taken.items():
        if value:
            add(expected.taken, {purse: value})


# booking


def book(world: World, rules: Sequence[Rule], booked: Booked, taken: Taken) -> None:
    """Take the value, use the voucher up, earn."""
    booked.taken = taken
    say_tenders(booked.expected, taken)
    for (purse, tender), amount in taken.items():
        if tender != "voucher":
            move(booked, "credit" if tender == "credit" else "money", purse, -amount)
    if booked.used is not None:
        booked.used_value, booked.used.value = booked.used.value, 0
    earn(world, rules, booked)
