"""What a purchase costs: every kind of discount, and how several work together.

Rates come from the state before the purchase. Kept as exact fractions until the
cents of a line are rounded, once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from holders import Account, add
from rules import Rule, half_up
from said import Item

ALL = 10_000  # basis points


@dataclass
class Prices:
    """The lines of a purchase: cents off, rates, and what each program gave."""

    discounts: list[int] = field(default_factory=list)
    rates: list[int] = field(default_factory=list)
    saved: dict[str, int] = field(default_factory=dict)


def price(
    rules: Sequence[Rule],
    account: Account,
    goods: Sequence[Item],
    free: tuple[int, int] = (-1, 0),
) -> Prices:
    """Price every line. `free`: a line's place, and what a voucher takes off it."""
    found = Prices()
    seen = Fraction(0)
    for place, item in enumerate(goods):
        off = free[1] if place == free[0] else 0
        rest = item._replace(gross=item.gross - off)
        rate, from_sum, given = line_rate(rules, account, rest, goods)
        exact = rest.gross * rate / ALL
        cents = rounded(exact)
        if from_sum:
            # Rounded once for the whole sum: each line ends where its share ends.
            cents = rounded(seen + exact) - rounded(seen)
            seen += exact
        found.discounts.append(cents + off)
        found.rates.append(rounded(rate))
        if given:
            given[[*given][-1]] += cents - sum(given.values())
            add(found.saved, given)
    return found


def line_rate(
    rules: Sequence[Rule], account: Account, item: Item, goods: Sequence[Item]
) -> tuple[Fraction, bool, dict[str, int]]:
    """The rate of a line, if it follows the sum, and the cents of each program."""
    rate, from_sum = Fraction(0), False
    given: dict[str, int] = {}
    for rule in rules:
        if not (rule.own and rule.kind.endswith("_discount")):
            continue
        combined = together(
            rate, rate_of(rule, account, item.group, goods), rule.combine
        )
        if combined == rate:
            continue
        if rule.combine == "best":  # takes the place of all before it
            given, rate = {}, Fraction(0)
        more = rounded(item.gross * combined / ALL) - rounded(item.gross * rate / ALL)
        given[rule.purse] = more
        rate, from_sum = combined, rule.parameters.get("mode") == "marginal"
    return rate, from_sum, given


def rounded(exact: Fraction) -> int:
    """The nearest whole number, half up."""
    return half_up(exact.numerator, exact.denominator)


def together(rate: Fraction, more: Fraction, how: str) -> Fraction:
    """Combine a rate with that of the next program."""
    if how == "add":
        return min(rate + more, Fraction(ALL))
    if how == "compound":
        return ALL - (ALL - rate) * (ALL - more) / ALL
    return max(rate, more)


def rate_of(
    rule: Rule, account: Account, group: str, goods: Sequence[Item]
) -> Fraction:
    """The discount that one program gives now on goods of one group."""
    groups = rule.parameters.get("groups", [])
    if groups and group not in groups:
        return Fraction(0)
    if rule.kind == "calculated_discount":
        rate = calculated(rule, [i.gross for i in goods if counts_in(groups, i)])
    elif rule.kind == "fixed_discount":
        spent = account.value("turnover", rule.purse)
        rate = Fraction(rule.get("rate") if spent >= rule.get("after_spend") else 0)
    else:
        rate = Fraction(accumulated(rule, account, group))
    if f"{rule.issuer}:questionnaire" in account.facts:
        rate += rule.get("questionnaire_rate")
    return min(rate, Fraction(ALL))


def counts_in(groups: Sequence[str], item: Item) -> bool:
    """Tell whether a line belongs to these goods groups; none named is all."""
    return not groups or item.group in groups


def calculated(rule: Rule, sums: Sequence[int]) -> Fraction:
    """The rate that the sum of this very purchase brings."""
    total = sum(sums)
    if rule.parameters.get("mode", "whole") == "whole":
        return Fraction(
            max((r for start, r in rule.tiers if start <= total), default=0)
        )
    if not total:
        return Fraction(0)
    starts = [*(start for start, _ in rule.tiers), total]
    saved = sum(
        max(min(end, total) - start, 0) * rate
        for (start, rate), end in zip(rule.tiers, starts[1:], strict=True)
    )
    return Fraction(half_up(saved, ALL) * ALL, total)


def accumulated(rule: Rule, account: Account, group: str) -> int:
    """The rate that everything spent before has brought."""
    spent = account.value("turnover", turnover_of(rule, group))
    if rule.tiers:
        return max((rate for start, rate in rule.tiers if start <= spent), default=0)
    grown = rule.get("base_rate") + spent // rule.get("step_amount") * rule.get(
        "step_rate"
    )
    return min(grown, rule.get("max_rate"))


def turnover_of(rule: Rule, group: str) -> str:
    """The counter of a goods group, where the program counts each on its own."""
    apart = rule.kind == "accumulated_discount" and group in rule.parameters.get(
        "groups", []
    )
    return f"{rule.purse}/{group}" if apart else rule.purse
