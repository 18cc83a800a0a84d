"""A month's end as an accountant goes through it: settled, compared, cleared, paid."""

import io
import subprocess
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

from odoo import fields
from odoo.tests import HttpCase, tagged
from odoo.tools.pdf import PdfFileReader

from ekarte_core import Tender, publish

from .settlement_common import (
    ACCOUNTANT_GROUPS,
    CLUB,
    GIFT,
    LedgerCase,
    network_document,
)

REPORT = "ekarte_loyalty.ekarte_clearing_statement_report"


@tagged("post_install", "-at_install")
class TestMonthEndTour(LedgerCase, HttpCase):
    """The grocer runs clearing; the books company keeps its books elsewhere."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        last_day = fields.Date.today().replace(day=1) - timedelta(days=1)
        cls.last_day = last_day
        cls.noon = datetime(last_day.year, last_day.month, 12, 10, tzinfo=timezone.utc)
        cls.env["ekarte.coalition"].create(
            {
                "code": "TMONTH",
                "name": "Union of the tests",
                "issuer_ids": [(6, 0, cls.issuers.ids)],
                "operator_id": cls.issuers[0].id,
                "period": "manual",
                "fee_rate": 1.5,
                "fee_payer": "redeemer",
                "fee_tax_rate": 21,
            }
        )
        cls.anna = cls._user(
            "test.accountant", ACCOUNTANT_GROUPS, cls.grocer | cls.fuel
        )
        cls.anna.name = "Anna Accountant"

    def test_an_accountant_closes_a_month(self):
        self.trade_for_a_month()
        moved = self.bank_statements_come()
        self.start_tour(
            "/odoo/ekarte-settlements",
            "ekarte_month_end_tour",
            login="test.accountant",
            timeout=180,
        )
        self.env.invalidate_all()
        cycle = self.env["ekarte.clearing.cycle"].search([], limit=1)
        self.assertEqual(cycle.state, "paid")
        self.assertEqual(set(cycle.statement_ids.mapped("state")), {"paid"})
        self.assertEqual(set(cycle.statement_ids.mapped("agreed_by")), {self.anna.name})
        self.assertTrue(all(moved.mapped("is_reconciled")))
        companies = self.grocer | self.fuel
        self.assertEqual(self.settlements._red_rows(companies), [])
        self.assertEqual(self.open_clearing(companies), 0)
        for statement in cycle.statement_ids:
            self.look_at_the_paper(statement)

    def trade_for_a_month(self):
        """What terminals did: loads, uses at home and elsewhere, a refund, bonuses."""
        type(self).now = self.noon - timedelta(days=11)
        publish(self.env.cr, network_document(), self.now)
        self.on(2).send("activate", "TTTTTTG1", GIFT, amount=20_000)
        for day, terminal, amount in (
            (4, "TTTTTTF1", 3_000),
            (5, "TTTTTTB1", 2_000),
            (9, "TTTTTTG1", 1_000),
            (17, "TTTTTTF1", 1_250),
        ):
            tender = Tender(gift=amount)
            self.on(day).send("sale", terminal, GIFT, amount=amount, tender=tender)
        self.on(20).send("sale", "TTTTTTG1", CLUB, amount=5_700)

    def on(self, day):
        """Go on at noon of a day of the month."""
        type(self).now = self.noon.replace(day=day)
        return self

    def bank_statements_come(self):
        """What the bank moved, as imported: both payouts less the fees, one receipt."""
        journals = {
            company: self.env["account.journal"].search(
                [("company_id", "=", company.id), ("type", "=", "bank")], limit=1
            )
            for company in (self.grocer, self.fuel)
        }
        return self.env["account.bank.statement.line"].create(
            [
                {
                    "journal_id": journals[company].id,
                    "date": fields.Date.today(),
                    "amount": amount,
                    "payment_ref": text,
                }
                for company, amount, text in (
                    (self.grocer, -41.73, "Clearing, SIA Tests Fuel"),
                    (self.grocer, -19.64, "Clearing, SIA Tests Books"),
                    (self.fuel, 41.73, "Clearing from the union"),
                )
            ]
        )

    def open_clearing(self, companies):
        """How many items on the clearing accounts are not reconciled."""
        accounts = [company._ekarte_account("CLR").id for company in companies]
        return self.env["account.move.line"].search_count(
            [("account_id", "in", accounts), ("reconciled", "=", False)]
        )

    def look_at_the_paper(self, statement):
        """The PDF has pages, and every page can be drawn."""
        made, _form = (
            self.env["ir.actions.report"]
            .with_context(force_report_rendering=True)
            ._render_qweb_pdf(REPORT, statement.ids)
        )
        pages = PdfFileReader(io.BytesIO(made)).pages
        text = "".join(page.extract_text() for page in pages)
        self.assertIn(statement.name, text)
        with tempfile.TemporaryDirectory() as folder:
            paper = Path(folder) / "statement.pdf"
            paper.write_bytes(made)
            subprocess.run(
                ["pdftoppm", "-r", "50", "-gray", paper, Path(folder) / "page"],
                check=True,
            )
            drawn = sorted(Path(folder).glob("page*.pgm"))
            self.assertEqual(len(drawn), len(pages))
            for page in drawn:
                self.assertLess(min(page.read_bytes()[20:]), 128, "an empty page")
