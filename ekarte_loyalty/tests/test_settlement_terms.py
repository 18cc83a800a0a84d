"""Rows of the journal table with terms of their own, as they are posted; and the grids
of the Latvian VAT return: 41 base and 52 tax of sales, 62 input tax."""

from odoo.tests import tagged

from ekarte_core import Tender, publish, read_network

from .settlement_common import CLUB, NOW, LedgerCase, SettlementCase, network_document

FUEL, GROCER = "TFUEL", "TGROCER"
AT_FUEL = (FUEL, GROCER)
SPV = {"tax_rate_bp": 2100}
POOL = {"liable": FUEL}

# Event, (seller, issuer), figures of the line, {account: cents} of grocer and of fuel.
ROWS = [
    (
        "G1s",
        "gift_load",
        (),
        {"amount": 3000, "carry": 2479, **SPV},
        {"BNK": 3000, "LGC": -2479, "VATO": -521},
        {},
    ),
    (
        "G3s",
        "gift_load",
        AT_FUEL,
        {"amount": 3000, "carry": 2479, **SPV},
        {"CLR": 3000, "LGC": -2479, "VATO": -521},
        {"BNK": 3000, "CLR": -3000},
    ),
    (
        "G4s",
        "gift_spend",
        (),
        {"amount": 3000, "carry": 2479, **SPV},
        {"LGC": 2479, "VATO": 521, "TND": -3000},
        {},
    ),
    (
        "G5s",
        "gift_spend",
        AT_FUEL,
        {"amount": 3000, "carry": 2479, **SPV},
        {"LGC": 2479, "VATI": 521, "CLR": -3000},
        {"CLR": 3000, "TND": -3000},
    ),
    (
        "G7s",
        "gift_spend",
        AT_FUEL,
        {"amount": -3000, "carry": -2479, **SPV},
        {"LGC": -2479, "VATI": -521, "CLR": 3000},
        {"CLR": -3000, "TND": 3000},
    ),
    (
        "G10",
        "gift_charge_back",
        (),
        {"amount": 2000, "carry": 2000, "tendered": 1000},
        {"LGC": 2000, "XLS": 1000, "BNK": -3000},
        {},
    ),
    (
        "G11",
        "gift_pay_out",
        (),
        {"amount": 500, "carry": 500, "books_sales": False},
        {"LGC": 500, "TND": -500},
        {},
    ),
    (
        "B3v",
        "bonus_spend",
        (),
        {"amount": 100, "carry": 81, "as_payment": True},
        {"LBN": 81, "REV": 19, "TND": -100},
        {},
    ),
    (
        "B4",
        "bonus_spend",
        AT_FUEL,
        {"amount": 100, "carry": 81, "reimbursed": 80, "price_bp": 8000},
        {"LBN": 81, "XCL": -1, "CLR": -80},
        {"CLR": 80, "XCL": 20, "TND": -100},
    ),
    (
        "B4 as a service",
        "bonus_spend",
        AT_FUEL,
        {"amount": 100, "carry": 81, **SPV},
        {"LBN": 81, "VATI": 17, "XCL": 2, "CLR": -100},
        {"CLR": 100, "TND": -100},
    ),
    (
        "P4",
        "pass_use",
        AT_FUEL,
        {"amount": 1, "carry": 826, "reimbursed": 1000, **SPV},
        {"LPS": 826, "VATI": 174, "CLR": -1000},
        {"CLR": 1000, "REV": -826, "VATO": -174},
    ),
    ("L3", "credit_bill", (), {"amount": 3000}, {"ALB": 3000, "ALC": -3000}, {}),
    (
        "L4",
        "credit_pay",
        (),
        {"amount": 1000, "carry": 1000, "billed": 700},
        {"BNK": 1000, "ALB": -700, "ALC": -300},
        {},
    ),
    (
        "L5r",
        "credit_spend",
        AT_FUEL,
        {"amount": -1000, "carry": -1000, "billed": -400},
        {"ALC": -600, "ALB": -400, "CLR": 1000},
        {"CLR": -1000, "TND": 1000},
    ),
    ("L6", "credit_charge", (), {"amount": 300}, {"ALB": 300, "RFE": -300}, {}),
    (
        "L7",
        "credit_write_off",
        (),
        {"amount": 5000, "billed": 4000},
        {"ALW": 5000, "ALB": -4000, "ALC": -1000},
        {},
    ),
    (
        "C5",
        "gift_restore",
        AT_FUEL,
        {"amount": 3000, "carry": 2479, **SPV},
        {"CLR": 3000, "LGC": -2479, "VATI": -521},
        {"XLS": 3000, "CLR": -3000},
    ),
    (
        "C8",
        "bonus_earn",
        (),
        {"amount": 10, "carry": 90, "reimbursed": 90, **POOL},
        {"XPM": 90, "CLR": -90},
        {"CLR": 90, "LPL": -90},
    ),
    (
        "C8r",
        "bonus_spend",
        (),
        {"amount": 100, "carry": 90, **POOL},
        {"CLR": 100, "TND": -100},
        {"LPL": 90, "XCL": 10, "CLR": -100},
    ),
    (
        "C8x",
        "bonus_expire",
        (),
        {"amount": 10, "carry": 90, "reimbursed": 30, **POOL},
        {"CLR": 30, "RBK": -30},
        {"LPL": 90, "RBK": -60, "CLR": -30},
    ),
]


