"""Random networks and random days of operations, small enough to shrink."""

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

TERMINALS = {
    "00000011": "G1",
    "00000012": "G1",
    "00000021": "G2",
    "00000031": "F1",
    "00000041": "B1",
}
OWNERS = {"G1": "GROCER", "G2": "GROCER", "F1": "FUEL", "B1": "BOOKS"}
ISSUERS = ("GROCER", "FUEL", "BOOKS")
GROUPS = ("food", "fuel", "books")
CARDS = 3

DAY_S = 86400
RATES = st.sampled_from([1, 100, 333, 500, 777, 1500, 5000, 10000])
SUMS = st.sampled_from([0, 1, 100, 500, 1000, 5000])
STEPS = st.sampled_from([1, 7, 70, 100, 500])
GROUP_SETS = st.sampled_from([[], [], ["food"], ["food", "books"]])
ACCEPT = st.sampled_from(["own", "coalition"])
TIERS = st.lists(
    st.tuples(st.sampled_from([0, 100, 500, 2000, 10000]), RATES),
    min_size=1,
    max_size=3,
    unique_by=lambda tier: tier[0],
).map(lambda tiers: [{"from": at, "rate": rate} for at, rate in sorted(tiers)])


def _some(**fields: st.SearchStrategy) -> st.SearchStrategy[dict[str, Any]]:
    """A dictionary with any of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


SOLD = st.sampled_from([{}, {"vat_class": "spv", "tax_rate_bp": 2100}])


def gift_card() -> st.SearchStrategy:
    card = _some(
        denominations=st.just([500, 1000, 5000]),
        min_load=st.sampled_from([1, 500]),
        max_balance=st.sampled_from([5000, 20000]),
        reloadable=st.booleans(),
        valid_months=st.sampled_from([0, 1, 12]),
        accept_at=ACCEPT,
    )
    return st.tuples(card, SOLD).map(lambda parts: parts[0] | parts[1])


# Books only: how much revenue waits, and whether own bonus money is a payment.
DEFERRED = {
    "own_use": st.sampled_from(["discount", "mpv"]),
    "likelihood_bp": st.sampled_from([0, 8500, 10000]),
    "deferral_policy": st.sampled_from(["none", "lot", "cohort"]),
}
BOOKED = ("own_use", "vat_class", "tax_rate_bp", "visit_price")
CONVERSION = st.sampled_from([(3, 100), (10, 100), (7, 33), (1, 1), (100, 500)])


@st.composite
def bonus_amount(draw: st.DrawFn) -> dict[str, Any]:
    found = draw(
        _some(
            points_per_step=st.integers(1, 3),
            min_amount=SUMS,
            expire_days=st.sampled_from([1, 30]),
            expire_at=st.sampled_from(["day", "month", "year"]),
            group_factor=st.just({"books": 20000, "fuel": 0}),
            earn_on_gift=st.booleans(),
            accept_at=ACCEPT,
            **DEFERRED,
            clawback=st.sampled_from(["deduct", "absorb", "negative"]),
        )
    )
    found["step"] = draw(STEPS)
    if draw(st.booleans()):
        found["convert_at"], found["convert_to"] = draw(CONVERSION)
    return found


@st.composite
def bonus_prize(draw: st.DrawFn) -> dict[str, Any]:
    found = draw(
        _some(
            points_per_step=st.integers(1, 3),
            min_amount=SUMS,
            expire_days=st.sampled_from([1, 30]),
            expire_at=st.sampled_from(["day", "month", "year"]),
            group_factor=st.just({"books": 20000, "fuel": 0}),
            earn_on_gift=st.booleans(),
            accept_at=ACCEPT,
            **DEFERRED,
            clawback=st.sampled_from(["deduct", "absorb", "negative"]),
        )
    )
    prize = {
        "at": draw(st.sampled_from([3, 10, 50])),
        "valid_days": draw(st.sampled_from([0, 1, 30])),
        "voucher_kind": "money",
        "value": draw(st.sampled_from([33, 100, 500])),
    }
    return found | {"step": draw(st.sampled_from([100, 500])), "prizes": [prize]}


@st.composite
def fixed_discount(draw: st.DrawFn) -> dict[str, Any]:
    found = draw(_some(after_spend=SUMS, groups=GROUP_SETS))
    return found | {"rate": draw(RATES)}


@st.composite
def accumulated_discount(draw: st.DrawFn) -> dict[str, Any]:
    found = draw(
        _some(
            period_months=st.sampled_from([0, 1, 12]),
            groups=GROUP_SETS,
            count=st.sampled_from(["net", "gross"]),
        )
    )
    if draw(st.booleans()):
        return found | {"tiers": draw(TIERS)}
    base = draw(st.sampled_from([0, 100, 500]))
    return found | {
        "base_rate": base,
        "step_amount": draw(st.sampled_from([100, 1000, 5000])),
        "step_rate": draw(st.sampled_from([1, 100])),
        "max_rate": base + draw(st.sampled_from([100, 1000])),
    }


@st.composite
def bonus_visit(draw: st.DrawFn) -> dict[str, Any]:
    found = draw(
        _some(
            points_per_visit=st.integers(1, 3),
            min_amount=SUMS,
            max_per_day=st.integers(1, 2),
            min_gap_minutes=st.sampled_from([1, 60]),
            expire_days=st.sampled_from([1, 30]),
            earn_on_gift=st.booleans(),
            clawback=st.sampled_from(["deduct", "absorb", "negative"]),
        )
    )
    if draw(st.booleans()):
        found["convert_at"], found["convert_to"] = draw(CONVERSION)
    return found


POINTS = ("bonus_amount", "bonus_visit", "bonus_prize")
PRODUCTS = ("95E", "wash")


@st.composite
def exchange(draw: st.DrawFn, issuer: str, payers: list[str]) -> dict[str, Any]:
    """Points of one of these programs buy goods."""
    goods = [
        {"product": product, "points": at, "unit": "pc", "price": price}
        for product, at, price in zip(PRODUCTS, (3, 10), (140, 700), strict=True)
    ]
    parameters = {"points_of": draw(st.sampled_from(payers)), "goods": goods}
    return {
        "code": f"{issuer}-EX",
        "issuer": issuer,
        "kind": "exchange",
        "name": "Exchange",
        "parameters": parameters | draw(_some(accept_at=ACCEPT)),
    }


def calculated_discount() -> st.SearchStrategy:
    return st.fixed_dictionaries(
        {"tiers": TIERS, "mode": st.sampled_from(["whole", "whole", "marginal"])},
        optional={"groups": GROUP_SETS},
    )


def visit_pass() -> st.SearchStrategy:
    return st.fixed_dictionaries(
        {"visits": st.sampled_from([1, 2, 3]), "price": st.sampled_from([500, 1000])},
        optional={
            "valid_days": st.sampled_from([1, 30]),
            "max_per_day": st.integers(1, 2),
        },
    ).flatmap(_perhaps_elsewhere)


def _perhaps_elsewhere(parameters: dict[str, Any]) -> st.SearchStrategy:
    elsewhere = {"accept_at": "coalition", "visit_price": 400}
    return st.sampled_from([parameters, parameters | elsewhere])


def credit_card() -> st.SearchStrategy:
    return st.fixed_dictionaries(
        {"credit_limit": st.sampled_from([500, 1000, 5000])},
        optional={"accept_at": st.sampled_from(["own"])},
    ) | st.just(
        {"credit_limit": 1000, "accept_at": "coalition", "credit_elsewhere": True}
    )


KINDS = {
    "bonus_visit": bonus_visit(),
    "bonus_prize": bonus_prize(),
    "calculated_discount": calculated_discount(),
    "purchase_accounting": _some(
        ticket_per=st.sampled_from([100, 250]), groups=GROUP_SETS
    ),
    "credit_card": credit_card(),
    "attendance": _some(min_gap_minutes=st.sampled_from([1, 60])),
    "visit_pass": visit_pass(),
    "gift_card": gift_card(),
    "bonus_amount": bonus_amount(),
    "fixed_discount": fixed_discount(),
    "accumulated_discount": accumulated_discount(),
}


MOMENTS = _some(
    weekdays=st.sampled_from([[6], [1, 2, 3, 4, 5], [6, 7]]),
    hours=st.sampled_from(
        [
            [{"from": "12:00", "to": "13:00"}],
            [{"from": "00:00", "to": "12:01"}, {"from": "20:00", "to": "24:00"}],
        ]
    ),
    min_age_of_card=st.sampled_from([1, 10]),
)


@st.composite
def programs(
    draw: st.DrawFn, issuer: str, most: int, kinds: tuple[str, ...]
) -> list[dict[str, Any]]:
    """Programs of one issuer; the grocer's second branch may have its own."""
    least = 1 if issuer == "GROCER" else 0
    chosen = draw(
        st.lists(
            st.sampled_from([k for k in kinds if k in KINDS]),
            min_size=least,
            max_size=most,
        )
    )
    found = []
    for place, kind in enumerate(chosen):
        program = {
            "code": f"{issuer}-{place}",
            "issuer": issuer,
            "kind": kind,
            "name": f"{issuer} {place}",
            "parameters": draw(KINDS[kind]),
            "sequence": draw(st.sampled_from([10, 10, 1, 20])),
            "combine": draw(st.sampled_from(["best", "add", "compound"])),
        }
        if draw(st.integers(0, 5)) == 0:
            program |= draw(MOMENTS)
        if issuer == "GROCER" and draw(st.integers(0, 5)) == 0:
            program["branches"] = [draw(st.sampled_from(["G1", "G2"]))]
        found.append(program)
        # What may be owed at a branch that overrides the limit is not said.
        other = issuer == "GROCER" and kind != "credit_card"
        if other and draw(st.integers(0, 5)) == 0:
            found.append(
                program
                | {
                    "code": f"{issuer}-{place}-G2",
                    "branches": ["G2"],
                    "overrides": program["code"],
                    "parameters": _booked_alike(draw(KINDS[kind]), program),
                }
            )
    payers = [p["code"] for p in found if p["kind"] in POINTS and "overrides" not in p]
    if payers and "exchange" in kinds and draw(st.integers(0, 2)) == 0:
        found.append(draw(exchange(issuer, payers)))
    discounts = [p for p in found if p["kind"].endswith("_discount")]
    if len(discounts) > 1:
        for program in discounts:
            # How a sum for the whole meets other rates line by line is not said.
            program["parameters"].pop("mode", None)
    return found


