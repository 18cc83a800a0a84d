"""Questionnaires and consents: checked by kind, kept by version, effects once."""

from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import CLUB_CARD, GIFT_CARD, OTHER_CLUB_CARD, NetworkCase

BAD = {
    "name": ["x" * 41, 7],
    "children": ["two", "-1", "21", "1.5", True],
    "birthday": ["soon", "1899-12-31", "2999-01-01"],
    "work": ["0", "nurse", ["1"]],
    "likes": ["everything", ["0"]],
    "driver": ["maybe", 2],
    "email": ["nobody", "a@"],
    "phone": ["12"],
    "lang": ["xx_XX"],
}


@tagged("post_install", "-at_install")
class TestQuestionnaire(NetworkCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bonus.questionnaire_points = 5
        cls.discount.questionnaire_rate = 2
        cls._trade()
        cls.asked = cls._questionnaire(cls.grocer)
        cls.by_name = {one.name: one for one in cls.asked.field_ids}
        cls.asked.action_open()
        cls.news = cls._purpose(cls.grocer, "news")
        cls.anna = cls.env["res.partner"].create(
            {"name": "Anna Ozola", "company_id": cls.grocer_company.id}
        )
        cls.card = cls._card(CLUB_CARD)
        cls.env["ekarte.holder"]._give(cls.card.id, cls.grocer, cls.anna)
        cls.operator = cls._user("t.operator", "operator", cls.grocer_company)
        cls.fuel_issuer = cls._user("t.fuel", "issuer", cls.fuel_company)
        cls.administrator = cls._user("t.admin", "administrator", cls.fuel_company)
        cls.answers = cls.env["ekarte.questionnaire.answer"]
        cls.holders = cls.env["ekarte.holder"]
        cls.consents = cls.env["ekarte.consent"]

    @classmethod
    def _questionnaire(cls, issuer):
        choices = [Command.create({"name": name}) for name in ("Nurse", "Teacher")]
        questions = [
            {"name": "name", "chars_max": 40},
            {"name": "children", "kind": "number", "number_max": 20},
            {"name": "birthday", "special": "birthday", "required": True},
            {
                "name": "work",
                "special": "profession",
                "kind": "choice",
                "choice_ids": choices,
            },
            {"name": "likes", "kind": "choices", "choice_ids": choices},
            {"name": "driver", "kind": "yes_no"},
            {"name": "email", "special": "email"},
            {"name": "phone", "special": "phone"},
            {"name": "lang", "special": "language"},
        ]
        return cls.env["ekarte.questionnaire"].create(
            {
                "name": "Of you",
                "issuer_id": issuer.id,
                "field_ids": [
                    Command.create({"sequence": number, **question})
                    for number, question in enumerate(questions)
                ],
            }
        )

    @classmethod
    def _purpose(cls, issuer, code):
        return cls.env["ekarte.consent.purpose"].create(
            {
                "name": "News",
                "code": code,
                "issuer_id": issuer.id,
                "text": "You may write to me.",
                "for_mailing": True,
            }
        )

    @classmethod
    def _card(cls, number):
        return cls.env["ekarte.card"].search(
            [("last4", "=", number[-4:]), ("number", "=like", "9980%")]
        )

    def _values(self, **values):
        values = {"birthday": "1980-02-29", **values}
        return {self.by_name[name].id: value for name, value in values.items()}

    def _answer(self, card=None, **values):
        return self.answers._answer(
            self.asked, self.anna, self._values(**values), card=card
        )

    def _points(self, card=None):
        purses = (card or self.card).purse_ids
        return purses.filtered(lambda purse: purse.measure == "points").balance

    def _value(self, answer, name):
        lines = answer.line_ids
        return lines.filtered(lambda line: line.field_id == self.by_name[name]).value

    # Answers

    def test_each_kind_refuses_what_it_is_not(self):
        for name, wrong in BAD.items():
            for value in wrong:
                with self.subTest(question=name, value=value):
                    answer, problems = self._answer(**{name: value})
                    self.assertFalse(answer)
                    self.assertEqual(list(problems), [self.by_name[name].id])
        self.assertFalse(self.answers._of(self.grocer, self.anna))

    def test_each_kind_takes_what_it_is(self):
        nurse = self.by_name["work"].choice_ids[0]
        likes = self.by_name["likes"].choice_ids
        answer, problems = self._answer(
            name=" Anna  Marija ",
            children="0",
            work=str(nurse.id),
            likes=[str(one) for one in likes.ids],
            driver="no",
            email="anna@example.com",
            phone="+371 20000001",
            lang="en_US",
        )
        self.assertEqual(problems, {})
        told = {line.field_id.name: line.value for line in answer.line_ids}
        self.assertEqual(told["name"], "Anna Marija")
        self.assertEqual(told["children"], "0")
        self.assertEqual(told["likes"], "Nurse, Teacher")
        self.assertEqual(told["driver"], "No")
        asked = {one["label"]: one["value"] for one in self.asked._form(self.anna)}
        self.assertEqual(asked["birthday"], "1980-02-29")
        self.assertEqual(asked["work"], str(nurse.id))
        anna = self.anna.with_company(self.grocer_company)
        self.assertEqual(str(anna.ekarte_birthday), "1980-02-29")
        self.assertEqual(anna.ekarte_profession, "Nurse")
        self.assertEqual((anna.email, anna.lang), ("anna@example.com", "en_US"))
        # What one issuer was told, another one does not know.
        self.assertFalse(self.anna.with_company(self.fuel_company).ekarte_birthday)

    def test_a_required_question_wants_an_answer(self):
        answer, problems = self._answer(birthday="")
        self.assertFalse(answer)
        self.assertEqual(
            problems, {self.by_name["birthday"].id: "Please answer this question."}
        )

    def test_a_shared_contact_keeps_its_address(self):
        self.anna.write({"company_id": False, "email": "old@example.com"})
        self._answer(email="new@example.com", phone="+371 20000001")
        self.assertEqual(self.anna.email, "old@example.com")
        self.assertEqual(self.anna.phone, "+371 20000001")

    def test_questions_that_are_not_asked_are_refused(self):
        with self.assertRaises(UserError):
            self.answers._answer(self.asked, self.anna, {"0": "x"})
        self.asked.action_close()
        with self.assertRaises(UserError):
            self._answer()

    def test_only_one_questionnaire_is_in_use(self):
        second = self.asked.copy()
        self.assertEqual(len(second.field_ids), len(self.asked.field_ids))
        self.asked.action_close()
        second.action_open()
        self.assertEqual(self.env["ekarte.questionnaire"]._of(self.grocer), second)
        with self.assertRaises(UserError):
            self.env["ekarte.questionnaire"].create(
                {"name": "Empty", "issuer_id": self.grocer.id}
            ).action_open()

    def test_an_answer_to_the_contact_has_the_kind_of_the_contact(self):
        with self.assertRaises(ValidationError):
            self.by_name["phone"].kind = "number"
        self.by_name["phone"].special = False
        self.by_name["phone"].kind = "number"

    # Effects

    def test_the_effects_come_once(self):
        before = self._points()
        answer, _problems = self._answer(self.card)
        self.assertEqual(self._points(), before + 5)
        self.assertIn("+5", answer.effects)
        self.assertTrue(self.card.membership_ids.mapped("questionnaire")[0])
        again, _problems = self._answer(self.card, children="2")
        self.assertEqual(again, answer)
        self.assertEqual(self._points(), before + 5)
        self.assertEqual(self._value(answer, "children"), "2")

    def test_a_second_card_of_the_same_customer_gets_nothing(self):
        self._answer(self.card)
        other = self._second_card()
        self.holders._give(other.id, self.grocer, self.anna)
        before = self._points(other)
        self._answer(other)
        self.assertEqual(self._points(other), before)

    def test_answers_without_a_card_are_rewarded_with_the_first_one(self):
        answer, _problems = self._answer()
        self.assertFalse(answer.effects_at)
        before = self._points()
        self._answer(self.card)
        self.assertEqual(self._points(), before + 5)

    def test_a_card_that_is_given_gets_what_earlier_answers_promised_once(self):
        other, dora = self._second_card(), self.anna.copy({"name": "Dora Liepa"})
        before = self._points(other)
        answer, _problems = self.answers._answer(self.asked, dora, self._values())
        holder = self.holders._give(other.id, self.grocer, dora)
        self.assertEqual(self._points(other), before + 5)
        self.assertEqual(answer.card_id, other)
        holder.active = False
        self.holders._give(other.id, self.grocer, dora)
        self.assertEqual(self._points(other), before + 5)

    def test_a_card_that_is_given_gets_nothing_for_answers_of_others(self):
        other, dora = self._second_card(), self.anna.copy({"name": "Dora Liepa"})
        before = self._points(other)
        self._answer()
        self.holders._give(other.id, self.grocer, dora)
        self.assertEqual(self._points(other), before)
        gift = self.env["ekarte.card"].search([("last4", "=", GIFT_CARD[-4:])])
        self.holders._give(gift.id, self.grocer, self.anna)
        self.assertFalse(self.answers._of(self.grocer, self.anna).effects_at)

    def _second_card(self):
        self._send(self.grocer, "sale", OTHER_CLUB_CARD, 500, minutes=20)
        return self._card(OTHER_CLUB_CARD)

    def test_the_card_of_another_customer_gets_no_effects(self):
        self.env["ekarte.holder"].search([("card_id", "=", self.card.id)]).active = 0
        before = self._points()
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self._answer(self.card)
        self.assertEqual(self._points(), before)

    # Versions

    def test_changed_questions_make_a_version_once_they_were_answered(self):
        self.by_name["name"].name = "What is your name?"
        self.assertEqual(self.asked.version, 1)
        answer, _problems = self._answer()
        self.by_name["name"].name = "Your name, please"
        self.by_name["name"].required = True
        self.assertEqual((self.asked.version, answer.version), (2, 1))
        first = self.asked.version_ids
        self.assertIn("What is your name?", first.text)
        self._answer(name="Anna")
        self.assertEqual(answer.version, 2)
        self.assertIn("Your name, please", self.asked.version_ids[0].text)
        self.assertIn("What is your name?", first.text)
        with self.assertRaises(UserError):
            first.content = {}

    def test_what_was_answered_is_archived_and_not_deleted(self):
        nurse = self.by_name["work"].choice_ids[0]
        answer, _problems = self._answer(work=str(nurse.id))
        nurse.unlink()
        self.by_name["birthday"].unlink()
        self.by_name["phone"].unlink()
        self.assertFalse(self.by_name["birthday"].active)
        self.assertFalse(self.by_name["phone"].exists())
        self.assertEqual(self._value(answer, "work"), "Nurse")
        self.assertNotIn(self.by_name["birthday"], self.asked.field_ids)

    # Consents

    def _consented(self):
        self.env.invalidate_all()
        found = self.card.membership_ids.filtered(
            lambda one: one.issuer_id == self.grocer
        )
        return found[:1].consents or "", found[:1].questionnaire

    def test_a_consent_is_kept_with_its_words_and_known_to_the_ledger(self):
        self.consents._set(self.grocer, self.anna, {"news": True}, way="paper")
        row = self.consents.search([("partner_id", "=", self.anna.id)])
        self.assertEqual(
            (row.text, row.given_way, row.in_force),
            ("You may write to me.", "paper", True),
        )
        # The ledger knows the consent, and no questionnaire was filled in by it.
        self.assertEqual(self._consented(), ("news", False))
        self.news.text = "Other words"
        self.assertEqual(row.text, "You may write to me.")

    def test_a_card_that_is_given_knows_what_its_holder_consented_to(self):
        dora = self.anna.copy({"name": "Dora Liepa"})
        self.consents._set(self.grocer, dora, {"news": True})
        self.assertEqual(self._consented()[0], "")
        self.holders._give(self.card.id, self.grocer, dora)
        self.assertEqual(self._consented(), ("news", False))
        self.consents._set(self.grocer, dora, {"news": False})
        self.assertEqual(self._consented()[0], "")

    def test_a_card_that_is_given_forgets_what_its_former_holder_consented_to(self):
        dora = self.anna.copy({"name": "Dora Liepa"})
        self._purpose(self.grocer, "study")
        self.consents._set(self.grocer, self.anna, {"news": True})
        self.consents._set(self.grocer, dora, {"study": True})
        holder = self.holders._give(self.card.id, self.grocer, dora)
        self.assertEqual(self._consented()[0], "study")
        # Anna's own consent is as it was; only this card is not hers any more.
        self.assertTrue(self.consents._in_force(self.grocer, self.anna))
        holder.unlink()
        self.assertEqual(self._consented()[0], "")

    def test_a_blocked_card_forgets_its_former_holder_when_it_works_again(self):
        dora = self.anna.copy({"name": "Dora Liepa"})
        self.consents._set(self.grocer, self.anna, {"news": True})
        self._send(self.grocer, "block", CLUB_CARD, minutes=40)
        self.holders._give(self.card.id, self.grocer, dora)
        self.consents._cron_tell_ledger()
        self.assertEqual(self._consented()[0], "news")
        self._send(self.grocer, "unblock", CLUB_CARD, minutes=41)
        self.consents._cron_tell_ledger()
        self.assertEqual(self._consented()[0], "")

    def test_a_withdrawn_consent_stays_in_the_history(self):
        for yes in (True, True, False, False, True):
            self.consents._set(self.grocer, self.anna, {"news": yes})
        rows = self.consents.search([("partner_id", "=", self.anna.id)])
        self.assertEqual(len(rows), 2)
        self.assertEqual(len(rows.filtered("in_force")), 1)
        self.assertEqual(self._consented()[0], "news")
        self.consents._set(self.grocer, self.anna, {"news": False})
        self.assertEqual(self._consented(), ("", False))

    def test_a_blocked_card_is_told_when_it_works_again(self):
        self.consents._set(self.grocer, self.anna, {"news": True})
        self._send(self.grocer, "block", CLUB_CARD, minutes=40)
        self.consents._set(self.grocer, self.anna, {"news": False})
        row = self.consents.search([("partner_id", "=", self.anna.id)])
        self.assertEqual((self._consented()[0], row.told), ("news", False))
        self.consents._cron_tell_ledger()
        self.assertFalse(row.told)
        self._send(self.grocer, "unblock", CLUB_CARD, minutes=41)
        self.consents._cron_tell_ledger()
        self.assertEqual((self._consented()[0], row.told), ("", True))

    def _programs_end(self):
        programs = self.bonus | self.discount | self.gift
        programs.valid_to = fields.Datetime.now() - timedelta(days=7)
        self.env.cr.flush()

    def test_a_consent_ends_though_the_programs_have_ended(self):
        self.consents._set(self.grocer, self.anna, {"news": True})
        self._programs_end()
        self.consents._set(self.grocer, self.anna, {"news": False})
        row = self.consents.search([("partner_id", "=", self.anna.id)])
        self.assertFalse(row.in_force)
        self.consents._set(self.grocer, self.anna, {"news": False})

    def test_who_consented_is_forgotten_though_the_programs_have_ended(self):
        self.consents._set(self.grocer, self.anna, {"news": True})
        row = self.consents.search([("partner_id", "=", self.anna.id)])
        self._programs_end()
        self.holders._erase(self.grocer, self.anna)
        self.assertTrue(row.withdrawn_at)
        self.assertFalse(row.partner_id)

    def test_no_consent_is_given_when_the_programs_have_ended(self):
        self._programs_end()
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.consents._set(self.grocer, self.anna, {"news": True})
        self.assertFalse(self.consents._in_force(self.grocer, self.anna))

    def test_a_consent_ends_though_nobody_is_asked_for_it_any_more(self):
        self.consents._set(self.grocer, self.anna, {"news": True})
        self.news.active = False
        (shown,) = self.consents._form(self.grocer, self.anna)
        self.assertEqual((shown["code"], shown["given"]), ("news", True))
        for _twice in range(2):
            self.consents._set(self.grocer, self.anna, {"news": False})
        self.assertFalse(self.consents._in_force(self.grocer, self.anna))
        self.assertEqual(self._consented()[0], "")
        self.assertFalse(self.consents._form(self.grocer, self.anna))
        with self.assertRaises(UserError):
            self.consents._set(self.grocer, self.anna, {"news": True})

    def test_history_is_not_written_over(self):
        self.consents._set(self.grocer, self.anna, {"news": True})
        row = self.consents.search([("partner_id", "=", self.anna.id)])
        with self.assertRaises(UserError):
            row.withdrawn_at = fields.Datetime.now() + timedelta(days=1)
        with self.assertRaises(UserError):
            row.unlink()
        with self.assertRaises(UserError):
            self.news.code = "other"
        with self.assertRaises(UserError):
            self.consents._set(self.grocer, self.anna, {"strange": True})

    def test_a_purpose_is_a_word_and_not_the_ledgers_own(self):
        for code in ("News", "a b", "questionnaire", ""):
            with self.subTest(code=code), self.assertRaises(ValidationError):
                self._purpose(self.fuel, code)
        self.assertTrue(self._purpose(self.fuel, "news"))

    # Rights

    def test_an_issuer_sees_nothing_that_another_one_was_told(self):
        self._answer(self.card)
        self.consents._set(self.grocer, self.anna, {"news": True})
        models = (
            *("ekarte.questionnaire", "ekarte.questionnaire.field"),
            *("ekarte.questionnaire.choice", "ekarte.questionnaire.version"),
            *("ekarte.questionnaire.answer", "ekarte.questionnaire.answer.line"),
            *("ekarte.consent.purpose", "ekarte.consent"),
        )
        for model in models:
            with self.subTest(model=model):
                of_model = self.env[model].search([])
                self.assertTrue(of_model.with_user(self.operator).search([]))
                for stranger in (self.fuel_issuer, self.administrator):
                    self.assertFalse(of_model.with_user(stranger).search([]))
                    with self.assertRaises(AccessError):
                        of_model.with_user(stranger).read(["display_name"])

    def test_an_operator_changes_no_question_and_an_issuer_its_own(self):
        issuer = self._user("t.issuer", "issuer", self.grocer_company)
        self.by_name["name"].with_user(issuer).required = True
        with self.assertRaises(AccessError):
            self.by_name["name"].with_user(self.operator).required = False
        with self.assertRaises(AccessError):
            self.by_name["name"].with_user(self.fuel_issuer).required = False
        answer, _problems = self._answer(name="Anna")
        with self.assertRaises(AccessError):
            answer.with_user(issuer).way = "portal"
