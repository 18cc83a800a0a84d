"""Rows of the journal table: a line of a document, and what it books."""

from datetime import date, datetime, timezone
from typing import Any

from ekarte_core import SettlementDocument, SettlementLine

NOW = datetime(2026, 11, 22, tzinfo=timezone.utc)


def document(
    *lines: SettlementLine, outside: tuple[str, ...] = ()
) -> SettlementDocument:
    return SettlementDocument(
        id=1,
        created_at=NOW,
        cutoff=NOW,
        network_version=1,
        outside=outside,
        lines=lines,
    )


def line(event: Any, amount: int, seller: str = "I", issuer: str = "I", **more: Any):
    return SettlementLine(
        line=more.pop("number", 1),
        day=date(2026, 11, 21),
        event=event,
        seller=seller,
        issuer=issuer,
        branch="B",
        amount=amount,
        operations=1,
        **more,
    )


TABLE = [
    (
        "S1 cash sale",
        line("sale", 3000, tax_rate_bp=2100),
        {("I", "BNK"): 3000, ("I", "REV"): -2479, ("I", "VATO"): -521},
    ),
    (
        "S1 paid by card",
        line("sale", 3000, tax_rate_bp=2100, tendered=3000),
        {("I", "TND"): 3000, ("I", "REV"): -2479, ("I", "VATO"): -521},
    ),
    (
        "S1 part by card",
        line("sale", 2000, tax_rate_bp=2100, tendered=100),
        {
            ("I", "BNK"): 1900,
            ("I", "TND"): 100,
            ("I", "REV"): -1653,
            ("I", "VATO"): -347,
        },
    ),
    (
        "S1 without tax",
        line("sale", 100),
        {("I", "BNK"): 100, ("I", "REV"): -100},
    ),
    ("S1 own register", line("sale", 3000, tax_rate_bp=2100, books_sales=False), {}),
    (
        "G1 load",
        line("gift_load", 2000, carry=2000),
        {("I", "BNK"): 2000, ("I", "LGC"): -2000},
    ),
    (
        "G1 own register",
        line("gift_load", 2000, carry=2000, books_sales=False),
        {("I", "TND"): 2000, ("I", "LGC"): -2000},
    ),
    (
        "G3 sold by another",
        line("gift_load", 2000, "S", carry=2000),
        {
            ("S", "BNK"): 2000,
            ("S", "CLR"): -2000,
            ("I", "CLR"): 2000,
            ("I", "LGC"): -2000,
        },
    ),
    (
        "G4 used at home",
        line("gift_spend", 500, carry=500),
        {("I", "LGC"): 500, ("I", "TND"): -500},
    ),
    (
        "G5 used elsewhere",
        line("gift_spend", 3000, "R", carry=3000),
        {
            ("R", "CLR"): 3000,
            ("R", "TND"): -3000,
            ("I", "LGC"): 3000,
            ("I", "CLR"): -3000,
        },
    ),
    (
        "G8 lapsed",
        line("gift_expire", 500, carry=500),
        {("I", "LGC"): 500, ("I", "RBK"): -500},
    ),
    (
        "B1 earned",
        line("bonus_earn", 10, carry=81),
        {("I", "REV"): 81, ("I", "LBN"): -81},
    ),
    ("B1 nothing deferred", line("bonus_earn", 10), {}),
    (
        "B3 used at home",
        line("bonus_spend", 100, carry=81),
        {("I", "LBN"): 81, ("I", "REV"): -81},
    ),
    (
        "B4 used elsewhere",
        line("bonus_spend", 100, "R", carry=81),
        {
            ("R", "CLR"): 100,
            ("R", "TND"): -100,
            ("I", "LBN"): 81,
            ("I", "XCL"): 19,
            ("I", "CLR"): -100,
        },
    ),
    (
        "B5 burnt",
        line("bonus_expire", 10, carry=81),
        {("I", "LBN"): 81, ("I", "RBK"): -81},
    ),
    (
        "B1p given without a sale",
        line("bonus_grant", 50, carry=250),
        {("I", "XPM"): 250, ("I", "LBN"): -250},
    ),
    (
        "B3 voucher at home",
        line("voucher_spend", 50000, carry=41000),
        {("I", "LBN"): 41000, ("I", "REV"): -41000},
    ),
    (
        "B4 voucher elsewhere",
        line("voucher_spend", 500, "R", carry=400),
        {
            ("R", "CLR"): 500,
            ("R", "TND"): -500,
            ("I", "LBN"): 400,
            ("I", "XCL"): 100,
            ("I", "CLR"): -500,
        },
    ),
    (
        "B5 voucher lapsed",
        line("voucher_expire", 500, carry=400),
        {("I", "LBN"): 400, ("I", "RBK"): -400},
    ),
    (
        "B4 points for goods of another",
        line("exchange_spend", 1650, "R", carry=81),
        {
            ("R", "CLR"): 1650,
            ("R", "TND"): -1650,
            ("I", "LBN"): 81,
            ("I", "XCL"): 1569,
            ("I", "CLR"): -1650,
        },
    ),
    (
        "B3 points for own goods",
        line("exchange_spend", 1650, carry=81),
        {("I", "LBN"): 81, ("I", "REV"): -81},
    ),
    (
        "P1 pass sold",
        line("pass_load", 10, carry=4132),
        {("I", "REV"): 4132, ("I", "LPS"): -4132},
    ),
    (
        "P2 visit",
        line("pass_use", 1, carry=413),
        {("I", "LPS"): 413, ("I", "REV"): -413},
    ),
    (
        "P3 pass lapsed",
        line("pass_expire", 2, carry=826),
        {("I", "LPS"): 826, ("I", "RBK"): -826},
    ),
    (
        "L1 bought on credit",
        line("credit_spend", 3000, carry=3000),
        {("I", "ALC"): 3000, ("I", "TND"): -3000},
    ),
    (
        "L2 bought on credit elsewhere",
        line("credit_spend", 3000, "R", carry=3000),
        {
            ("R", "CLR"): 3000,
            ("R", "TND"): -3000,
            ("I", "ALC"): 3000,
            ("I", "CLR"): -3000,
        },
    ),
    (
        "L4 credit paid",
        line("credit_pay", 1000, carry=1000),
        {("I", "BNK"): 1000, ("I", "ALC"): -1000},
    ),
    (
        "L4 credit paid elsewhere",
        line("credit_pay", 1000, "S", carry=1000),
        {
            ("S", "BNK"): 1000,
            ("S", "CLR"): -1000,
            ("I", "CLR"): 1000,
            ("I", "ALC"): -1000,
        },
    ),
    (
        "G1s sold with its tax",
        line("gift_load", 3000, carry=2479, tax_rate_bp=2100),
        {("I", "BNK"): 3000, ("I", "LGC"): -2479, ("I", "VATO"): -521},
    ),
    (
        "G3s the same by another",
        line("gift_load", 3000, "S", carry=2479, tax_rate_bp=2100),
        {
            ("S", "BNK"): 3000,
            ("S", "CLR"): -3000,
            ("I", "CLR"): 3000,
            ("I", "LGC"): -2479,
            ("I", "VATO"): -521,
        },
    ),
    (
        "G4s used at home: taxed once",
        line("gift_spend", 3000, carry=2479, tax_rate_bp=2100),
        {("I", "LGC"): 2479, ("I", "VATO"): 521, ("I", "TND"): -3000},
    ),
    (
        "G5s used elsewhere: the seller invoices it",
        line("gift_spend", 3000, "R", carry=2479, tax_rate_bp=2100),
        {
            ("R", "CLR"): 3000,
            ("R", "TND"): -3000,
            ("I", "LGC"): 2479,
            ("I", "VATI"): 521,
            ("I", "CLR"): -3000,
        },
    ),
    (
        "G10 charged back",
        line("gift_charge_back", 2000, carry=2000, tendered=1000),
        {("I", "LGC"): 2000, ("I", "XLS"): 1000, ("I", "BNK"): -3000},
    ),
    (
        "G10s the same, sold with its tax",
        line("gift_charge_back", 2000, carry=1653, tendered=1000, tax_rate_bp=2100),
        {
            ("I", "LGC"): 1653,
            ("I", "VATO"): 347,
            ("I", "XLS"): 1000,
            ("I", "BNK"): -3000,
        },
    ),
    (
        "G11 paid out",
        line("gift_pay_out", 500, carry=500),
        {("I", "LGC"): 500, ("I", "BNK"): -500},
    ),
    (
        "G11s the same, sold with its tax, by Odoo",
        line("gift_pay_out", 500, carry=413, tax_rate_bp=2100, books_sales=False),
        {("I", "LGC"): 413, ("I", "VATO"): 87, ("I", "TND"): -500},
    ),
    (
        "B3v own bonus money is a payment",
        line("bonus_spend", 100, carry=81, as_payment=True),
        {("I", "LBN"): 81, ("I", "REV"): 19, ("I", "TND"): -100},
    ),
    (
        "B4 at the price agreed",
        line("bonus_spend", 100, "R", carry=81, reimbursed=80, price_bp=8000),
        {
            ("R", "CLR"): 80,
            ("R", "XCL"): 20,
            ("R", "TND"): -100,
            ("I", "LBN"): 81,
            ("I", "XCL"): -1,
            ("I", "CLR"): -80,
        },
    ),
    (
        "B4 as a service",
        line("bonus_spend", 100, "R", carry=81, tax_rate_bp=2100),
        {
            ("R", "CLR"): 100,
            ("R", "TND"): -100,
            ("I", "LBN"): 81,
            ("I", "VATI"): 17,
            ("I", "XCL"): 2,
            ("I", "CLR"): -100,
        },
    ),
    (
        "P4 a visit elsewhere",
        line("pass_use", 1, "R", carry=826, reimbursed=1000, tax_rate_bp=2100),
        {
            ("R", "CLR"): 1000,
            ("R", "REV"): -826,
            ("R", "VATO"): -174,
            ("I", "LPS"): 826,
            ("I", "VATI"): 174,
            ("I", "CLR"): -1000,
        },
    ),
    (
        "P4 at another price",
        line("pass_use", 2, "R", carry=1652, reimbursed=1600, tax_rate_bp=2100),
        {
            ("R", "CLR"): 1600,
            ("R", "REV"): -1322,
            ("R", "VATO"): -278,
            ("I", "LPS"): 1652,
            ("I", "VATI"): 278,
            ("I", "XCL"): -330,
            ("I", "CLR"): -1600,
        },
    ),
    (
        "L3 billed",
        line("credit_bill", 3000),
        {("I", "ALB"): 3000, ("I", "ALC"): -3000},
    ),
    (
        "L4 billed credit paid",
        line("credit_pay", 1000, carry=1000, billed=700),
        {("I", "BNK"): 1000, ("I", "ALB"): -700, ("I", "ALC"): -300},
    ),
    (
        "L5 goods bought on credit returned, in part billed",
        line("credit_spend", -1000, carry=-1000, billed=-400),
        {("I", "ALC"): -600, ("I", "ALB"): -400, ("I", "TND"): 1000},
    ),
    (
        "L5r the same at R",
        line("credit_spend", -1000, "R", carry=-1000, billed=-400),
        {
            ("R", "CLR"): -1000,
            ("R", "TND"): 1000,
            ("I", "ALC"): -600,
            ("I", "ALB"): -400,
            ("I", "CLR"): 1000,
        },
    ),
    (
        "L6 paid late",
        line("credit_charge", 300),
        {("I", "ALB"): 300, ("I", "RFE"): -300},
    ),
    (
        "L7 written off",
        line("credit_write_off", 5000, billed=4000),
        {("I", "ALW"): 5000, ("I", "ALB"): -4000, ("I", "ALC"): -1000},
    ),
    (
        "C5 gift money put back by the seller",
        line("gift_restore", 3000, "R", carry=3000),
        {
            ("R", "XLS"): 3000,
            ("R", "CLR"): -3000,
            ("I", "CLR"): 3000,
            ("I", "LGC"): -3000,
        },
    ),
    (
        "C5 the same, sold with its tax",
        line("gift_restore", 3000, "R", carry=2479, tax_rate_bp=2100),
        {
            ("R", "XLS"): 3000,
            ("R", "CLR"): -3000,
            ("I", "CLR"): 3000,
            ("I", "LGC"): -2479,
            ("I", "VATI"): -521,
        },
    ),
    (
        "C5 bonus money",
        line("bonus_restore", 100, "R", carry=81, reimbursed=80, price_bp=8000),
        {
            ("R", "XLS"): 80,
            ("R", "CLR"): -80,
            ("I", "CLR"): 80,
            ("I", "XCL"): 1,
            ("I", "LBN"): -81,
        },
    ),
    (
        "C5 a voucher at home",
        line("voucher_restore", 500, carry=400),
        {("I", "XLS"): 400, ("I", "LBN"): -400},
    ),
    (
        "C5 gift money at home, sold with its tax",
        line("gift_restore", 3000, carry=2479, tax_rate_bp=2100),
        {("I", "XLS"): 3000, ("I", "LGC"): -2479, ("I", "VATO"): -521},
    ),
    (
        "C5 credit",
        line("credit_restore", 3000, "R", carry=3000, billed=1000),
        {
            ("R", "XLS"): 3000,
            ("R", "CLR"): -3000,
            ("I", "CLR"): 3000,
            ("I", "ALC"): -2000,
            ("I", "ALB"): -1000,
        },
    ),
    (
        "C8 earned into the pool",
        line("bonus_earn", 10, carry=100, liable="O"),
        {
            ("I", "XPM"): 100,
            ("I", "CLR"): -100,
            ("O", "CLR"): 100,
            ("O", "LPL"): -100,
        },
    ),
    (
        "C8 given into the pool by its operator",
        line("bonus_grant", 10, "O", "O", carry=100, liable="O"),
        {("O", "XPM"): 100, ("O", "LPL"): -100},
    ),
    (
        "C8r used at R",
        line("bonus_spend", 100, "R", carry=90, liable="O", reimbursed=95),
        {
            ("R", "CLR"): 95,
            ("R", "XCL"): 5,
            ("R", "TND"): -100,
            ("O", "LPL"): 90,
            ("O", "XCL"): 5,
            ("O", "CLR"): -95,
        },
    ),
    (
        "C8r used at home: the pool pays",
        line("bonus_spend", 100, carry=90, liable="O"),
        {
            ("I", "CLR"): 100,
            ("I", "TND"): -100,
            ("O", "LPL"): 90,
            ("O", "XCL"): 10,
            ("O", "CLR"): -100,
        },
    ),
    (
        "C8r used at the operator",
        line("bonus_spend", 100, "O", carry=90, liable="O"),
        {("O", "LPL"): 90, ("O", "XCL"): 10, ("O", "TND"): -100},
    ),
    (
        "C8x ended in the pool",
        line("bonus_expire", 10, carry=90, liable="O", reimbursed=30),
        {
            ("O", "LPL"): 90,
            ("O", "RBK"): -60,
            ("O", "CLR"): -30,
            ("I", "CLR"): 30,
            ("I", "RBK"): -30,
        },
    ),
]
