"""The rules of the demo network, calculated a second time: the oracle's arithmetic.

Written from the rules alone (docs/, the programs' descriptions) and apart from
ekarte_core, so that an error there cannot hide in the expectations of day.csv. Reads
only parameters from network.json. Money in cents, rates in hundredths of a per cent.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def half_up(number: int, divisor: int) -> int:
    """Divide, rounding half away from zero: 2.5 becomes 3, -2.5 becomes -3."""
    sign = 1 if number >= 0 else -1
    return sign * ((2 * abs(number) + divisor) // (2 * divisor))


def luhn_ok(number: str) -> bool:
    """Check the last digit of a card number."""
    total = 0
    for place, character in enumerate(number[::-1]):
        digit = int(character) * (2 if place % 2 else 1)
        total += sum(divmod(digit, 10))
    return total % 10 == 0


def with_check_digit(digits: str) -> str:
    """Return the digits with the one digit behind that makes them a card number."""
    return next(digits + d for d in "0123456789" if luhn_ok(digits + d))


def spread(total: int, weights: list[int]) -> list[int]:
    """Split a sum over weights, to the cent: each part ends where its share ends."""
    ends, seen = [0], 0
    for weight in weights:
        seen += weight
        ends.append(half_up(total * seen, sum(weights)) if sum(weights) else 0)
    return [after - before for before, after in pairwise(ends)]


@dataclass(frozen=True)
class Rule:
    """A program as a card meets it at one branch."""

    purse: str
    issuer: str
    kind: str
    parameters: dict[str, Any]
    own: bool

    def get(self, name: str) -> int:
        return int(self.parameters.get(name, 0))


@dataclass
class Card:
    """A card's whole state. `turnover` is what the card spent, by program."""

    number: str
    state: str = ""
    code: str = ""
    wrong_codes: int = 0
    types: set[str] = field(default_factory=set)
    money: dict[str, int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    points: dict[str, int] = field(default_factory=dict)
    turnover: dict[str, int] = field(default_factory=dict)

    def available(self, purse: str) -> int:
        return self.money.get(purse, 0) - self.held.get(purse, 0)


def add(sums: dict[str, int], other: dict[str, int], sign: int = 1) -> None:
    """Add one set of named sums to another, in place."""
    for name, value in other.items():
        sums[name] = sums.get(name, 0) + sign * value


class Rules:
    """Look-ups in network.json and the arithmetic of its programs."""

    def __init__(self) -> None:
        document = json.loads((HERE / "network.json").read_text())
        self.branches = {b["code"]: b["issuer"] for b in document["branches"]}
        self.terminals = {t["id"]: t for t in document["terminals"]}
        self.programs = {p["code"]: p for p in document["programs"]}
        self.types = {t["code"]: t for t in document["card_types"]}

    def branch(self, terminal: str) -> str:
        return str(self.terminals[terminal]["branch"])

    def issuer(self, terminal: str) -> str:
        return self.branches[self.branch(terminal)]

    def admitting(self, number: str) -> list[str]:
        """Card types whose ranges take this number, its check digit being right."""
        if not number.isdigit() or not luhn_ok(number):
            return []
        return [
            code
            for code, kind in self.types.items()
            if any(
                len(number) == len(span["from"])
                and span["from"] <= number <= span["to"]
                for span in kind["ranges"]
            )
        ]

    def auto_types(self, number: str, issuer: str) -> set[str]:
        """Card types of this issuer that register the number by itself."""
        return {
            code
            for code in self.admitting(number)
            if self.types[code].get("auto_register")
            and self.types[code]["issuer"] == issuer
        }

    def at(self, terminal: str, types: set[str]) -> list[Rule]:
        """Programs that run for cards of these types at a terminal's branch."""
        branch, seller = self.branch(terminal), self.issuer(terminal)
        found = []
        for code in sorted(c for t in types for c in self.types[t]["programs"]):
            chosen = self.programs[code]
            for other in self.programs.values():
                if other.get("overrides") == code and branch in other["branches"]:
                    chosen = other
            own = chosen["issuer"] == seller
            usual = "coalition" if chosen["kind"] == "bonus_amount" else "own"
            accepted = chosen["parameters"].get("accept_at", usual) == "coalition"
            if chosen["kind"].endswith("_discount"):
                accepted = False
            if own or accepted:  # all three issuers are in one coalition
                found.append(
                    Rule(
                        code,
                        chosen["issuer"],
                        chosen["kind"],
                        chosen["parameters"],
                        own,
                    )
                )
        return found


def rate_for(rule: Rule, card: Card, group: str) -> int:
    """The discount that one program gives now on goods of one group."""
    groups = rule.parameters.get("groups", [])
    if groups and group not in groups:
        return 0
    spent = card.turnover.get(rule.purse, 0)
    if rule.kind == "fixed_discount":
        return rule.get("rate") if spent >= rule.get("after_spend") else 0
    steps = spent // rule.get("step_amount")
    grown = rule.get("base_rate") + steps * rule.get("step_rate")
    return min(grown, rule.get("max_rate"))


def best_rate(rules: list[Rule], card: Card, group: str) -> int:
    """The highest rate of all discounts that apply; they do not add up."""
    own = (r for r in rules if r.own and r.kind.endswith("_discount"))
    return max((rate_for(rule, card, group) for rule in own), default=0)


def discounts(
    rules: list[Rule], card: Card, lines: list[tuple[str, int]]
) -> Iterator[int]:
    """The discount of each line, rounded once per line."""
    for group, gross in lines:
        yield half_up(gross * best_rate(rules, card, group), 10_000)


def points_for(rule: Rule, paid: int) -> int:
    """Points for what was really paid: whole steps, rounded down once per receipt."""
    return paid // rule.get("step") if paid > 0 else 0


def convert(rule: Rule, points: int) -> tuple[int, int]:
    """Return (points left, money credited) once enough points have come together."""
    if not rule.get("convert_at"):
        return points, 0
    times, left = divmod(points, rule.get("convert_at"))
    return left, times * rule.get("convert_to")


def worth(rule: Rule, points: int) -> int:
    """What points are worth in money, rounded down."""
    return points * rule.get("convert_to") // rule.get("convert_at")