def _booked_alike(parameters: dict[str, Any], base: dict[str, Any]) -> dict[str, Any]:
    """An overriding program is booked as the one it replaces."""
    alike = BOOKED + (("accept_at",) if base["kind"] == "visit_pass" else ())
    usual = {k: v for k, v in base["parameters"].items() if k in alike}
    rest = {k: v for k, v in parameters.items() if k not in alike}
    return rest | usual


def _no_credit(programs: list[dict[str, Any]]) -> bool:
    """Credit is for cards that somebody has activated."""
    return all(program["kind"] != "credit_card" for program in programs)


@st.composite
def documents(draw: st.DrawFn, kinds: tuple[str, ...] = tuple(KINDS)) -> dict[str, Any]:
    """A network of three issuers with any programs of these kinds."""
    found = {
        "GROCER": draw(programs("GROCER", 4, kinds)),
        "FUEL": draw(programs("FUEL", 2, kinds)),
        "BOOKS": draw(programs("BOOKS", 1, kinds)),
    }
    code = draw(st.sampled_from(["none", "none", "optional", "required"]))
    return {
        "format": 1,
        "name": "Random",
        "coalitions": [
            {
                "code": "U",
                "name": "U",
                "issuers": draw(st.sampled_from([list(ISSUERS), ["GROCER", "FUEL"]])),
                "model": draw(st.sampled_from(["issuer", "issuer", "issuer", "pool"])),
                "operator": "FUEL",
            }
        ],
        "issuers": [
            {"code": issuer, "name": issuer, "language": "en"} for issuer in ISSUERS
        ],
        "branches": [
            {"code": branch, "issuer": issuer, "name": branch}
            for branch, issuer in OWNERS.items()
        ],
        "goods_groups": [{"code": group, "name": group} for group in GROUPS],
        "programs": [program for issuer in ISSUERS for program in found[issuer]],
        "card_types": [
            {
                "code": f"{issuer}-CARD",
                "issuer": issuer,
                "name": issuer,
                "programs": [p["code"] for p in found[issuer] if "overrides" not in p],
                "auto_register": _no_credit(found[issuer])
                and (issuer == "GROCER" or draw(st.booleans())),
                "access_code": code,
                "ranges": [{"kind": "number"}],
            }
            for issuer in ISSUERS
        ],
        "terminals": [
            {"id": terminal, "branch": branch}
            | ({"hold_s": 3600} if branch == "F1" else {})
            for terminal, branch in TERMINALS.items()
        ],
    }


