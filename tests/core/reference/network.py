"""The network document as a card meets it at one branch."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

POINTS = {
    "convert_at": 0,
    "convert_to": 0,
    "expire_days": 0,
    "expire_at": "day",
    "min_amount": 0,
    "earn_on_gift": True,
    "clawback": "deduct",
    "accept_at": "coalition",
    "own_use": "discount",
}
DISCOUNT = {"groups": ()}
DEFAULTS: dict[str, dict[str, Any]] = {
    "gift_card": {
        "denominations": (),
        "min_load": 1,
        "max_balance": 10000000,
        "reloadable": True,
        "valid_months": 0,
        "accept_at": "own",
    },
    "bonus_amount": POINTS | {"group_factor": {}, "points_per_step": 1},
    "bonus_visit": POINTS
    | {"points_per_visit": 1, "max_per_day": 0, "min_gap_minutes": 0},
    "bonus_prize": POINTS
    | {
        "group_factor": {},
        "points_per_step": 1,
        "prizes": (),
        "accept_at": "own",
    },
    "fixed_discount": DISCOUNT | {"after_spend": 0},
    "accumulated_discount": DISCOUNT
    | {
        "base_rate": 0,
        "step_amount": 0,
        "step_rate": 0,
        "max_rate": 0,
        "tiers": (),
        "period_months": 12,
        "count": "net",
    },
    "calculated_discount": DISCOUNT | {"mode": "whole"},
    "purchase_accounting": {"ticket_per": 0, "groups": ()},
    "credit_card": {"accept_at": "own"},
    "attendance": {"min_gap_minutes": 0},
    "exchange": {"accept_at": "coalition"},
    "visit_pass": {"valid_days": 0, "max_per_day": 0, "accept_at": "own"},
}


@dataclass(frozen=True)
class Program:
    """A program at a branch; `purse` is the program whose purses it uses."""

    code: str
    purse: str
    issuer: str
    kind: str
    own: bool
    order: tuple[int, str]
    combine: str
    parameters: dict[str, Any]
    pooled: bool = False

    @property
    def lowers(self) -> bool:
        """Its bonus money makes goods cheaper here, and is not a payment."""
        return self.own and not self.pooled and self.own_use == "discount"

    def __getattr__(self, name: str) -> Any:
        if name in self.parameters:
            return self.parameters[name]
        return DEFAULTS[self.kind][name]


class Network:
    """Look-ups in one document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.currency = document.get("currency", "EUR")
        self.programs = {p["code"]: p for p in document["programs"]}
        self.branches = {b["code"]: b for b in document["branches"]}
        self.terminals = {t["id"]: t for t in document.get("terminals", ())}
        self.types = {t["code"]: t for t in document["card_types"]}
        unions = document.get("coalitions", ())
        self.coalitions = [set(c["issuers"]) for c in unions]
        self.pools = [set(c["issuers"]) for c in unions if c.get("model") == "pool"]

    def branch_of(self, terminal: str) -> dict[str, Any]:
        return self.branches[self.terminals[terminal]["branch"]]

    def zone(self, terminal: str) -> str:
        return self.branch_of(terminal).get("time_zone", "Europe/Riga")

    def issuer(self, terminal: str) -> str:
        return self.branch_of(terminal)["issuer"]

    def admitting(self, number: str) -> list[dict[str, Any]]:
        """Card types that take a number of the right check digit."""
        return [
            kind
            for kind in self.types.values()
            if any(
                not span.get("from")
                or (
                    len(span["from"]) == len(number)
                    and span["from"] <= number <= span["to"]
                )
                for span in kind["ranges"]
            )
        ]

    def allies(self, one: str, other: str) -> bool:
        return any({one, other} <= union for union in self.coalitions)

    def running(
        self, terminal: str, number: str, now: datetime, born: datetime | None
    ) -> list[Program]:
        """What does anything for this card at this moment."""
        found = self.programs_at(terminal, number)
        return [p for p in found if self._runs(p, terminal, now, born or now)]

    def programs_at(self, terminal: str, number: str) -> list[Program]:
        """What the card meets at this branch, in the order of discounts."""
        codes = {code for kind in self.admitting(number) for code in kind["programs"]}
        found = [self._here(code, terminal) for code in sorted(codes)]
        return sorted(
            (program for program in found if program),
            key=lambda program: program.order,
        )

    def _here(self, base: str, terminal: str) -> Program | None:
        branch = self.branch_of(terminal)
        row = self.programs[base]
        for other in self.programs.values():
            if other.get("overrides") == base and branch["code"] in other.get(
                "branches", ()
            ):
                row = other
        found = Program(
            code=row["code"],
            purse=base,
            issuer=row["issuer"],
            kind=row["kind"],
            own=row["issuer"] == branch["issuer"],
            order=(row.get("sequence", 10), row["code"]),
            combine=row.get("combine", "best"),
            parameters=row["parameters"],
            pooled=any(row["issuer"] in pool for pool in self.pools),
        )
        if found.own:
            places = row.get("branches") or [branch["code"]]
            return found if branch["code"] in places else None
        if "accept_at" not in DEFAULTS[found.kind]:
            return None
        ally = self.allies(found.issuer, branch["issuer"]) and not row.get("branches")
        return found if ally and found.accept_at == "coalition" else None

    def _runs(
        self, program: Program, terminal: str, now: datetime, born: datetime
    ) -> bool:
        """Whether a program does anything at this moment, by the branch's clock."""
        row = self.programs[program.code]
        local = now.astimezone(ZoneInfo(self.zone(terminal)))
        days = row.get("weekdays") or [local.isoweekday()]
        hours = row.get("hours") or [{"from": "00:00", "to": "24:00"}]
        clock = f"{local:%H:%M}"
        if local.isoweekday() not in days:
            return False
        if not any(span["from"] <= clock < span["to"] for span in hours):
            return False
        return now - born >= timedelta(days=row.get("min_age_of_card", 0))
