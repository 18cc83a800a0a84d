"""Forget me: the person goes, the amounts stay, and the books agree as before."""

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ekarte_core import Tender, seal

from .common import CLUB_CARD, NOON
from .credit_common import TAB_CARD, CreditCase

VALUE = """
SELECT
    (SELECT array_agg(e::text ORDER BY e::text) FROM ekarte.entry AS e)::text,
    (SELECT array_agg(p::text ORDER BY p::text) FROM ekarte.purse AS p)::text,
    (SELECT array_agg(l::text ORDER BY l::text) FROM ekarte.lot AS l)::text
"""


@tagged("post_install", "-at_install")
class TestErasing(CreditCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._trade()
        cls._send(cls.fuel, "sale", CLUB_CARD, 2000, minutes=20)
        cls.anna, cls.hers_too = cls.env["res.partner"].create(
            [
                {
                    "name": "Anna Ozola",
                    "phone": "+371 20000001",
                    "email": "anna@example.com",
                    "street": "Dzirnavu iela 1",
                    "company_id": company.id,
                }
                for company in (cls.grocer_company, cls.fuel_company)
            ]
        )
        cls.card = cls.env["ekarte.card"].search(
            [("last4", "=", CLUB_CARD[-4:]), ("number", "=like", "9980%")]
        )
        cls.holders = cls.env["ekarte.holder"]
        cls.theirs = cls.holders._give(cls.card.id, cls.fuel, cls.hers_too)
        cls.holders._give(cls.card.id, cls.grocer, cls.anna)
        asked = cls.env["ekarte.questionnaire"].create(
            {
                "name": "Of you",
                "issuer_id": cls.grocer.id,
                "field_ids": [
                    Command.create({"name": "Born", "special": "birthday"}),
                    Command.create({"name": "Words"}),
                ],
            }
        )
        asked.action_open()
        cls.env["ekarte.consent.purpose"].create(
            {
                "name": "News",
                "code": "news",
                "issuer_id": cls.grocer.id,
                "text": "You may write to me.",
            }
        )
        born, words = asked.field_ids.ids
        cls.answer, _problems = cls.env["ekarte.questionnaire.answer"]._answer(
            asked, cls.anna, {born: "1980-02-29", words: "secret"}, card=cls.card
        )
        cls.env["ekarte.consent"]._set(cls.grocer, cls.anna, {"news": True})
        cls.issuer = cls._user("t.issuer", "issuer", cls.grocer_company)

    def _erase(self, user=None, partner=None):
        dialog = self.env["ekarte.customer.erase"].with_user(user or self.issuer)
        return dialog.create(
            {"partner_id": (partner or self.anna).id, "issuer_id": self.grocer.id}
        ).action_erase()

    def _value(self):
        self.env.flush_all()
        self.env.cr.execute(VALUE)
        return self.env.cr.fetchone()

    def _reconciled(self):
        rows = self.env["ekarte.settlement"].sudo()._reconciliation()
        mine = (False, self.grocer_company.id, self.fuel_company.id)
        return [row for row in rows if row["company_id"] in mine]

    def test_the_person_goes(self):
        self._erase()
        self.env.invalidate_all()
        contact = self.anna.with_company(self.grocer_company)
        told = contact.read(["name", "phone", "email", "street", "ekarte_birthday"])
        self.assertNotIn("Ozola", str(told))
        for trace in ("20000001", "anna@", "Dzirnavu", "1980"):
            self.assertNotIn(trace, str(told))
        self.assertFalse(contact.active)
        self.assertFalse(contact.message_ids)
        self.assertFalse(self.answer.line_ids)
        self.assertFalse(self.answer.partner_id)
        consent = self.env["ekarte.consent"].search(
            [("issuer_id", "=", self.grocer.id)]
        )
        self.assertTrue(consent.withdrawn_at)
        self.assertFalse(consent.partner_id)
        self.assertEqual(consent.text, "You may write to me.")
        self.assertFalse(self.holders._of(self.card.ids, self.grocer))

    def test_no_amount_changes_and_the_books_agree_as_before(self):
        self._book()
        seal(self.env.cr, NOON)
        value, reconciled = self._value(), self._reconciled()
        self.assertEqual(
            {row["ok"] for row in reconciled if row["check"] == "V15"}, {True}
        )
        self._erase()
        self.assertEqual(self._value(), value)
        self.assertEqual(self._reconciled(), reconciled)
        # The consent has ended in the ledger; what was sealed before is whole.
        seal(self.env.cr, NOON)
        self.assertEqual(self._reconciled(), reconciled)
        self.env.invalidate_all()
        grocer = self.card.membership_ids.filtered(
            lambda one: one.issuer_id == self.grocer
        )
        self.assertFalse(grocer.consents)

    def test_another_issuer_keeps_what_it_knows(self):
        self._erase()
        self.assertEqual(self.theirs.partner_id, self.hers_too)
        self.assertEqual(self.hers_too.name, "Anna Ozola")
        self.assertTrue(self.hers_too.active)

    def test_addresses_of_the_person_go_and_people_of_their_own_stay(self):
        address, colleague, courier = self.env["res.partner"].create(
            [
                {
                    "parent_id": self.anna.id,
                    "company_id": self.grocer_company.id,
                    "street": "Brivibas iela 2",
                    **values,
                }
                for values in (
                    {"type": "delivery", "phone": "+371 20000002"},
                    {"type": "contact", "name": "Dora Liepa", "phone": "+371 2000"},
                    {"type": "other", "name": "Karlis", "email": "karlis@example.com"},
                )
            ]
        )
        said = colleague.message_post(body="Called Dora.")
        self._erase()
        self.env.invalidate_all()
        self.assertEqual((address.street, address.phone), (False, False))
        self.assertFalse(address.active)
        self.assertEqual((colleague.name, colleague.phone), ("Dora Liepa", "+371 2000"))
        self.assertTrue(colleague.active and said.exists())
        self.assertEqual(courier.email, "karlis@example.com")
        self.assertTrue(courier.active)
        self.assertNotIn("Ozola", str((colleague | courier).mapped("display_name")))

    def test_a_shared_contact_stays_and_only_the_cards_forget_it(self):
        self.anna.company_id = False
        told = self._erase()
        self.assertIn("Other companies", told["params"]["message"])
        self.assertEqual(self.anna.name, "Anna Ozola")
        self.assertFalse(self.holders._of(self.card.ids, self.grocer))
        self.assertFalse(self.answer.line_ids)

    def _owe(self):
        self._send(self.grocer, "activate", TAB_CARD, minutes=30)
        self._send(
            self.grocer, "sale", TAB_CARD, 500, tender=Tender(credit=500), minutes=31
        )
        tab = self._card(TAB_CARD)
        self.holders._give(tab.id, self.grocer, self.anna)

    def test_who_owes_is_not_forgotten_before_it_is_paid(self):
        self._owe()
        with self.assertRaises(UserError):
            self._erase()
        self.assertEqual(self.anna.name, "Anna Ozola")

    def test_on_own_pages_the_issuer_forgets_the_same_and_the_contact_stays(self):
        self._user_of_anna()
        archived = self.holders.search([("partner_id", "=", self.anna.id)])
        archived.active = False
        subscriber = self.env["ekarte.subscriber"].sudo()
        self.assertEqual(subscriber._forget(self.grocer, self.anna), "")
        anna = self.anna.with_company(self.grocer_company)
        self.assertFalse(anna.ekarte_birthday)
        self.assertEqual((anna.name, anna.active), ("Anna Ozola", True))
        self.assertFalse(archived.exists())
        self.assertFalse(self.answer.line_ids)

    def test_on_own_pages_who_owes_is_told_to_pay_first(self):
        self._owe()
        told = self.env["ekarte.subscriber"].sudo()._forget(self.grocer, self.anna)
        self.assertIn("still owes", told)
        self.assertTrue(self.answer.line_ids)

    def _user_of_anna(self):
        self.env["res.users"].create(
            {
                "login": "t.anna",
                "partner_id": self.anna.id,
                "company_id": self.grocer_company.id,
                "company_ids": self.grocer_company.ids,
                "group_ids": [Command.set(self.env.ref("base.group_portal").ids)],
            }
        )

    def test_only_the_issuer_itself_forgets(self):
        operator = self._user("t.operator", "operator", self.grocer_company)
        fuel = self._user("t.fuel", "issuer", self.fuel_company)
        for user in (operator, fuel):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self._erase(user)
        with self.assertRaises(UserError):
            self._erase(partner=self.env.user.partner_id)
        self.assertEqual(self.anna.name, "Anna Ozola")