@dataclass(frozen=True)
class Step:
    """One thing that happens; the till makes a request of it that fits the moment.

    `of`: how far back the original is. `gift`, `bonus`, `credit`: which share of what
    is there (or of what is due) shall pay. `odd`: 0 where the till does it wrongly.
    """

    command: str
    terminal: str = "00000011"
    card: int = 0
    amount: int | None = None
    lines: tuple[tuple[str, int], ...] = ()
    products: tuple[str, ...] = ()
    quantity: str = "1"
    gift: str = ""
    bonus: str = ""
    credit: str = ""
    voucher: bool = False
    partial: bool = False
    named: int = 5
    of: int = 0
    odd: int = 1


AMOUNTS = st.sampled_from([1, 33, 99, 100, 250, 500, 700, 1000, 1999, 5000, 10000])
TERMINAL = st.sampled_from(["00000011"] * 6 + sorted(TERMINALS))
CARD = st.sampled_from([0, 0, 0, 0, 1, 1, 2])
LINES = st.lists(
    st.tuples(
        st.sampled_from([*GROUPS, "", "food"]),
        st.sampled_from([0, 1, 33, 333, 1000, 2500]),
    ),
    min_size=1,
    max_size=3,
).map(tuple)
PAID = st.sampled_from(["", "", "all", "half", "some", "over"])
OF = st.sampled_from([0, 0, 0, 1, 2, 3, 4])
ODD = st.integers(0, 12)
SHIFTS = st.sampled_from(
    [1, 60, 299, 300, 3600, DAY_S, 10 * DAY_S, 31 * DAY_S, 365 * DAY_S]
)
COMMANDS = [
    *["sale"] * 6,
    *["accrue"] * 2,
    *["authorize"] * 3,
    *["confirm"] * 4,
    *["refund"] * 4,
    *["reverse"] * 3,
    *["top_up"] * 2,
    *["wait"] * 3,
    *["check_in"] * 3,
    *["redeem"] * 2,
    "activate",
    "block",
    "unblock",
    "unblock",
    "inquire",
    "expire",
    "lapse",
    "repeat",
    "conflict",
    "early",
    "close",
]
BUYS = ("sale", "authorize")


