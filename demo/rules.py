"""The rules of the demo network, calculated a second time: the oracle's arithmetic.

Written from the rules alone (docs/, the programs' descriptions) and apart from
ekarte_core, so that an error there cannot hide in the expectations of day.csv. Reads
only parameters from network.json. Money in cents, rates in hundredths of a per cent.
"""

import json
from dataclasses import dataclass
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
    combine: str = "best"
    weekdays: tuple[int, ...] = ()
    hours: tuple[tuple[str, str], ...] = ()
    min_age_of_card: int = 0
    consent: str = ""

    def get(self, name: str) -> int:
        return int(self.parameters.get(name, 0))

    @property
    def tiers(self) -> list[tuple[int, int]]:
        """Steps of a discount: (from this sum on, this rate)."""
        return [(t["from"], t["rate"]) for t in self.parameters.get("tiers", [])]

    @property
    def tiers_of_cards(self) -> dict[str, int]:
        """Card types that points lead to, and how many it takes."""
        return {t["card_type"]: t["at"] for t in self.parameters.get("tiers", [])}

    def works(self, facts: set[str], weekday: int, clock: str) -> bool:
        """Tell whether it does anything now: every card of the day is a day old."""
        if self.weekdays and weekday not in self.weekdays:
            return False
        if self.hours and not any(a <= clock < b for a, b in self.hours):
            return False
        if self.consent and f"{self.issuer}:{self.consent}" not in facts:
            return False
        return not self.min_age_of_card


# Where a program's value may be used when its parameters do not say.
USUALLY_AT = {"bonus_amount": "coalition", "bonus_visit": "coalition"}
VALUE_KINDS = {
    "gift_card",
    "credit_card",
    "bonus_amount",
    "bonus_visit",
    "bonus_prize",
    "exchange",
}


class Rules:
    """Look-ups in network.json."""

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

    def admitting(self, number: str, space: str) -> list[str]:
        """Card types whose ranges take this identifier of this space."""
        return [
            code
            for code, kind in self.types.items()
            if any(in_range(number, space, span) for span in kind["ranges"])
        ]

    def auto_types(self, number: str, space: str, issuer: str) -> set[str]:
        """Card types of this issuer that register the number by itself."""
        return {
            code
            for code in self.admitting(number, space)
            if self.types[code].get("auto_register")
            and self.types[code]["issuer"] == issuer
        }

    def at(self, terminal: str, types: set[str]) -> list[Rule]:
        """Programs that run for cards of these types at a terminal's branch."""
        branch, seller = self.branch(terminal), self.issuer(terminal)
        found = []
        codes = {c for t in types for c in self.types[t]["programs"]}
        for code in sorted(codes):
            chosen = self.programs[code]
            for other in self.programs.values():
                if other.get("overrides") == code and branch in other["branches"]:
                    chosen = other
            own = chosen["issuer"] == seller
            if own and branch not in chosen.get("branches", [branch]):
                continue
            usual = USUALLY_AT.get(chosen["kind"], "own")
            accepted = chosen["parameters"].get("accept_at", usual) == "coalition"
            accepted = accepted and chosen["kind"] in VALUE_KINDS
            if own or accepted:  # all three issuers are in one coalition
                found.append(
                    (chosen.get("sequence", 10), rule_of(code, chosen, own=own))
                )
        return [rule for _, rule in sorted(found, key=lambda pair: pair[0])]


def in_range(number: str, space: str, span: dict[str, str]) -> bool:
    """Tell whether a range of a card type takes an identifier."""
    if span["kind"] != space:
        return False
    if not span["from"]:
        return True
    if span.get("check") == "luhn" and not (number.isdigit() and luhn_ok(number)):
        return False
    return len(number) == len(span["from"]) and span["from"] <= number <= span["to"]


def rule_of(code: str, program: dict[str, Any], *, own: bool) -> Rule:
    """A program of the document under the code that names its purses."""
    return Rule(
        purse=code,
        issuer=program["issuer"],
        kind=program["kind"],
        parameters=program["parameters"],
        own=own,
        combine=program.get("combine", "best"),
        weekdays=tuple(program.get("weekdays", ())),
        hours=tuple((h["from"], h["to"]) for h in program.get("hours", ())),
        min_age_of_card=program.get("min_age_of_card", 0),
        consent=program.get("consent", ""),
    )


def convert(rule: Rule, points: int) -> tuple[int, int]:
    """Return (points left, money credited) once enough points have come together."""
    if not rule.get("convert_at"):
        return points, 0
    times, left = divmod(points, rule.get("convert_at"))
    return left, times * rule.get("convert_to")


def worth(rule: Rule, points: int) -> int:
    """What points are worth in money, rounded down."""
    if not rule.get("convert_at"):
        return 0
    return points * rule.get("convert_to") // rule.get("convert_at")
