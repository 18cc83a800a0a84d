"""Segments: each condition means whom it says, of its own issuer, and nobody else."""

from datetime import date, timedelta

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import TransactionCase, tagged

from ekarte_core import CardRef

from ..models.ekarte_profession_day import nth_weekday
from ..models.ekarte_segment_line import days_of_year
from .campaign_common import TODAY, CampaignCase
from .common import FUEL_CARD, OTHER_CLUB_CARD

NEW_CARD = "9980001000000052"
BEARERS_CARD = "9980001000000060"


@tagged("post_install", "-at_install")
class TestDays(TransactionCase):
    def test_a_leap_day_is_kept_on_the_day_before_in_other_years(self):
        day = date(2027, 2, 28)
        self.assertEqual(days_of_year(day, day), ["02-28", "02-29"])
        day = date(2028, 2, 28)
        self.assertEqual(days_of_year(day, day), ["02-28"])
        day = date(2028, 2, 29)
        self.assertEqual(days_of_year(day, day), ["02-29"])

    def test_days_go_over_the_end_of_the_year_and_never_twice_around(self):
        found = days_of_year(date(2026, 12, 31), date(2027, 1, 1))
        self.assertEqual(found, ["01-01", "12-31"])
        self.assertEqual(len(days_of_year(date(2026, 1, 1), date(2036, 1, 1))), 366)

    def test_a_weekday_of_the_month_is_found_and_the_last_one_too(self):
        self.assertEqual(nth_weekday(2026, 10, 6, 1), date(2026, 10, 4))
        self.assertEqual(nth_weekday(2026, 11, 0, 5), date(2026, 11, 30))
        self.assertEqual(nth_weekday(2026, 2, 0, 5), date(2026, 2, 23))


