"""Clearing statements go out by e-mail once each; who is late is reminded once."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .clearing_common import ClearingCase


@tagged("post_install", "-at_install")
class TestClearingMail(ClearingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.books_partner.email = "books@example.com"
        cls.grocer.partner_id.email = "grocer@example.com"
        cls.fuel.partner_id.email = "fuel@example.com"
        cls.statements = cls.env["ekarte.clearing.statement"]

    def test_sent_cycle_is_mailed_to_each_member_with_both_files(self):
        self.trade()
        cycle = self.sent()
        self.mail_all(cycle)
        for statement in cycle.statement_ids:
            (letter,) = self.letters(statement)
            self.assertEqual(letter.partner_ids, statement.partner_id)
            self.assertEqual(letter.attachment_ids, statement._files())
            self.assertIn(statement.name, letter.subject)
            self.assertIn(statement.access_token, letter.body)
            self.assertTrue(statement.mailed_at)
            mail = self.env["mail.mail"].search([("mail_message_id", "=", letter.id)])
            self.assertIn("<b>SIA Tests Union</b>", mail.body_html)

    def test_letter_goes_out_once_however_often_it_is_tried(self):
        self.trade()
        cycle = self.sent()
        self.mail_all(cycle)
        self.mail_all(cycle)
        statement = self.statement(cycle, "TBOOKS")
        statement._email_once()
        self.assertEqual(len(self.letters(statement)), 1)
        self.assertEqual(len(self.files(statement)), 2)

    def test_draft_is_not_mailed(self):
        self.trade()
        statement = self.statement(self.collected(), "TBOOKS")
        self.assertNotIn(statement, self.waiting())
        statement.cycle_id.action_send()
        self.assertIn(statement, self.waiting())

    def test_without_an_address_the_statement_says_so_and_goes_when_it_has_one(self):
        self.books_partner.email = False
        self.trade()
        statement = self.statement(self.sent(), "TBOOKS")
        statement._email_once()
        self.assertIn("no e-mail address", statement.mail_problem)
        self.assertEqual(len(statement.activity_ids), 1)
        self.assertFalse(self.letters(statement))
        self.assertNotIn(statement, self.waiting())
        self.books_partner.email = "books@example.com"
        statement.action_email_again()
        self.assertIn(statement, self.waiting())
        statement._email_once()
        self.assertEqual(len(self.letters(statement)), 1)

    def test_letter_goes_to_the_address_for_invoices(self):
        office = self.env["res.partner"].create(
            {
                "name": "Accounts",
                "type": "invoice",
                "email": "accounts@example.com",
                "parent_id": self.books_partner.id,
            }
        )
        self.trade()
        statement = self.statement(self.sent(), "TBOOKS")
        statement._email_once()
        self.assertEqual(self.letters(statement).partner_ids, office)

    def test_letter_is_looked_at_before_and_sent_from_the_preview(self):
        self.trade()
        statement = self.statement(self.sent(), "TBOOKS")
        action = statement.action_email()
        preview = (
            self.env["mail.compose.message"]
            .with_context(**action["context"])
            .create({})
        )
        self.assertEqual(preview.attachment_ids, statement._files())
        self.assertIn(statement.name, preview.subject)
        self.assertIn("receive", preview.body)
        preview.action_send_mail()
        self.assertTrue(statement.mailed_at)
        self.assertEqual(len(self.letters(statement)), 1)
        self.assertNotIn(statement, self.waiting())

    def test_letter_is_in_the_language_of_its_reader(self):
        self.env["res.lang"]._activate_lang("lv_LV")
        template = self.env.ref("ekarte_loyalty.ekarte_clearing_mail_statement")
        template.with_context(lang="lv_LV").subject = "Norēķini {{ object.name }}"
        self.books_partner.lang = "lv_LV"
        self.trade()
        cycle = self.sent()
        self.mail_all(cycle)
        latvian = self.letters(self.statement(cycle, "TBOOKS"))
        self.assertIn("Norēķini", latvian.subject)
        english = self.letters(self.statement(cycle, "TFUEL"))
        self.assertIn("clearing statement", english.subject)

    def test_withdrawn_and_sent_again_is_mailed_again(self):
        self.trade()
        cycle = self.sent()
        self.mail_all(cycle)
        cycle.action_withdraw()
        self.assertNotIn(cycle.statement_ids, self.waiting())
        cycle.action_send()
        self.mail_all(cycle)
        self.assertEqual(len(self.letters(self.statement(cycle, "TBOOKS"))), 2)

    # Late payments

    def test_late_debtor_is_reminded_once_and_staff_is_told(self):
        self.trade()
        cycle = self.posted()
        grocer = self.statement(cycle, "TGROCER")
        cycle.statement_ids.due_date = fields.Date.today() - timedelta(days=1)
        self.assertIn(grocer, self.late())
        for statement in cycle.statement_ids:
            statement._remind_once()
            statement._remind_once()
        self.assertEqual(len(self.letters(grocer)), 1)
        self.assertIn("late", self.letters(grocer).subject)
        self.assertEqual(len(grocer.activity_ids), 1)
        self.assertNotIn(grocer, self.late())
        creditor = self.statement(cycle, "TFUEL")
        self.assertFalse(self.letters(creditor))
        self.assertEqual(len(creditor.activity_ids), 1)

    def test_who_is_not_late_is_not_reminded(self):
        self.trade()
        cycle = self.posted()
        self.assertFalse(cycle.statement_ids & self.late())

    # Helpers

    def mail_all(self, cycle):
        for statement in cycle.statement_ids:
            statement._email_once()

    def letters(self, statement):
        return statement.message_ids.filtered(
            lambda message: message.message_type == "comment"
        )

    def files(self, statement):
        return self.env["ir.attachment"].search(
            [("res_model", "=", statement._name), ("res_id", "=", statement.id)]
        )

    def waiting(self):
        return self.statements.search(self.statements._waiting_domain())

    def late(self):
        return self.statements.search(self.statements._late_domain())
