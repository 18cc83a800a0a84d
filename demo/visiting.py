"""Visits without a purchase, and points that are exchanged for something."""

from collections.abc import Sequence
from typing import Any

from earning import give_points, visit, voucher_of
from holders import Card
from rules import Rule, half_up
from said import THOUSAND, Booked, Expected, Item, Operation, Refused
from world import World, issue, move

VISITED = ("attendance", "visit_pass", "bonus_visit")


def check_in(world: World, operation: Operation, booked: Booked) -> None:
    """Count a visit, take one of a pass, give points for it."""
    card, rules = world.fit(operation)
    booked.card = card
    mine = [rule for rule in rules if rule.own and rule.kind in VISITED]
    if not mine:
        raise Refused("57")
    account = card.account
    if any(too_often(rule, account.today.get(rule.purse, 0)) for rule in mine):
        raise Refused("65")
    passes = passes_of(mine, card)
    if any(rule.kind == "visit_pass" for rule in mine) and not passes:
        raise Refused("51")
    for rule in passes[:1]:
        visit(booked, rule)
        move(booked, "visits", rule.purse, -1)
    for rule in mine:
        if rule.kind == "attendance":
            visit(booked, rule)
        elif rule.kind == "bonus_visit" and not rule.get("min_amount"):
            count = rule.get("points_per_visit") if visit(booked, rule) else 0
            give_points(booked, account, rule, count)


def too_often(rule: Rule, today: int) -> bool:
    """Tell whether a visit is refused: the whole day is played within a minute."""
    if rule.kind == "attendance":
        return bool(rule.get("min_gap_minutes") and today)
    most = rule.get("max_per_day") if rule.kind == "visit_pass" else 0
    return bool(most) and today >= most


def passes_of(rules: Sequence[Rule], card: Card) -> list[Rule]:
    """Passes with a visit left on them."""
    return [
        rule
        for rule in rules
        if rule.kind == "visit_pass" and card.account.value("visits", rule.purse)
    ]


def redeem(world: World, operation: Operation, booked: Booked) -> None:
    """Points for a prize that the customer chooses, or for another shop's goods."""
    card, rules = world.fit(operation)
    booked.card = card
    for rule in rules:
        if operation.program in ("", rule.purse) and operation.items:
            if rule.kind == "exchange":
                return exchange(booked, rule, card, operation.items)
            if rule.kind == "bonus_prize" and rule.own:
                return choose(booked, rule, card, operation.items[0].sku)
    raise Refused("57")


def choose(booked: Booked, rule: Rule, card: Card, number: str) -> None:
    """Take points for the prize of this number, counted from 1."""
    offered: list[dict[str, Any]] = rule.parameters["prizes"]
    if not number.isdigit() or not 1 <= int(number) <= len(offered):
        raise Refused("57")
    prize = offered[int(number) - 1]
    if card.account.value("points", rule.purse) < prize["at"]:
        raise Refused("51")
    move(booked, "points", rule.purse, -prize["at"])
    issue(booked, card.account, voucher_of(rule.purse, prize))


def exchange(booked: Booked, rule: Rule, card: Card, items: Sequence[Item]) -> None:
    """Points of one issuer buy goods of another, who is paid in clearing."""
    goods = {one["product"]: one for one in rule.parameters["goods"]}
    points = amount = 0
    for item in items:
        if item.sku not in goods:
            raise Refused("57")
        one = goods[item.sku]
        points += -(-one["points"] * item.thousandths // THOUSAND)
        amount += half_up(one["price"] * item.thousandths, THOUSAND)
    purse = str(rule.parameters["points_of"])
    if card.account.value("points", purse) < points:
        raise Refused("51")
    move(booked, "points", purse, -points)
    booked.gross = amount
    booked.expected = Expected(taken={purse: points})
