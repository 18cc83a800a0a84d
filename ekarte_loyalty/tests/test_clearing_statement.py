"""What a clearing statement says: on paper, as a spreadsheet, in which language."""

import io

from openpyxl import load_workbook

from odoo.exceptions import AccessError
from odoo.tests import HttpCase, tagged
from odoo.tools.pdf import PdfFileReader

from .clearing_common import PAYER, ClearingCase

REPORT = "ekarte_loyalty.ekarte_clearing_statement_report"


@tagged("post_install", "-at_install")
class TestClearingStatement(ClearingCase):
    def test_figures_are_reckoned_from_opening_to_closing(self):
        self.coalition.write({"fee_rate": 1.5, "fee_payer": "issuer"})
        self.trade()
        statement = self.statement(self.sent(), "TGROCER")
        self.assertEqual(
            [
                (figure.label, round(figure.amount, 2))
                for figure in statement._figures()
            ],
            [
                ("Opening balance", 0),
                ("To receive", 50.0),
                ("To pay", -120.0),
                ("Net", -70.0),
                ("Fee, 1.50 %", -1.8),
                ("Tax on the fee, 21.00 %", -0.38),
                ("Balance of this statement", -72.18),
                ("Closing balance", -72.18),
            ],
        )

    def test_what_is_open_of_earlier_statements_opens_the_next_one(self):
        self.trade()
        first = self.posted()
        self.trade()
        second = self.sent()
        self.assertEqual(
            {one.issuer_id.code: one.opening for one in second.statement_ids},
            {"TGROCER": -70.0, "TFUEL": 40.0, "TBOOKS": 30.0},
        )
        self.assertEqual(set(first.statement_ids.mapped("opening")), {0.0})

    def test_sums_have_the_columns_of_the_figures_and_refunds_below_zero(self):
        self.trade()
        self.take(
            self.line("gift_spend", "TFUEL", "TGROCER", amount=-1000, carry=-1000)
        )
        statement = self.statement(self.collected(), "TGROCER")
        self.assertEqual(
            [
                (one.counterparty, one.kind, one.receive, one.pay)
                for one in statement._sums()
            ],
            [
                ("SIA Tests Books", "Used", 50.0, 0.0),
                ("SIA Tests Fuel", "Refunded", 0.0, -10.0),
                ("SIA Tests Fuel", "Used", 0.0, 120.0),
            ],
        )
        self.assertEqual(sum(one.pay for one in statement._sums()), statement.gross_pay)

    def test_sold_for_another_credit_and_exchange_are_told_apart(self):
        self.take(
            self.line("gift_load", "TFUEL", "TGROCER", amount=5000, carry=5000),
            self.line("credit_spend", "TFUEL", "TGROCER", amount=700, carry=700),
            self.line("exchange_spend", "TFUEL", "TGROCER", amount=300, carry=200),
        )
        statement = self.statement(self.collected(), "TFUEL")
        self.assertEqual(
            {one.kind: one.amount for one in statement._sums()},
            {
                "Gift cards sold for another": -50.0,
                "Credit": 7.0,
                "Exchanged for goods": 3.0,
            },
        )

    def test_disputed_lines_stand_apart_and_in_no_figure(self):
        self.trade()
        cycle = self.sent()
        statement = self.statement(cycle, "TGROCER")
        statement.line_ids.filtered(lambda line: line.amount < 0)._dispute("not_ours")
        self.assertEqual([one.amount for one in statement._sums()], [50.0])
        self.assertEqual([one.amount for one in statement._sums(True)], [-120.0])
        self.assertEqual(statement.total, 50.0)
        self.assertEqual(statement._figures()[-1].amount, -120.0)
        self.assertIn("Disputed, not in this", self.paper(statement))

    def test_operations_of_one_sum_are_found_and_none_of_the_others(self):
        self.trade()
        statement = self.statement(self.collected(), "TGROCER")
        paid = [one for one in statement._sums() if one.pay]
        (found,) = statement._operations(key=paid[0].key)
        self.assertEqual((found.counterparty, found.amount), ("SIA Tests Fuel", -120.0))
        self.assertEqual(statement._operation_count(paid[0].key), 1)
        self.assertEqual(statement._operation_count(), 2)

    def test_paper_names_both_sides_sums_the_account_and_the_digest(self):
        self.union.partner_id.bank_ids = [(0, 0, {"acc_number": "LV80HABA01"})]
        self.trade()
        statement = self.statement(self.posted(), "TGROCER")
        paper = self.paper(statement)
        for text in (
            "SIA Tests Union",
            "SIA Tests Grocer",
            statement.name,
            statement.digest,
            "LV80HABA01",
            "Please pay",
        ):
            self.assertIn(text, paper)

    def test_paper_prints_a_part_of_very_many_operations_and_says_so(self):
        self.trade()
        statement = self.statement(self.collected(), "TGROCER")
        self.assertNotIn("The first", self.paper(statement))
        self.patch(type(statement), "_paper_rows", lambda self: 1)
        self.assertIn("The first", self.paper(statement))

    def test_statement_speaks_the_language_of_its_reader(self):
        self.env["res.lang"]._activate_lang("lv_LV")
        self.trade()
        statement = self.statement(self.collected(), "TGROCER")
        self.assertIn("11/21/2026", statement._for_reader()._period())
        self.grocer.partner_id.lang = "lv_LV"
        self.assertIn("21.11.2026", statement._for_reader()._period())
        self.assertIn("21.11.2026", self.paper(statement))

    def test_spreadsheet_has_the_figures_lines_and_operations(self):
        self.trade()
        statement = self.statement(self.collected(), "TGROCER")
        book = load_workbook(io.BytesIO(statement._xlsx()), data_only=True)
        self.assertEqual(book.sheetnames, ["Summary", "Lines", "Operations"])
        facts = {row[0].value: row[1].value for row in book["Summary"].rows}
        self.assertEqual(facts["Balance of this statement"], -70)
        self.assertEqual(facts["Digest of the lines (SHA-256)"], statement.digest)
        lines = [[cell.value for cell in row] for row in book["Lines"].rows]
        self.assertEqual(lines[-1][5:8], [50, 120, -70])
        operations = [[cell.value for cell in row] for row in book["Operations"].rows]
        self.assertEqual(operations[-1][8], -70)
        self.assertEqual(len(operations), 4)

    def test_sums_of_the_spreadsheet_are_the_figures_and_disputed_stands_apart(self):
        self.trade()
        statement = self.statement(self.sent(), "TGROCER")
        statement.line_ids.filtered(lambda line: line.amount < 0)._dispute("not_ours")
        book = load_workbook(io.BytesIO(statement._xlsx()), data_only=True)
        sums = [
            [cell.value for cell in [*book[name].rows][-1]]
            for name in ("Lines", "Operations")
        ]
        self.assertEqual(sums[0][5:9], [50, 0, 50, -120])
        self.assertEqual(sums[1][8:10], [50, -120])

    def test_files_are_made_once_and_anew_when_the_statement_says_something_else(self):
        self.trade()
        statement = self.statement(self.sent(), "TGROCER")
        files = statement._files()
        self.assertEqual([file.name.rsplit(".")[-1] for file in files], ["pdf", "xlsx"])
        self.assertEqual(statement._files(), files)
        statement.line_ids[0]._dispute("duplicate")
        self.assertFalse(statement._files() & files)
        self.assertTrue(files.exists())

    def test_issuers_accountant_reads_its_own_statement_and_no_other(self):
        self.trade()
        cycle = self.collected()
        anna = self._user("clearing.anna", PAYER, self.grocer)
        own = self.statement(cycle, "TGROCER").with_user(anna)
        self.assertTrue(own._xlsx())
        self.assertIn("SIA Tests Fuel", self.paper(own))
        other = self.statement(cycle, "TFUEL").with_user(anna)
        with self.assertRaises(AccessError):
            other._xlsx()
        with self.assertRaises(AccessError):
            other._files()
        with self.assertRaises(AccessError):
            self.paper(other)

    def paper(self, statement):
        report = self.env["ir.actions.report"].with_user(statement.env.user)
        return report._render_qweb_html(REPORT, statement.ids)[0].decode()


@tagged("post_install", "-at_install")
class TestClearingPaper(HttpCase, ClearingCase):
    def test_paper_is_printed(self):
        self.trade()
        statement = self.statement(self.collected(), "TGROCER")
        made, _form = (
            self.env["ir.actions.report"]
            .with_context(force_report_rendering=True)
            ._render_qweb_pdf(REPORT, statement.ids)
        )
        pages = PdfFileReader(io.BytesIO(made)).pages
        self.assertGreater(len(pages), 1)
        text = "".join(page.extract_text() for page in pages)
        # The digest may be broken into two lines.
        self.assertIn(statement.digest[:16], text)
        self.assertLess(len(made), 5_000_000)
