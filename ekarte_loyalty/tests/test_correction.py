from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from .common import CLUB_CARD, FUEL_CARD
from .credit_common import CreditCase


@tagged("post_install", "-at_install")
class TestCorrection(CreditCase):
    """Value put right by hand: on the card and in the books, by two over a limit."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._send(cls.grocer, "sale", CLUB_CARD, 1750)
        cls._send(cls.fuel, "sale", FUEL_CARD, 4500)
        cls.chief = cls._user("t.chief", "issuer", cls.grocer_company)
        cls.stranger = cls._bookkeeper("t.fuel.books", cls.fuel_company)
        cls.operator = cls._user("t.operator", "operator", cls.grocer_company)
        cls.grocer.write({"correction_limit": 10, "correction_limit_points": 20})

    def setUp(self):
        super().setUp()
        self.card = self._card(CLUB_CARD)

    def _correction(self, user=None, **values):
        user = user or self.accountant
        corrections = self.env["ekarte.correction"].with_user(user)
        return corrections.with_company(user.company_id).create(
            {
                "card_id": self.card.id,
                "program_id": self.bonus.id,
                "points": 5,
                "reason": "slip 1184 not counted",
                **values,
            }
        )

    def _asked(self, **values):
        correction = self._correction(**values)
        correction.action_request()
        return correction

    def _held(self, measure="points"):
        self.env.invalidate_all()
        purses = self.card.purse_ids.filtered(lambda purse: purse.measure == measure)
        return round(
            sum(purses.mapped("balance")) * (1 if measure == "points" else 100)
        )

    def test_within_the_limit_one_person_corrects_and_the_books_agree(self):
        correction = self._asked()
        self.assertEqual((correction.state, self._held()), ("done", 8))
        self.assertEqual(
            (correction.requested_by_id, correction.approved_by_id.ids),
            (self.accountant, []),
        )
        operation = self.env["ekarte.operation"].search(
            correction.action_open_operation()["domain"]
        )
        self.assertEqual(operation.command, "put_on")
        self.assertEqual(operation.reference, "slip 1184 not counted")
        self._asked(direction="take_off", points=3)
        self.assertEqual(self._held(), 5)
        told = self.card.history_ids[:2]
        self.assertEqual(told.mapped("command"), ["take_off", "put_on"])
        self.assertRegex(told[0].explanation, r"Program T-BON: .*\b3\b")
        self._settle()

    def test_over_the_limit_another_person_approves(self):
        correction = self._asked(points=21, direction="put_on")
        self.assertEqual((correction.state, self._held()), ("approve", 3))
        correction.with_user(self.chief).action_approve()
        self.assertEqual(correction.state, "done")
        self.assertEqual(correction.approved_by_id, self.chief)
        # 3 + 21: twice ten became money.
        self.assertEqual((self._held(), self._held("money")), (4, 200))

    def test_who_asked_does_not_approve(self):
        correction = self._asked(points=21)
        self.assertFalse(correction.may_approve)
        with self.assertRaisesRegex(AccessError, "Another person"):
            correction.action_approve()
        with self.assertRaisesRegex(AccessError, "Another person"):
            correction._refuse("no")
        self.assertEqual(self._held(), 3)
        self.assertTrue(correction.with_user(self.chief).may_approve)

    def test_another_person_refuses_with_a_reason_and_nothing_is_booked(self):
        correction = self._asked(points=21)
        action = correction.with_user(self.chief).action_refuse()
        dialog = self.env["ekarte.correction.refuse"].with_user(self.chief)
        dialog = dialog.with_context(**action["context"]).create({"why": "no slip"})
        dialog.action_refuse()
        self.assertEqual((correction.state, correction.refusal), ("refused", "no slip"))
        with self.assertRaisesRegex(UserError, "meanwhile"):
            correction.with_user(self.chief).action_approve()
        self.assertEqual(self._held(), 3)

    def test_parts_of_a_large_correction_count_together(self):
        for _part in range(2):
            self.assertEqual(self._asked(points=10).state, "done")
        self.assertEqual(self._asked(points=1).state, "approve")

    def test_who_corrects_does_not_say_how_much_one_may_alone(self):
        mine = self.grocer.with_user(self.chief)
        for name in ("correction_limit", "correction_limit_points"):
            with (
                self.subTest(name),
                self.assertRaisesRegex(AccessError, "administrator"),
            ):
                mine.write({name: 1000})
        mine.slip_header = "Welcome"
        form = Form(mine)
        with self.assertRaisesRegex(AssertionError, "readonly"):
            form.correction_limit = 1000
        self.assertEqual(self._asked(points=21).state, "approve")

    def test_an_administrator_says_how_much_and_it_is_noted(self):
        admin = self._user("t.admin", "administrator", self.grocer_company)
        theirs = self.grocer.with_user(admin).with_context(tracking_disable=False)
        self.env.cr.flush()
        with Form(theirs) as form:
            form.correction_limit = 12
            form.correction_limit_points = 30
        self.env.cr.flush()
        self.assertEqual(self._asked(points=21).state, "done")
        noted = theirs.message_ids[:1]
        self.assertEqual(noted.author_id, admin.partner_id)
        changed = noted.sudo().tracking_value_ids
        self.assertEqual(
            set(changed.field_id.mapped("name")),
            {"correction_limit", "correction_limit_points"},
        )
        self.assertEqual(set(changed.mapped("old_value_integer")) & {20}, {20})

    def test_what_was_asked_for_is_not_changed_and_not_done_twice(self):
        waiting = self._asked(points=21)
        with self.assertRaisesRegex(UserError, "Only a draft"):
            waiting.points = 5
        with self.assertRaisesRegex(UserError, "is kept"):
            waiting.unlink()
        done = self._asked()
        with self.assertRaisesRegex(UserError, "meanwhile"):
            done.action_request()
        self._correction().unlink()

    def test_who_asked_and_the_state_are_not_for_people_to_write(self):
        correction = self._correction()
        for name, value in (
            ("state", "done"),
            ("approved_by_id", self.chief.id),
            ("requested_by_id", self.chief.id),
            ("number", 7),
        ):
            with self.assertRaises(AccessError):
                correction.write({name: value})
            with self.assertRaises(AccessError):
                self._correction(**{name: value})
        correction.points = 6

    def test_no_more_is_taken_off_than_is_there(self):
        correction = self._correction(direction="take_off", points=4)
        with self.assertRaisesRegex(UserError, "Refused"):
            correction.action_request()
        self._asked(direction="take_off", points=3)
        self.assertEqual(self._held(), 0)

    def test_money_and_sums_are_corrected_like_points(self):
        self._asked(measure="money", points=0, amount=2.5)
        self.assertEqual(self._held("money"), 250)
        sums = self._asked(program_id=self.discount.id, points=0, amount=10)
        self.assertEqual((sums.measure, sums.state), ("turnover", "done"))
        self.assertEqual(self._held("turnover"), 2662)
        self._settle()

    def test_a_program_is_of_the_own_issuer_and_keeps_what_is_corrected(self):
        with self.assertRaisesRegex(ValidationError, "own issuer"):
            self._correction(program_id=self.fuel_bonus.id)
        with self.assertRaisesRegex(ValidationError, "nothing of this kind"):
            self._correction(program_id=self.discount.id, measure="points")
        with self.assertRaisesRegex(ValidationError, "above zero"):
            self._correction(points=0)
        self.assertEqual(self._correction().measure, "points")

    def test_a_stranger_sees_no_correction_and_corrects_no_card(self):
        correction = self._asked(points=21)
        self.assertTrue(correction.with_user(self.chief).has_access("read"))
        corrections = self.env["ekarte.correction"].with_user(self.stranger)
        theirs = corrections.browse(correction.id)
        self.assertFalse(theirs.has_access("read"))
        with self.assertRaises(AccessError):
            theirs.action_approve()
        foreign = self._correction(
            user=self.stranger, program_id=self.fuel_bonus.id, points=1
        )
        self.card = self._card(CLUB_CARD)
        fuel_only = self.env["ekarte.card"].search([("number", "=like", "998000%0017")])
        mine = self._correction(card_id=fuel_only.id)
        with self.assertRaises(AccessError):
            mine.action_request()
        self.assertEqual(foreign.issuer_id, self.fuel)

    def test_an_operator_corrects_nothing(self):
        with self.assertRaises(AccessError):
            self._correction(user=self.operator)
        self.assertEqual(self._correction(user=self.chief).state, "draft")
