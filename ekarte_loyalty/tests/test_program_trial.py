from datetime import datetime, timezone

from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .common import NOON, NetworkCase

FRIDAY = NOON.replace(hour=13, tzinfo=None)


@tagged("post_install", "-at_install")
class TestProgramTrial(NetworkCase):
    """What a draft would give, before it is started; and drafts ready to be taken."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.issuer = cls._user("t.issuer", "issuer", cls.grocer_company)
        cls.operator = cls._user("t.operator", "operator", cls.grocer_company)

    def _take(self, code):
        template = self.env["ekarte.program.template"].search([("code", "=", code)])
        taken = template.with_user(self.issuer).action_take()
        return self.env["ekarte.program"].browse(taken["res_id"])

    def _try(self, program, **values):
        trial = Form(
            self.env["ekarte.program.trial"]
            .with_user(self.issuer)
            .with_context(default_program_id=program.id)
        )
        trial.moment = FRIDAY
        for name, value in values.items():
            setattr(trial, name, value)
        return trial

    def _state(self):
        operations = self.env["ekarte.operation"].search_count([])
        return operations, self.env["ekarte.card"].search_count([])

    def test_every_template_becomes_a_draft_that_can_be_tried(self):
        before = self._state()
        for template in self.env["ekarte.program.template"].search([]):
            with self.subTest(template=template.code):
                program = self._take(template.code)
                self.assertEqual(program.state, "draft")
                self.assertEqual(program.issuer_id, self.grocer)
                trial = self._try(program)
                self.assertFalse(trial.fault)
                self.assertTrue(trial.approved, trial.message)
        self.assertEqual(self._state(), before)

    def test_taken_twice_it_has_another_code(self):
        first, second = self._take("POINTS"), self._take("POINTS")
        self.assertEqual(first.code, "TGRO-POINTS")
        self.assertEqual(second.code, "TGRO-POINTS-2")

    def test_what_was_bought_before_counts(self):
        program = self._take("GROWING")
        new = self._try(program, amount=100)
        self.assertEqual((new.discount, new.amount_due), (5, 95))
        known = self._try(program, amount=100, spent=200)
        self.assertGreater(known.discount, new.discount)
        self.assertTrue(known.explanation)

    def test_hours_and_weekdays_decide(self):
        program = self._take("HAPPY")
        self.assertEqual(self._try(program, amount=50).discount, 5)
        late = self._try(program, amount=50, moment=FRIDAY.replace(hour=18))
        self.assertEqual(late.discount, 0)

    def test_gift_money_pays_and_points_are_earned(self):
        gift = self._try(self._take("GIFT"), on_card=30, amount=20)
        self.assertEqual((gift.tendered, gift.amount_due), (20, 0))
        self.assertIn("10", gift.balances)
        self.assertEqual(self._try(self._take("POINTS"), amount=27).points, 5)

    def test_programs_of_the_card_type_have_their_say(self):
        program = self._take("POINTS")
        alone = self._try(program, amount=40)
        self.assertEqual(alone.discount, 0)
        beside = self._try(program, amount=40, card_type_id=self.club)
        self.assertEqual(beside.discount, 2)

    def test_what_is_missing_is_said_instead(self):
        empty = self._program("T-EMPTY", self.grocer, "fixed_discount", state="draft")
        trial = self._try(empty)
        self.assertTrue(trial.fault)
        self.assertFalse(trial.approved)

    def test_an_operator_neither_takes_nor_tries(self):
        templates = self.env["ekarte.program.template"].with_user(self.operator)
        with self.assertRaises(AccessError):
            templates.search([], limit=1).action_take()
        with self.assertRaises(AccessError):
            self.env["ekarte.program.trial"].with_user(self.operator).create(
                {"program_id": self.bonus.id, "branch_id": self.centre.id}
            )

    def test_what_is_anothers_is_not_tried(self):
        theirs = self._program(
            "T-FNEW", self.fuel, "fixed_discount", state="draft", rate=10
        )
        own = {
            "program_id": self.bonus.id,
            "branch_id": self.centre.id,
            "card_type_id": self.club.id,
        }
        trials = self.env["ekarte.program.trial"].with_user(self.issuer)
        for change in (
            {"program_id": theirs.id},
            {"branch_id": self.station.id},
            {"card_type_id": self.fuel_club.id},
        ):
            with self.subTest(change):
                with self.assertRaises(AccessError):
                    trials.create({**own, **change}).read(["explanation", "fault"])
                with self.assertRaises(AccessError):
                    trials.onchange(
                        {**own, **change}, list(change), {"explanation": {}}
                    )
        self.assertTrue(trials.create(own).approved)
        shown = trials.onchange(own, ["program_id"], {"approved": {}})
        self.assertTrue(shown["value"]["approved"])

    # What it would have cost

    def test_a_replay_tells_what_the_draft_would_have_given_at_own_branches(self):
        self._trade()
        program = self._program(
            "T-TEN", self.grocer, "fixed_discount", state="draft", rate=10
        )
        self.club.program_ids |= program
        before = self._state()
        replays = self.env["ekarte.program.replay"].with_user(self.issuer)
        days = (datetime.now(timezone.utc) - NOON).days + 2
        found = replays.create({"program_id": program.id, "days": days})
        self.assertEqual(found.state, "done")
        self.assertEqual(self._state(), before)
        # Of four operations two are the grocer's; one was a purchase of 17.50 with 5 %.
        self.assertEqual((found.operations, found.differing), (2, 1))
        self.assertEqual((found.discount_was, found.discount), (0.88, 1.75))
        stranger = self._user("t.fuel", "issuer", self.fuel_company)
        self.assertFalse(replays.with_user(stranger).search([]))
        with self.assertRaises(AccessError):
            replays.with_user(stranger).create({"program_id": program.id})

    def test_a_replay_of_what_cannot_run_says_why(self):
        empty = self._program("T-EMPTY", self.grocer, "fixed_discount", state="draft")
        found = self.env["ekarte.program.replay"].create({"program_id": empty.id})
        self.assertEqual(found.state, "failed")
        self.assertTrue(found.fault)
