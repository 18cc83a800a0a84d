"""The operator's desk: what it may do, and that it does no more."""

from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged

from .common import CLUB_CARD, FUEL_CARD, GIFT_CARD, OTHER_CLUB_CARD, NetworkCase

FOREIGN_RANGE = "9990009000000019"


@tagged("post_install", "-at_install")
class TestServiceDesk(NetworkCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bonus.questionnaire_points = 5
        cls._trade()
        cls.operator = cls._user("t.operator", "operator", cls.grocer_company)
        cls.fuel_operator = cls._user("t.fuel.operator", "operator", cls.fuel_company)
        cls.accountant = cls._user("t.accountant", "accountant", cls.grocer_company)
        cls.anna = cls.env["res.partner"].create(
            {
                "name": "Anna Ozola",
                "phone": "+371 20000001",
                "email": "anna@example.com",
                "company_id": cls.grocer_company.id,
            }
        )
        cls.card = cls.env["ekarte.card"].search(
            [("last4", "=", CLUB_CARD[-4:]), ("number", "=like", "9980%")]
        )
        choices = [Command.create({"name": name}) for name in ("Nurse", "Teacher")]
        questions = [
            {"name": "Birthday", "special": "birthday", "required": True},
            {
                "name": "Work",
                "special": "profession",
                "kind": "choice",
                "choice_ids": choices,
            },
            {"name": "Driver", "kind": "yes_no"},
        ]
        cls.asked = cls.env["ekarte.questionnaire"].create(
            {
                "name": "About you",
                "issuer_id": cls.grocer.id,
                "intro": "Five points for your answers.",
                "field_ids": [Command.create(question) for question in questions],
            }
        )
        cls.asked.action_open()
        cls.env["ekarte.consent.purpose"].create(
            {
                "name": "News",
                "code": "news",
                "issuer_id": cls.grocer.id,
                "text": "You may write to me.",
            }
        )
        cls.desk = cls.env["ekarte.service.desk"].with_user(cls.operator)
        cls.fuel_desk = cls.env["ekarte.service.desk"].with_user(cls.fuel_operator)

    def _give(self):
        self.env["ekarte.holder"]._give(self.card.id, self.grocer, self.anna)

    # Finding

    def test_a_card_with_money_is_shown_to_who_may_not_see_programs(self):
        gift = self.desk.find(GIFT_CARD)["card"]
        (row,) = self.desk.show(gift)["card"]["balances"]
        self.assertIn("18", row["text"])
        card = self.env["ekarte.card"].with_user(self.operator).browse(gift)
        self.assertTrue(card.has_gift_money)
        with self.assertRaises(AccessError):
            card.purse_ids.program_id.read(["kind"])

    def test_customers_of_the_company_and_holders_of_a_card_are_found_together(self):
        bearer = self.env["res.partner"].create({"name": "Anna Abola"})
        self.assertEqual(len(self.desk.find("anna")["customers"]), 1)
        self.env["ekarte.holder"]._give(self.card.id, self.grocer, bearer)
        found = [one["name"] for one in self.desk.find("anna")["customers"]]
        self.assertEqual(found, ["Anna Abola", "Anna Ozola"])
        self.assertEqual(self.fuel_desk.find("anna")["customers"], [])
        cards = self.env["ekarte.card"].with_user(self.operator)
        self.assertEqual(cards.search([("holder_ids", "ilike", "abol")]), self.card)
        self.assertFalse(cards.search([("holder_ids", "ilike", "ozola")]))

    def test_a_card_is_found_by_its_number_and_a_customer_by_what_is_known(self):
        self.assertEqual(self.desk.find(CLUB_CARD), {"card": self.card.id})
        self.assertEqual(self.desk.find("9980 0010 0000 0011"), {"card": self.card.id})
        for text in ("ozola", "anna@example.com", "+371 20000001", "20000001"):
            with self.subTest(text=text):
                (found,) = self.desk.find(text)["customers"]
                self.assertEqual(found["id"], self.anna.id)
        self.assertEqual(self.desk.find("oz")["customers"], [])

    def test_cards_and_customers_of_others_are_not_found(self):
        self.assertTrue(self.desk.find(FUEL_CARD)["unknown"])
        self.assertEqual(self.fuel_desk.find("ozola"), {"customers": []})
        fuel_card = self.env["ekarte.card"].search(
            [("last4", "=", FUEL_CARD[-4:]), ("number", "=like", "9980%")]
        )
        with self.assertRaises(AccessError):
            self.desk.show(card_id=fuel_card.id)
        with self.assertRaises(AccessError):
            self.fuel_desk.show(partner_id=self.anna.id)
        with self.assertRaises(AccessError):
            self.desk.show(partner_id=self.fuel_company.partner_id.id)

    def test_the_desk_shows_the_card_and_its_holder(self):
        self.assertFalse(self.desk.show(card_id=self.card.id)["customer"])
        self._give()
        shown = self.desk.show(card_id=self.card.id)
        self.assertEqual(shown["customer"]["name"], "Anna Ozola")
        self.assertEqual(shown["card"]["number"], "998000******0011")
        self.assertEqual(
            [field["label"] for field in shown["questionnaire"]["fields"]],
            ["Birthday", "Work", "Driver"],
        )
        # The other issuer sees its own side of the same card, and no name.
        self._send(self.fuel, "sale", CLUB_CARD, 2000, minutes=30)
        theirs = self.fuel_desk.show(card_id=self.card.id)
        self.assertFalse(theirs["customer"])
        self.assertNotIn("T-BON", str(theirs["card"]["balances"]))

    # Registering and giving

    def test_a_known_customer_is_not_registered_twice_by_mistake(self):
        same = {"name": "A. Ozola", "email": "ANNA@example.com"}
        (known,) = self.desk.register(same)["known"]
        self.assertEqual(known["id"], self.anna.id)
        new = self.env["res.partner"].browse(self.desk.register(same, True)["id"])
        self.assertEqual(new.company_id, self.grocer_company)
        self.assertNotEqual(new, self.anna)
        # Another issuer does not learn that she is a customer elsewhere.
        self.assertTrue(self.fuel_desk.register(same)["id"])

    def test_what_is_no_customer_is_refused(self):
        for customer in (
            {"name": " "},
            {"name": "X", "email": "nobody"},
            {"name": "x" * 129},
        ):
            with self.subTest(customer=customer), self.assertRaises(UserError):
                self.desk.register(customer)

    def test_a_card_that_nobody_has_is_given_and_registered(self):
        given = self.desk.hand_out(self.anna.id, OTHER_CLUB_CARD)
        card = self.env["ekarte.card"].browse(given["card"])
        self.assertEqual(card.state, "active")
        self.assertEqual(card.with_user(self.operator).holder_names, "Anna Ozola")
        # That is no questionnaire: its points are still to come.
        self.assertFalse(card.purse_ids.filtered("points"))

    def test_the_card_of_another_customer_is_not_given_away(self):
        self._give()
        janis = self.desk.register({"name": "Jānis"})["id"]
        with self.assertRaises(UserError):
            self.desk.hand_out(janis, CLUB_CARD)
        with self.assertRaises(UserError):
            self.desk.hand_out(self.anna.id, FOREIGN_RANGE)
        with self.assertRaises(AccessError):
            self.fuel_desk.hand_out(self.anna.id, FUEL_CARD)

    # Answers and consents

    def test_the_desk_keeps_answers_and_consents(self):
        self._give()
        birthday = self.asked.field_ids[0].id
        said = self.desk.answer(self.anna.id, {}, self.card.id)
        self.assertEqual(list(said["problems"]), [str(birthday)])
        said = self.desk.answer(self.anna.id, {birthday: "1980-02-29"}, self.card.id)
        self.assertIn("+5", said["effects"][0])
        said = self.desk.consent(self.anna.id, {"news": True})
        self.assertEqual(said["problem"], "")
        self.assertEqual([one["given"] for one in said["consents"]], [True])
        kept = self.env["ekarte.consent"].search([("partner_id", "=", self.anna.id)])
        self.assertEqual((kept.given_way, kept.given_by), ("desk", self.operator))
        with self.assertRaises(AccessError):
            self.fuel_desk.consent(self.anna.id, {})

    def test_a_consent_ends_though_another_one_beside_it_is_refused(self):
        self.env["ekarte.consent.purpose"].create(
            {
                "name": "Study",
                "code": "study",
                "issuer_id": self.grocer.id,
                "text": "You may count what I buy.",
            }
        )
        self._give()
        self.desk.consent(self.anna.id, {"news": True})
        programs = self.bonus | self.discount | self.gift
        programs.valid_to = fields.Datetime.now() - timedelta(days=7)
        self.env.cr.flush()
        said = self.desk.consent(self.anna.id, {"study": True, "news": False})
        self.assertIn("Refused:", said["problem"])
        self.assertEqual([one["given"] for one in said["consents"]], [False, False])
        kept = self.env["ekarte.consent"].search([("partner_id", "=", self.anna.id)])
        self.assertEqual((len(kept), kept.withdrawn_way), (1, "desk"))

    # Who may

    def test_only_operators_work_at_the_desk(self):
        desk = self.env["ekarte.service.desk"].with_user(self.accountant)
        for call in (
            desk.start,
            lambda: desk.find("ozola"),
            lambda: desk.show(card_id=self.card.id),
            lambda: desk.register({"name": "X"}),
            lambda: desk.hand_out(self.anna.id, OTHER_CLUB_CARD),
            lambda: desk.answer(self.anna.id, {}),
            lambda: desk.consent(self.anna.id, {}),
            lambda: desk.payment(self.card.id),
            lambda: desk.pay(self.card.id, 1, "1", 1),
        ):
            with self.assertRaises(AccessError):
                call()
        self.assertEqual(self.desk.start()["issuer"], self.grocer.name)

    def test_an_operators_menus_are_the_desk_cards_and_customers(self):
        menus = self.env["ir.ui.menu"].with_user(self.operator)
        visible = menus.browse(menus._visible_menu_ids())
        top = self.env.ref("ekarte_loyalty.ekarte_loyalty_menu")
        self.assertIn(self.env.ref("ekarte_loyalty.ekarte_service_desk_menu"), visible)
        hidden = ("ekarte_issuer_menu", "ekarte_programs_menu")
        for name in (*hidden, "ekarte_configuration_menu", "ekarte_questionnaire_menu"):
            self.assertNotIn(self.env.ref(f"ekarte_loyalty.{name}"), visible)
        self.assertIn(top, visible)

    def test_an_operator_serves_a_customer_on_a_phone(self):
        self.browser_size, self.touch_enabled = "390x844", True
        self.test_an_operator_serves_a_customer_by_keyboard()

    def test_an_operator_serves_a_customer_by_keyboard(self):
        self.start_tour("/odoo/ekarte-desk", "ekarte_desk_tour", login="t.operator")
        self.env.invalidate_all()
        (marta,) = self.env["res.partner"].search([("name", "=", "Marta Liepa")])
        answer = self.env["ekarte.questionnaire.answer"]._of(self.grocer, marta)
        self.assertEqual(answer.card_id.last4, OTHER_CLUB_CARD[-4:])
        self.assertTrue(self.env["ekarte.consent"]._in_force(self.grocer, marta))