@st.composite
def step(draw: st.DrawFn) -> Step:
    command = draw(st.sampled_from(COMMANDS))
    if command in ("expire", "lapse"):
        return Step(command)
    if command == "wait":
        return Step(command, amount=draw(SHIFTS))
    goods: dict[str, Any] = {}
    if command in (*BUYS, "accrue", "refund", "confirm"):
        kind = draw(st.sampled_from(["amount", "lines", "amount"]))
        goods = {kind: draw(LINES if kind == "lines" else AMOUNTS)}
    if command == "confirm" and draw(st.booleans()):
        goods = {}
    if command == "redeem":
        product = st.sampled_from([*PRODUCTS, *PRODUCTS, "none"])
        goods = {"products": draw(st.lists(product, min_size=1, max_size=2))}
        goods["quantity"] = draw(st.sampled_from(["1", "0.1", "1.5", "2"]))
    if command in ("top_up", "activate"):
        goods = {"amount": draw(st.sampled_from([499, 500, 1000, 5000, 5000]))}
        goods["named"] = draw(st.integers(0, 5))
    if command in BUYS:
        goods |= {
            "gift": draw(PAID),
            "bonus": draw(PAID),
            "credit": draw(PAID),
            "partial": draw(ODD) < 4,
        }
    return Step(
        command, draw(TERMINAL), draw(CARD), of=draw(OF), odd=draw(ODD), **goods
    )


def steps() -> st.SearchStrategy[list[Step]]:
    return st.lists(step(), min_size=10, max_size=36)
