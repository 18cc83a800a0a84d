"""What a purchase or a visit brings: points, money from points, counters, vouchers."""

from collections.abc import Sequence

from holders import Account, Voucher, add
from prices import turnover_of
from rules import Rule, convert, spread
from said import Booked
from world import World, change, issue, move

UNPAID = ("bonus", "voucher")  # what they pay earns nothing


def really_paid(booked: Booked) -> int:
    """The price less discount, bonus money and vouchers."""
    unpaid = sum(v for (_, name), v in booked.taken.items() if name in UNPAID)
    return booked.gross - booked.expected.discount - unpaid


def points_for(rule: Rule, paid: int, net: int) -> int:
    """Points of one receipt: whole steps of what was paid, or one visit."""
    if rule.kind == "bonus_visit":
        return rule.get("points_per_visit") if net >= rule.get("min_amount") else 0
    if paid <= 0 or paid < rule.get("min_amount"):
        return 0
    return paid // rule.get("step") * rule.parameters.get("points_per_step", 1)


def earning_rules(rules: Sequence[Rule]) -> list[Rule]:
    """Programs of this seller that give points."""
    return [rule for rule in rules if rule.own and rule.kind.startswith("bonus_")]


def try_earning(rules: Sequence[Rule], booked: Booked) -> tuple[dict[str, int], int]:
    """What would be earned, for the answer of a hold."""
    assert booked.card is not None
    points, money = {}, 0
    for rule in earning_rules(rules):
        count = points_for(rule, really_paid(booked), booked.net)
        if count:
            points[rule.purse] = count
            there = booked.card.account.value("points", rule.purse)
            money += convert(rule, there + count)[1]
    return points, money


def earn(world: World, rules: Sequence[Rule], booked: Booked) -> None:
    """Book points, turnover, tickets, and thank who brought the customer."""
    assert booked.card is not None
    account, paid = booked.card.account, really_paid(booked)
    for rule in earning_rules(rules):
        count = points_for(rule, paid, booked.net)
        if rule.kind == "bonus_visit":
            count = count if visit(booked, rule) else 0
        give_points(booked, account, rule, count)
        if rule.get("referral_points") and paid > 0:
            first = not account.value("purchases", rule.purse)
            count_once(booked, "purchases", rule.purse)
            if first and booked.referrer:
                thank(world, booked, rule)
    for rule in rules:
        if rule.own:
            count_purchase(rule, booked, paid)


def visit(booked: Booked, rule: Rule) -> bool:
    """Count a visit, unless there were enough today."""
    assert booked.card is not None
    today = booked.card.account.today
    most = rule.get("max_per_day")
    if most and today.get(rule.purse, 0) >= most:
        return False
    today[rule.purse] = today.get(rule.purse, 0) + 1
    count_once(booked, "visited", rule.purse)
    return True


def give_points(booked: Booked, account: Account, rule: Rule, count: int) -> None:
    """Credit points: first what is owed, then money or vouchers come of them."""
    if not count:
        return
    purse = rule.purse
    mine = booked.card is not None and account is booked.card.account
    settled = min(count, account.value("owed", purse))
    change(booked, account, "owed", purse, -settled)
    credited = count - settled
    if mine:
        add(booked.settled, {purse: settled})
        add(booked.expected.points, {purse: credited})
    if rule.tiers_of_cards and mine:
        count_amount(booked, "earned", purse, count)
    elif rule.tiers_of_cards:
        change(booked, account, "earned", purse, count)
    before = account.value("points", purse)
    left, credit = convert(rule, before + credited)
    left = prizes(booked, account, rule, left)
    change(booked, account, "points", purse, left - before)
    change(booked, account, "money", purse, credit)
    booked.expected.converted += credit


def prizes(booked: Booked, account: Account, rule: Rule, points: int) -> int:
    """Issue the only prize by itself, as often as points reach; return the rest."""
    offered = rule.parameters.get("prizes", [])
    if len(offered) != 1:
        return points
    while points >= offered[0]["at"]:
        points -= offered[0]["at"]
        issue(booked, account, voucher_of(rule.purse, offered[0]))
    return points


def voucher_of(purse: str, prize: dict[str, object]) -> Voucher:
    """A new voucher of one prize."""
    kind = str(prize["voucher_kind"])
    what = str(prize["value"] if kind == "money" else prize["product"])
    return Voucher(purse, kind, what, int(what) if kind == "money" else 1)


def thank(world: World, booked: Booked, rule: Rule) -> None:
    """Give the referrer points for a first purchase."""
    assert booked.card is not None
    friend = world.card(booked.referrer)
    count = rule.get("referral_points")
    stranger = friend.account is not booked.card.account
    meets = any(
        rule.purse in world.rules.types[code]["programs"] for code in friend.types
    )
    if count and stranger and meets and friend.state == "active":
        give_points(booked, friend.account, rule, count)
        booked.thanked = (friend.account, rule, count)


def count_once(booked: Booked, what: str, purse: str) -> None:
    """Count one purchase or visit: it comes back with the whole purchase only."""
    move(booked, what, purse, 1)
    booked.once.append((what, purse))


def count_purchase(rule: Rule, booked: Booked, paid: int) -> None:
    """Add to what the card has spent, and to its lottery tickets."""
    if paid <= 0:
        return
    if rule.kind == "purchase_accounting":
        count_amount(booked, "turnover", rule.purse, paid)
        count_once(booked, "purchases", rule.purse)
        each = rule.get("ticket_per")
        count_amount(booked, "tickets", rule.purse, paid // each if each else 0)
    elif rule.kind == "accumulated_discount":
        for group, part in paid_by_group(booked, paid).items():
            groups = rule.parameters.get("groups")
            if not groups or group in groups:
                count_amount(booked, "turnover", turnover_of(rule, group), part)
    elif rule.get("after_spend"):
        count_amount(booked, "turnover", rule.purse, paid)


def count_amount(booked: Booked, what: str, purse: str, amount: int) -> None:
    """Add to a counter that refunds take back in proportion."""
    if amount:
        move(booked, what, purse, amount)
        key = (what, purse)
        booked.counted[key] = booked.counted.get(key, 0) + amount


def paid_by_group(booked: Booked, paid: int) -> dict[str, int]:
    """What was really paid for each goods group."""
    nets = [i.gross - p for i, p in zip(booked.goods, booked.parts, strict=True)]
    found: dict[str, int] = {}
    for item, part in zip(booked.goods, spread(paid, nets), strict=True):
        found[item.group] = found.get(item.group, 0) + part
    return found
