"""The card without a sale: visits are counted, cards are given to customers, once."""

from datetime import timedelta
from uuid import uuid4

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .desk_common import CODE, PASS, DeskCase
from .till_common import CLUB, GIFT, OTHER_CLUB, OTHER_GIFT, STRANGER


@tagged("post_install", "-at_install")
class TestDesk(DeskCase):
    def _check_in(self, number, key=None, till=None, **more):
        key = key or str(uuid4())
        return (till or self.till).ekarte_check_in(key, self.scan(number), **more)

    def _enroll(self, number, customer, key=None, **more):
        key = key or str(uuid4())
        return self.till.ekarte_enroll(key, self.scan(number), customer, **more)

    # Visits

    def test_a_visit_leaves_one_less(self):
        self.sell_pass()
        answer = self._check_in(PASS)
        self.assertEqual(answer["rc"], "00")
        self.assertEqual([row["text"] for row in answer["balances"]], ["1 visits"])
        self.assertEqual(self.balance(PASS, "visits"), 1)

    def test_no_visit_is_left_on_a_used_pass(self):
        self.sell_pass()
        answers = [self._check_in(PASS)["rc"] for _visit in range(3)]
        self.assertEqual(answers, ["00", "00", "51"])

    def test_a_repeat_gets_the_same_answer_and_counts_no_second_visit(self):
        self.sell_pass()
        key = str(uuid4())
        first, second = self._check_in(PASS, key), self._check_in(PASS, key)
        self.assertEqual(first, second)
        self.assertEqual(self.balance(PASS, "visits"), 1)

    def test_what_was_refused_stays_refused_and_a_new_try_does_not(self):
        key = str(uuid4())
        self.assertEqual(self._check_in(PASS, key)["rc"], "78")
        self.sell_pass()
        self.assertEqual(self._check_in(PASS, key)["rc"], "78")
        self.assertEqual(self._check_in(PASS)["rc"], "00")

    def test_the_same_key_for_another_card_is_refused(self):
        self.sell_pass()
        key = str(uuid4())
        self._check_in(PASS, key)
        self.assertEqual(self._check_in(CLUB, key)["rc"], "94")

    def test_a_card_that_nobody_issues_is_unknown(self):
        self.assertEqual(self._check_in(STRANGER)["rc"], "14")

    def test_a_visit_greets_the_holder(self):
        self.sell_pass()
        self._enroll(PASS, self.anna.id)
        self.assertEqual(self._check_in(PASS)["holder"], "Anna Ozola")

    def test_only_cashiers_of_an_open_till_count_visits(self):
        self.sell_pass()
        stranger = self._user("t.nobody", "operator", self.grocer_company)
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base"):
            self._check_in(PASS, till=self.config.with_user(stranger))
        closed = self._make_till("Till closed", self.centre)
        with self.assertRaisesRegex(UserError, "Open the till"):
            self._check_in(PASS, till=closed.with_user(self.cashier))

    def test_a_key_and_an_identifier_have_a_shape(self):
        for key, identifier in (("x", self.scan(PASS)), (str(uuid4()), PASS)):
            with self.assertRaises(UserError):
                self.till.ekarte_check_in(key, identifier)

    # Giving cards

    def test_a_new_card_is_registered_for_a_new_customer(self):
        answer = self._enroll(
            CLUB,
            {"name": "Jānis Bērziņš", "phone": "+371 20000002", "lang": "en_US"},
            consents={"news": True},
        )
        self.assertEqual((answer["rc"], answer["holder"]), ("00", "Jānis Bērziņš"))
        self.assertEqual([one["text"] for one in answer["earned"]], ["+5"])
        holder = self.holder(answer["masked"])
        self.assertEqual(holder.company_id, self.grocer_company)
        card = self.card(answer["masked"])
        self.assertEqual((card.state, card.membership_ids.consents), ("active", "news"))

    def test_a_card_is_given_to_a_customer_that_is_there(self):
        answer = self._enroll(CLUB, self.anna.id)
        self.assertEqual(self.holder(answer["masked"]), self.anna)
        self.assertEqual(answer["partner_id"], self.anna.id)

    def test_a_known_customer_is_found_and_not_made_twice(self):
        before = self.env["res.partner"].search_count([])
        answer = self._enroll(CLUB, {"name": "anna ozola", "phone": "+371 20000001"})
        self.assertEqual(answer["partner_id"], self.anna.id)
        self.assertEqual(self.env["res.partner"].search_count([]), before)

    def test_another_name_at_a_known_number_is_asked_about(self):
        answer = self._enroll(CLUB, {"name": "Pēteris", "phone": "+371 20000001"})
        self.assertEqual(
            (answer["rc"], answer["partner_id"]), ("confirm", self.anna.id)
        )
        self.assertFalse(self.env["res.partner"].search([("name", "=", "Pēteris")]))

    def test_a_repeat_gives_the_card_once(self):
        key = str(uuid4())
        customer = {"name": "Jānis Bērziņš", "email": "janis@example.com"}
        first = self._enroll(CLUB, customer, key)
        self.assertEqual(self._enroll(CLUB, customer, key), first)
        found = self.env["res.partner"].search([("name", "=", "Jānis Bērziņš")])
        self.assertEqual(len(found), 1)
        self.assertEqual(self.balance(CLUB, "points"), 5)

    def test_a_card_of_another_customer_is_not_given_away(self):
        self._enroll(CLUB, self.anna.id)
        answer = self._enroll(CLUB, {"name": "Pēteris"})
        self.assertEqual(answer["rc"], "05")
        self.assertIn("Anna Ozola", answer["message"])
        self.assertEqual(self.holder("998000******0110"), self.anna)

    def test_a_card_that_is_sold_is_put_into_use_with_its_code(self):
        answer = self._enroll(GIFT, self.anna.id, new_code=CODE)
        self.assertEqual(answer["rc"], "00")
        card = self.card(answer["masked"])
        self.assertEqual((card.state, card.has_access_code), ("active", True))

    def test_a_card_in_use_gets_its_first_code_and_keeps_an_older_one(self):
        self.load_gift()
        self.assertEqual(self._enroll(GIFT, self.anna.id, new_code=CODE)["rc"], "00")
        refused = self._enroll(GIFT, self.anna.id, new_code="1357")
        self.assertEqual(refused["rc"], "55")

    def test_a_refusal_leaves_nothing_behind(self):
        self._enroll(CLUB, self.anna.id)
        self._send(self.grocer, "block", CLUB, minutes=60 * 24 * 365, reason="lost")
        partners = self.env["res.partner"].search_count([])
        answer = self._enroll(OTHER_GIFT, {"name": "Pēteris"}, new_code=CODE)
        self.assertEqual(answer["rc"], "00")
        self.assertEqual(self.env["res.partner"].search_count([]), partners + 1)
        # The club card takes no access code.
        answer = self._enroll(OTHER_CLUB, {"name": "Laima"}, new_code=CODE)
        self.assertEqual(answer["rc"], "57")
        self.assertEqual(self.env["res.partner"].search_count([]), partners + 1)
        self.assertEqual(self.card(answer["masked"]).state, "new")

    def test_a_card_that_waits_for_a_purchase_is_not_given_before(self):
        self.club.qualify_amount = 20
        self.network._publish()
        answer = self._enroll(CLUB, {"name": "Laima"})
        self.assertEqual(answer["rc"], "78")
        self.assertIn("20,00", " ".join(answer["explain"]))

    def test_consents_are_those_that_programs_ask_for(self):
        told = self.till.ekarte_enrolment(self.scan(CLUB))
        self.assertEqual(
            told["purposes"], [{"purpose": "news", "programs": ["Program T-NEWS"]}]
        )
        with self.assertRaisesRegex(UserError, "consents"):
            self._enroll(CLUB, self.anna.id, consents={"spam": True})

    def test_the_dialog_learns_what_is_known_of_a_card(self):
        self.assertEqual(self.till.ekarte_enrolment(self.scan(CLUB))["state"], "new")
        purpose = self.env["ekarte.consent.purpose"].create(
            {
                "name": "News",
                "code": "news",
                "issuer_id": self.till.sudo().ekarte_branch_id.issuer_id.id,
                "text": "You may write to me.",
            }
        )
        self._enroll(CLUB, self.anna.id, consents={"news": True})
        kept = self.env["ekarte.consent"].search([("purpose_id", "=", purpose.id)])
        self.assertEqual(
            (kept.partner_id, kept.given_way, kept.text),
            (self.anna, "till", "You may write to me."),
        )
        told = self.till.ekarte_enrolment(self.scan(CLUB))
        self.assertEqual((told["state"], told["holder"]), ("active", "Anna Ozola"))
        self.assertEqual((told["consented"], told["filled"]), (["news"], True))
        self.assertEqual(told["masked"], "998000******0110")

    def test_the_card_of_an_order_is_given_without_its_number(self):
        cart = self.cart((self.bread, 1))
        self.assertTrue(cart.identify(CLUB)["card"]["anonymous"])
        answer = self.till.ekarte_enroll(
            str(uuid4()), {"order_uuid": cart.uuid}, self.anna.id
        )
        self.assertEqual(answer["rc"], "00")
        self.assertEqual(cart.quote()["card"]["holder"], "Anna Ozola")

    def test_no_number_and_no_name_is_kept_with_the_answer(self):
        answer = self._enroll(CLUB, self.anna.id)
        row = self.env["ekarte.desk.operation"].search([], limit=1)
        self.assertNotIn(CLUB, str(row.read()))
        self.assertNotIn("Anna", str(row.answer))
        self.assertEqual(answer["holder"], "Anna Ozola")

    def test_what_is_out_of_shape_is_refused(self):
        for customer in (
            {"name": ""},
            {"name": "x" * 129},
            {"name": "A", "email": "no address"},
            {"name": "A", "lang": "xx_XX"},
            {"name": "A", "credit_limit": "1"},
            True,
        ):
            with self.assertRaises(UserError):
                self._enroll(CLUB, customer)

    def test_old_answers_are_forgotten_and_new_ones_are_not(self):
        self._enroll(CLUB, self.anna.id)
        rows = self.env["ekarte.desk.operation"].search([])
        rows._gc()
        self.assertTrue(rows.exists())
        self.env.cr.execute(
            "UPDATE ekarte_desk_operation SET create_date = %s",
            [fields.Datetime.now() - timedelta(days=91)],
        )
        rows.invalidate_recordset()
        rows._gc()
        self.assertFalse(rows.exists())
