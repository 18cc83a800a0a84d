"""The network of the year: three companies of this Odoo, one issuer outside.

Every kind of program that moves money is in it, each at home and, where it may be,
elsewhere. Codes begin with Y, so that the year also runs beside other networks.
"""

GROCER, FUEL, SPA, BOOKS = "YGROCER", "YFUEL", "YSPA", "YBOOKS"
IN_ODOO = (GROCER, FUEL, SPA)
EVERYONE = (*IN_ODOO, BOOKS)
LIMITS = {FUEL: 250_000}
"""What an issuer may owe others before they take no more of its value."""
BRANCHES = {
    "YG1": GROCER,
    "YG2": GROCER,
    "YF1": FUEL,
    "YS1": SPA,
    "YB1": BOOKS,
}
REGISTERS = ("YG2",)
"""Branches whose own cash register reports revenue and tax."""

# By code: the issuer, the kind, its parameters.
PROGRAMS = {
    "YG-GIFT": (
        GROCER,
        "gift_card",
        {"accept_at": "coalition", "valid_months": 6, "max_balance": 100_000},
    ),
    "YG-BON": (
        GROCER,
        "bonus_amount",
        {"step": 500, "convert_at": 10, "convert_to": 100, "expire_days": 90},
    ),
    "YG-PRIZE": (
        GROCER,
        "bonus_prize",
        {
            "step": 1000,
            "points_per_step": 1,
            "prizes": [
                {"at": 40, "voucher_kind": "money", "value": 500, "valid_days": 60}
            ],
            "referral_points": 5,
            "questionnaire_points": 3,
            "expire_days": 120,
        },
    ),
    "YG-SWAP": (
        GROCER,
        "exchange",
        {
            "points_of": "YG-PRIZE",
            "goods": [{"product": "diesel", "points": 4, "unit": "l", "price": 150}],
        },
    ),
    "YG-DISC": (
        GROCER,
        "accumulated_discount",
        {"base_rate": 200, "step_amount": 20_000, "step_rate": 100, "max_rate": 600},
    ),
    "YF-BON": (
        FUEL,
        "bonus_amount",
        {
            "step": 1000,
            "convert_at": 20,
            "convert_to": 100,
            "likelihood_bp": 8500,
        },
    ),
    "YF-CRE": (
        FUEL,
        "credit_card",
        {
            "credit_limit": 30_000,
            "statement_day": 1,
            "due_days": 14,
            "block_overdue_days": 20,
            "late_charge": 300,
            "accept_at": "coalition",
            "credit_elsewhere": True,
        },
    ),
    "YS-PASS": (
        SPA,
        "visit_pass",
        {
            "visits": 10,
            "price": 10_000,
            "valid_days": 60,
            "accept_at": "coalition",
            "visit_price": 700,
        },
    ),
    "YS-GIFT": (
        SPA,
        "gift_card",
        {
            "accept_at": "coalition",
            "valid_months": 3,
            "vat_class": "spv",
            "tax_rate_bp": 2100,
        },
    ),
    "YS-VISIT": (
        SPA,
        "bonus_visit",
        {
            "points_per_visit": 1,
            "convert_at": 5,
            "convert_to": 300,
            "own_use": "mpv",
        },
    ),
    "YB-GIFT": (BOOKS, "gift_card", {"accept_at": "coalition", "valid_months": 12}),
    "YB-BON": (
        BOOKS,
        "bonus_amount",
        {"step": 500, "convert_at": 10, "convert_to": 100},
    ),
}
# By code: the issuer, the programs, how its numbers begin, whether a sale registers it.
CARD_TYPES = {
    "YG-CLUB": (GROCER, ("YG-BON", "YG-DISC"), ("886001",), True),
    "YF-CLUB": (FUEL, ("YF-BON",), ("886001", "886006"), True),
    "YB-CLUB": (BOOKS, ("YB-BON",), ("886001",), True),
    "YG-GIFT": (GROCER, ("YG-GIFT",), ("886002",), False),
    "YS-PASS": (SPA, ("YS-PASS",), ("886003",), False),
    "YF-FLEET": (FUEL, ("YF-CRE",), ("886004",), False),
    "YB-GIFT": (BOOKS, ("YB-GIFT",), ("886005",), False),
    "YS-GIFT": (SPA, ("YS-GIFT",), ("886007",), False),
    "YG-PRO": (GROCER, ("YG-PRIZE", "YG-SWAP"), ("886006",), True),
    "YS-REG": (SPA, ("YS-VISIT",), ("886008",), True),
}
PRICES = {(GROCER, FUEL): 9000, (FUEL, SPA): 8000}
"""What an issuer pays a seller for a bonus used there, basis points; else all."""
TAX_RATES = {"": 2100, "food": 1200, "books": 500}


def till(branch):
    """The terminal of a branch."""
    return f"YYYYY{branch}"


def number(prefix, serial):
    """A card number: six digits that tell its type, ten that count."""
    return f"{prefix}{serial:010d}"


def document(members, offices, leaving=(), model="issuer"):
    """The network as terminals decide by it.

    Args:
        members: codes of the coalition's issuers, its operator among them.
        offices: terminal of each issuer's back office, by code.
        leaving: what the document says of members on their way out.
        model: who owes bonuses, see ekarte_core.NetworkDocument.
    """
    return {
        "format": 1,
        "name": "A year",
        "coalitions": [_coalition(members, leaving, model)],
        "issuers": [
            {
                "code": code,
                "name": code,
                "language": "en",
                "in_odoo": code != BOOKS,
                "exposure_limit": LIMITS.get(code, 0),
            }
            for code in EVERYONE
        ],
        "branches": [
            {
                "code": code,
                "issuer": issuer,
                "name": code,
                "books_sales": code not in REGISTERS,
            }
            for code, issuer in BRANCHES.items()
        ],
        "goods_groups": [
            {"code": code, "name": code, "tax_rate_bp": rate}
            for code, rate in TAX_RATES.items()
            if code
        ],
        "programs": [
            {
                "code": code,
                "issuer": issuer,
                "kind": kind,
                "name": code,
                "parameters": dict(parameters),
            }
            for code, (issuer, kind, parameters) in PROGRAMS.items()
        ],
        "card_types": [
            {
                "code": code,
                "issuer": issuer,
                "name": code,
                "programs": programs,
                "auto_register": auto,
                "ranges": [
                    {"from": f"{prefix}{'0' * 10}", "to": f"{prefix}{'9' * 10}"}
                    for prefix in prefixes
                ],
            }
            for code, (issuer, programs, prefixes, auto) in CARD_TYPES.items()
        ],
        "terminals": _terminals(offices),
    }


def _coalition(members, leaving, model):
    return {
        "code": "Y",
        "name": "Y",
        "issuers": list(members),
        "operator": GROCER,
        "model": model,
        "breakage_share_bp": 5000 if model == "pool" else 0,
        "terms": [
            {"issuer": issuer, "seller": seller, "price_bp": price_bp}
            for (issuer, seller), price_bp in PRICES.items()
            if {issuer, seller} <= set(members)
        ],
        "leaving": list(leaving),
    }


def _terminals(offices):
    """A till in each branch, and the desk of each back office in the first one."""
    first = {issuer: code for code, issuer in reversed(BRANCHES.items())}
    return [{"id": till(branch), "branch": branch} for branch in BRANCHES] + [
        {"id": desk, "branch": first[issuer], "protocol": "odoo", "mac": "none"}
        for issuer, desk in offices.items()
    ]