@tagged("post_install", "-at_install")
class TestSegment(CampaignCase):
    def _meant(self, *lines):
        return self._segment(*lines)._partners()

    def test_without_conditions_it_is_every_customer_of_the_issuer(self):
        self._send(self.fuel, "sale", FUEL_CARD, 4500, minutes=9)
        theirs = self._customer("Egons", FUEL_CARD, "lv_LV", self.fuel)
        self.assertEqual(self._meant(), self.everybody)
        self.assertEqual(self._segment(issuer=self.fuel)._partners(), theirs)

    def test_purchases_are_of_the_period_and_of_the_issuers_own_branches(self):
        lately = {"kind": "purchases", "days": 7}
        # Boris bought more, but at the fuel station.
        self.assertEqual(self._meant({**lately, "amount_from": 50}), self.anna)
        self.assertEqual(
            self._meant({**lately, "number_from": 1}), self.anna | self.boris
        )
        self.assertEqual(
            self._meant({**lately, "amount_to": 20}), self.everybody - self.anna
        )
        self.assertEqual(
            self._meant({**lately, "number_from": 1, "negate": True}),
            self.clara | self.dora,
        )
        before = TODAY - timedelta(days=40)
        once = {"kind": "purchases", "date_from": before, "amount_from": 50}
        self.assertEqual(self._meant(once), self.anna | self.clara)
        self.assertEqual(
            self._meant({**once, "date_to": TODAY - timedelta(days=1)}), self.clara
        )

    def test_what_a_new_card_bought_counts_for_who_held_the_one_before(self):
        self._send(
            self.grocer, "replace", OTHER_CLUB_CARD, other=CardRef(value=NEW_CARD)
        )
        self._send(self.grocer, "sale", NEW_CARD, 9000, minutes=30)
        self.env["ekarte.daily"]._count(until=TODAY, afresh=True)
        much = {"kind": "purchases", "days": 7, "amount_from": 95}
        self.assertEqual(self._meant(much), self.boris)
        # Until the issuer gives it to somebody else.
        self.env["ekarte.holder"]._give(self._card(NEW_CARD).id, self.grocer, self.dora)
        self.assertFalse(self._meant(much))
        self.assertEqual(self._meant({**much, "amount_from": 90}), self.dora)

    def test_what_a_bearers_card_of_a_pool_bought_is_not_its_main_cards_holders(self):
        self.club.may_pool = True
        self.env.cr.flush()
        self._send(self.grocer, "sale", BEARERS_CARD, 9000, minutes=30)
        main = CardRef(value=OTHER_CLUB_CARD)
        self._send(self.grocer, "pool", BEARERS_CARD, other=main, minutes=31)
        new = CardRef(value=NEW_CARD)
        self._send(self.grocer, "replace", OTHER_CLUB_CARD, other=new, minutes=32)
        self.env["ekarte.daily"]._count(until=TODAY, afresh=True)
        much = {"kind": "purchases", "days": 7, "amount_from": 95}
        self.assertFalse(self._meant(much))
        # What the new card buys is Boris's; what the other one buys, its own holder's.
        self._send(self.grocer, "sale", NEW_CARD, 9900, minutes=33)
        card = self._card(BEARERS_CARD)
        self.env["ekarte.holder"]._give(card.id, self.grocer, self.dora)
        self.env["ekarte.daily"]._count(until=TODAY, afresh=True)
        self.assertEqual(
            self._meant({**much, "amount_from": 80}), self.boris | self.dora
        )

    def test_all_conditions_are_to_hold(self):
        bought = {"kind": "purchases", "days": 60, "amount_from": 50}
        here = {"kind": "visit", "days": 7}
        self.assertEqual(self._meant(bought, here), self.anna)
        self.assertEqual(self._meant(bought, {**here, "negate": True}), self.clara)

    def test_the_last_visit_was_so_many_days_ago_or_longer(self):
        self.assertEqual(
            self._meant({"kind": "visit", "days": 1}), self.anna | self.boris
        )
        self.assertEqual(
            self._meant({"kind": "visit", "days": 45, "negate": True}), self.dora
        )

    def test_a_balance_is_that_of_the_program(self):
        points = {"kind": "balance", "program_id": self.bonus.id, "measure": "points"}
        by_points = {
            partner: sum(
                purse.balance
                for purse in self._purses(partner)
                if purse.measure == "points"
            )
            for partner in self.everybody
        }
        most = max(by_points.values())
        richest = self.everybody.filtered(lambda one: by_points[one] == most)
        self.assertEqual(self._meant({**points, "amount_from": most}), richest)
        self.assertEqual(
            self._meant({**points, "amount_from": most, "negate": True}),
            self.everybody - richest,
        )
        spent = {
            "kind": "balance",
            "program_id": self.discount.id,
            "measure": "turnover",
        }
        self.assertEqual(self._meant({**spent, "amount_from": 80}), self.clara)

    def _purses(self, partner):
        cards = self.env["ekarte.holder"]._cards_of(partner, self.grocer)
        return cards.purse_ids.filtered(lambda one: one.program_id == self.bonus)

    def test_a_step_is_what_the_ledger_says(self):
        step = {"kind": "step", "program_id": self.discount.id}
        self.assertEqual(self._meant({**step, "rate_from": 6}), self.anna | self.clara)
        # Clara has paid 85.50, Anna 57.00, Boris 9.50: the steps are 50.00 apart.
        self.assertEqual(self._meant({**step, "missing": 20}), self.clara)
        self.assertEqual(
            self._meant({**step, "missing": 45}), self.anna | self.boris | self.clara
        )

    def test_a_card_type_is_one_of_those_that_a_card_takes_part_in(self):
        club = {"kind": "card_type", "card_type_id": self.club.id}
        gift = {"kind": "card_type", "card_type_id": self.gift_type.id}
        self.assertEqual(self._meant(club), self.everybody)
        self.assertFalse(self._meant(gift))

    def test_answers_are_compared_by_their_kind(self):
        asked = self._asked()
        self._answer(asked, self.anna, work="Nurse", children="2", hobby="sea fishing")
        self._answer(asked, self.boris, work="Teacher", driver="yes", children="0")
        self._answer(asked, self.clara, wedding="2001-06-30", driver="no")
        field = {one.name: one for one in asked.field_ids}
        teacher = field["work"].choice_ids.filtered(lambda one: one.name == "Teacher")
        cases = [
            ("work", {"choice_ids": [(6, 0, teacher.ids)]}, self.boris),
            ("children", {"number_from": 1}, self.anna),
            ("children", {}, self.anna | self.boris),
            ("driver", {"yes_no": "yes"}, self.boris),
            ("hobby", {"text": "FISH"}, self.anna),
            ("wedding", {"date_to": "2001-12-31"}, self.clara),
            ("wedding", {"date_from": "2002-01-01"}, self.anna.browse()),
        ]
        for name, limits, meant in cases:
            with self.subTest(question=name, limits=limits):
                line = {"kind": "answer", "field_id": field[name].id, **limits}
                self.assertEqual(self._meant(line), meant)

    def test_birthdays_are_near_or_not(self):
        for partner, born in (
            (self.anna, "1980-11-25"),
            (self.boris, "1990-11-19"),
            (self.clara, "1970-11-20"),
        ):
            partner.with_company(self.grocer_company).ekarte_birthday = born
        self.dora.with_company(self.fuel_company).ekarte_birthday = "1980-11-21"
        self.assertEqual(
            self._meant({"kind": "birthday", "days": 5}), self.anna | self.clara
        )
        self.assertEqual(self._meant({"kind": "birthday", "days": 4}), self.clara)

    def test_a_professional_holiday_means_its_profession(self):
        asked = self._asked()
        work = asked.field_ids.filtered(lambda one: one.special == "profession")
        nurse, teacher = work.choice_ids
        self._answer(asked, self.anna, work="Nurse")
        self._answer(asked, self.boris, work="Teacher")
        self.clara.with_company(self.grocer_company).ekarte_profession = "Medmāsa "
        holiday = self.env["ekarte.profession.day"].create(
            {
                "name": "Nurses' Day",
                "issuer_id": self.grocer.id,
                "choice_ids": [(6, 0, nurse.ids)],
                "words": "medmāsa, sanitārs",
                "month": 11,
                "day": 22,
            }
        )
        near = {"kind": "profession_day", "days": 2}
        self.assertEqual(self._meant(near), self.anna | self.clara)
        self.assertFalse(self._meant({**near, "days": 1}))
        holiday.write({"rule": "weekday", "weekday": "6", "nth": "4"})
        self.assertEqual(holiday.next_on, date(2026, 11, 22))
        holiday.choice_ids = teacher
        self.assertEqual(self._meant(near), self.boris | self.clara)
        with self.assertRaises(ValidationError):
            holiday.write({"rule": "day", "month": 2, "day": 30})

    def test_a_condition_looks_at_its_own_issuer_only(self):
        for line in (
            {"kind": "balance", "program_id": self.fuel_bonus.id},
            {"kind": "card_type", "card_type_id": self.fuel_club.id},
            {"kind": "step"},
        ):
            with self.subTest(line=line), self.assertRaises(ValidationError):
                self._segment(line)
        self.assertTrue(
            self._segment({"kind": "card_type", "card_type_id": self.club.id})
        )

    def test_an_issuer_counts_and_lists_its_own_segments(self):
        segment = self._segment({"kind": "visit", "days": 1})
        own = segment.with_user(self.issuer)
        own.action_count()
        self.assertEqual(segment.customer_count, 2)
        domain = own.action_open_customers()["domain"]
        listed = self.env["res.partner"].with_user(self.issuer).search(domain)
        self.assertEqual(listed.sudo(), self.anna | self.boris)
        self.assertIn("1 days", segment.line_ids.summary)
        for stranger in (self.operator, self.fuel_issuer, self.administrator):
            with self.assertRaises(AccessError):
                segment.with_user(stranger).action_count()
