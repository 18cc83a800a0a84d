from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .credit_common import TAB_CARD, CreditCase


@tagged("post_install", "-at_install")
class TestCreditStatement(CreditCase):
    """Statements of credit: on paper, by e-mail, paid at the bank."""

    def _statement(self):
        """30.00 bought in November, on a statement of 1 December."""
        card = self._owing()
        self._tick(days=12)
        statement = self.env["ekarte.statement"].search([("card_id", "=", card.id)])
        return statement.with_user(self.accountant)

    def _held(self, statement, **values):
        partner = self.env["res.partner"].create({"name": "Anna Ozola", **values})
        self.env["ekarte.holder"]._give(statement.card_id.id, self.grocer, partner)
        self.env.invalidate_all()
        return partner

    def test_the_debt_is_unbilled_then_billed_then_paid(self):
        statement = self._statement()
        self.assertEqual((statement.amount, statement.newly_billed), (30, 30))
        self._book()
        self.assertEqual((self._gl("ALC"), self._gl("ALB")), (0, 3000))
        action = statement.action_pay()
        office = (
            self.env["ekarte.card.office"]
            .with_user(self.accountant)
            .with_context(**action["context"])
            .create({"reason": "bank 12/4", "date": "2026-12-05"})
        )
        self.assertEqual((office.amount, office.most), (30, 30))
        with self._at(days=15):
            office.action_do()
        self.env.invalidate_all()
        self.assertEqual((statement.state, statement.unpaid), ("paid", 0))
        tender = self._gl("TND")
        self._book()
        self.assertEqual((self._gl("ALC"), self._gl("ALB")), (0, 0))
        self.assertEqual(self._gl("TND") - tender, 3000)
        bank = self._entry(office).line_ids.filtered(lambda item: item.balance > 0)
        self.assertEqual(bank.balance, 30)
        self.assertEqual(set(self._v2()), {True})

    def _v2(self):
        rows = self.env["ekarte.settlement"].sudo()._reconciliation()
        mine = self.grocer_company.id
        return [r["ok"] for r in rows if (r["check"], r["company_id"]) == ("V2", mine)]

    def test_a_payment_undone_opens_the_statement_again(self):
        statement = self._statement()
        with self._at(days=15):
            self._do(statement.card_id, "pay", amount=30)
            self.env.invalidate_all()
            self.assertEqual(statement.state, "paid")
            operation = self._operation(statement.card_id, "top_up")
            self.assertEqual(operation.may_settle, "reverse")
            self._do(statement.card_id, "reverse", original=operation.name)
        self.env.invalidate_all()
        self.assertEqual((statement.unpaid, statement.state != "paid"), (30, True))
        self._book()
        self.assertEqual(set(self._v2()), {True})

    def test_more_than_is_owed_is_not_taken(self):
        statement = self._statement()
        with self._at(days=15), self.assertRaisesRegex(UserError, "wrong amount"):
            self._do(statement.card_id, "pay", amount=30.01)
        self.env.invalidate_all()
        self.assertEqual(statement.unpaid, 30)

    def test_the_paper_says_what_was_bought_and_names_no_number(self):
        statement = self._statement()
        self._held(statement)
        html, _type = self.env["ir.actions.report"]._render_qweb_html(
            "ekarte_loyalty.report_ekarte_statement", statement.ids
        )
        paper = html.decode()
        for said in ("Anna Ozola", "Purchase", "30.00", "998000******0012"):
            self.assertIn(said, paper)
        self.assertNotIn(TAB_CARD, paper)
        figures = statement._report_figures()
        self.assertEqual(figures["before"], 0)
        self.assertEqual([row["amount"] for row in figures["movements"]], [30])

    def test_the_next_paper_begins_with_what_is_open(self):
        statement = self._statement()
        later = {"minutes": 20 * 24 * 60}
        self._send(self.grocer, "top_up", TAB_CARD, 1000, **later)
        self._send(self.grocer, "sale", TAB_CARD, 500, **later)
        self._tick(days=43)
        newer = statement.search([("purse_id", "=", statement.purse_id.id)], limit=1)
        figures = newer._report_figures()
        self.assertEqual((newer.amount, newer.newly_billed), (25, 5))
        self.assertEqual(figures["before"], 30)
        self.assertEqual([row["amount"] for row in figures["movements"]], [-10, 5])

    def test_another_issuers_accountant_reads_no_statement(self):
        statement = self._statement()
        stranger = self._bookkeeper("t.fuel", self.fuel_company)
        with self.assertRaises(AccessError):
            statement.with_user(stranger)._report_figures()
        self.assertFalse(statement.with_user(stranger).search([]))

    def test_it_is_sent_to_the_holder_with_the_paper(self):
        statement = self._statement()
        partner = self._held(statement, email="anna@example.com")
        statement.action_send()
        mail = self.env["mail.mail"].search([("recipient_ids", "in", partner.ids)])
        self.assertEqual(len(mail), 1)
        self.assertIn("30", mail.body_html)
        (paper,) = mail.attachment_ids.mapped("name")
        self.assertTrue(paper.startswith(f"Statement {statement.name}."), paper)
        self.assertTrue(statement.sent_at)
        self.assertNotIn(TAB_CARD, mail.body_html)

    def test_without_an_address_nobody_is_written_to(self):
        statement = self._statement()
        self._held(statement)
        with self.assertRaisesRegex(UserError, "No holder with an e-mail"):
            statement.action_send()
        self.assertFalse(statement.sent_at)

    def test_an_operator_does_not_send(self):
        statement = self._statement()
        self._held(statement, email="anna@example.com")
        operator = self._user("t.operator", "operator", self.grocer_company)
        with self.assertRaises(AccessError):
            statement.with_user(operator).action_send()

    def test_the_job_sends_once_where_the_program_says_so(self):
        statement = self._statement()
        partner = self._held(statement, email="anna@example.com")
        mails = [("recipient_ids", "in", partner.ids)]
        with self._in_time():
            self.env["ekarte.statement"]._cron_send()
            self.assertFalse(self.env["mail.mail"].search(mails))
            self.tab.mails_statements = True
            for _twice in range(2):
                self.env["ekarte.statement"]._cron_send()
        self.assertEqual(len(self.env["mail.mail"].search(mails)), 1)

    # Guards

    def test_credit_for_goods_of_others_is_published_on_purpose_only(self):
        tab = self._program(
            "T-FAR",
            self.grocer,
            "credit_card",
            credit_limit=10,
            accept_at="coalition",
            state="draft",
        )
        with self.assertRaisesRegex(UserError, "2023/2225"):
            tab.action_activate()
        tab.credit_elsewhere = True
        tab.action_activate()
        self.assertEqual(tab.state, "active")

    # Allowance

    def _allowance(self, **values):
        return (
            self.env["ekarte.credit.allowance"]
            .with_user(self.accountant)
            .with_company(self.grocer_company)
            .create({"date": "2026-12-20", **values})
        )

    def test_an_allowance_sets_aside_by_age_and_books_the_difference(self):
        self._statement()
        self._send(self.grocer, "sale", TAB_CARD, 1000, minutes=13 * 24 * 60)
        allowance = self._allowance()
        debts = {line.age: line.debt for line in allowance.line_ids}
        self.assertEqual(debts, {"due": 10, "d30": 30, "d60": 0, "d90": 0, "more": 0})
        self.assertEqual((allowance.needed, allowance.change), (1.6, 1.6))
        allowance.action_post()
        self.assertEqual((self._gl("ALW"), self._gl("XEC")), (-160, 160))
        later = self._allowance(date="2027-01-31")
        self.assertEqual((later.needed, later.set_aside), (6.1, 1.6))
        later.action_post()
        self.assertEqual(self._gl("ALW"), -610)
        later.action_undo()
        self.assertEqual((self._gl("ALW"), later.state), (-160, "undone"))

    def test_a_posted_allowance_stays_and_its_entry_too(self):
        self._statement()
        allowance = self._allowance()
        allowance.action_post()
        with self.assertRaises(UserError):
            allowance.date = "2026-12-21"
        with self.assertRaises(UserError):
            allowance.unlink()
        with self.assertRaisesRegex(UserError, "choose Undo"):
            allowance.sudo().move_id.button_draft()

    def test_without_the_right_to_post_nothing_is_set_aside(self):
        self._statement()
        reader = self._user("t.reader", "accountant", self.grocer_company)
        allowance = self._allowance().with_user(reader)
        with self.assertRaises(UserError):
            allowance.action_post()