@tagged("post_install", "-at_install")
class TestSettlementTerms(SettlementCase):
    def test_each_row_is_posted_as_the_journal_table_says(self):
        for row, event, parties, figures, grocer, fuel in ROWS:
            with self.subTest(row=row):
                settlement = self.take(self.line(event, *parties, **figures))
                self.assertEqual(settlement.state, "posted", settlement.reason)
                self.assertEqual(self.booked(settlement, self.grocer), grocer)
                self.assertEqual(self.booked(settlement, self.fuel), fuel)

    def test_value_taxed_when_sold_is_declared_once_at_home(self):
        """V11: sold, then used for goods that the sale taxes in full."""
        settlement = self.take(
            self.line("gift_load", amount=3000, carry=2479, **SPV),
            self.line("sale", amount=3000, tendered=3000),
            self.line("gift_spend", amount=3000, carry=2479, **SPV),
        )
        self.assertEqual(self.grids(settlement, self.grocer), {"41": 2479, "52": 521})
        self.assertEqual(self.booked(settlement, self.grocer, "TND"), 0)

    def test_value_taxed_when_sold_is_declared_by_the_seller_and_deducted(self):
        settlement = self.take(
            self.line("gift_load", amount=3000, carry=2479, **SPV),
            self.line("sale", FUEL, amount=3000, tendered=3000),
            self.line("gift_spend", *AT_FUEL, amount=3000, carry=2479, **SPV),
        )
        self.assertEqual(
            self.grids(settlement, self.grocer), {"41": 2479, "52": 521, "62": -521}
        )
        self.assertEqual(self.grids(settlement, self.fuel), {"41": 2479, "52": 521})

    def test_a_visit_elsewhere_is_declared_by_who_invoices_it(self):
        visit = {"amount": 1, "carry": 826, "reimbursed": 1000, **SPV}
        settlement = self.take(self.line("pass_use", *AT_FUEL, **visit))
        self.assertEqual(self.grids(settlement, self.fuel), {"41": 826, "52": 174})
        self.assertEqual(self.grids(settlement, self.grocer), {"62": -174})

    def test_input_tax_carries_the_purchase_tax_and_its_base(self):
        settlement = self.take(
            self.line("bonus_spend", *AT_FUEL, amount=100, carry=81, **SPV)
        )
        tax = self.grocer._ekarte_purchase_tax(2100)
        items = settlement.move_ids.line_ids.filtered(
            lambda item: item.company_id == self.grocer
        )
        taxed, base = items.filtered("tax_line_id"), items.filtered("tax_ids")
        self.assertEqual(taxed.tax_line_id, tax)
        self.assertEqual(taxed.tax_base_amount, 0.83)
        self.assertEqual(base.tax_ids, tax)
        self.assertAlmostEqual(sum(base.mapped("balance")), 0.83)

    def test_a_document_waits_for_the_purchase_tax_of_its_rate(self):
        taxes = self.grocer.ekarte_purchase_tax_ids
        self.grocer.ekarte_purchase_tax_ids = False
        settlement = self.take(
            self.line("gift_spend", *AT_FUEL, amount=3000, carry=2479, **SPV)
        )
        self.assertEqual(settlement.state, "waiting")
        self.assertIn("no purchase tax of 21 %", settlement.reason)
        self.grocer.ekarte_purchase_tax_ids = taxes
        settlement.action_retry()
        self.assertEqual(settlement.state, "posted", settlement.reason)

    def test_a_document_waits_for_the_sale_tax_of_a_card(self):
        self.grocer.ekarte_sale_tax_ids = False
        settlement = self.take(
            self.line("gift_load", amount=3000, carry=2479, tax_rate_bp=2100)
        )
        self.assertEqual(settlement.state, "waiting")
        self.assertIn("no sale tax of 21 %", settlement.reason)

    def grids(self, settlement, company):
        """What each grid of the VAT return gets, in cents; sales count positive."""
        found = {}
        for item in settlement.move_ids.line_ids:
            if item.company_id == company:
                for tag in item.tax_tag_ids:
                    cents = found.get(tag.name, 0) - round(item.balance * 100)
                    found[tag.name] = cents
        return {name: cents for name, cents in found.items() if cents}


@tagged("post_install", "-at_install")
class TestTermsInTheLedger(LedgerCase):
    def agree(self, price_bp):
        """Publish another price for the grocer's bonus money at the pump."""
        document = network_document()
        terms = {"issuer": GROCER, "seller": FUEL, "price_bp": price_bp}
        document["coalitions"][0]["terms"] = [terms]
        version = publish(self.env.cr, document, NOW)
        type(self).network = read_network(document, version=version)

    def test_each_price_is_a_line_and_leads_to_its_operations(self):
        self.agree(8_000)
        self.send("sale", "TTTTTTG1", CLUB, amount=5_000)
        self.send("sale", "TTTTTTF1", CLUB, amount=60, tender=Tender(bonus=60))
        self.agree(5_000)
        self.send("sale", "TTTTTTF1", CLUB, amount=40, tender=Tender(bonus=40))
        settlement = self.settle()
        self.assertEqual(settlement.mapped("state"), ["posted"], settlement.reason)
        lines = settlement.line_ids.filtered(lambda line: line.event == "bonus_spend")
        self.assertEqual(
            sorted((line.price, line.amount, line.reimbursed) for line in lines),
            [(50.0, 0.4, 0.2), (80.0, 0.6, 0.48)],
        )
        for line in lines:
            action = line.action_open_operations()
            operations = self.env["ekarte.operation"].search(action["domain"])
            self.assertEqual(operations.mapped("amount"), [line.amount])
        self.assertEqual(self.booked(settlement, self.fuel, "XCL"), 32)
        self.assertEqual(self.booked(settlement, self.fuel, "CLR"), 68)
