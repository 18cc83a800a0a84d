"""Programs in Odoo are those of the core: no kind, parameter or word is missing."""

import json
from typing import get_args

import msgspec

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from ekarte_core import (
    PROGRAM_KINDS,
    NetworkDocument,
    NetworkInvalid,
    current_network,
    read_network,
)

from ..models.fault_sentences import RANGE, SENTENCES
from .common import NetworkCase

# What must be filled in before the form asks for the rest.
HUNG_ON = {
    "expire_days": 30,
    "idle_days": 30,
    "vat_class": "spv",
    "accept_at": "coalition",
}


def document_fields(room):
    """Names of the fields of one element of a room of the network document."""
    rooms = {
        field.name: field.type for field in msgspec.structs.fields(NetworkDocument)
    }
    return {
        field.encode_name for field in msgspec.structs.fields(get_args(rooms[room])[0])
    }


def parameter_names(kind):
    return {field.encode_name for field in msgspec.structs.fields(PROGRAM_KINDS[kind])}


@tagged("post_install", "-at_install")
class TestProgramKinds(NetworkCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.goods = cls.env["ekarte.goods.group"].create(
            {"code": "tsport", "name": "Test sport", "tax_rate": 5}
        )

    def _live(self, code):
        self.env.cr.flush()
        self.assertFalse(self.network.fault_ids.mapped("sentence"))
        return current_network(self.env.cr).programs[code]

    def _parameters(self, kind, **values):
        code = f"T-{kind}".upper().replace("_", "-")
        self._program(code, self.grocer, kind, **values)
        return self._live(code).parameters

    # Nothing is missing

    def test_the_kinds_to_choose_from_are_those_of_the_core(self):
        chosen = dict(self.env["ekarte.program"]._fields["kind"].selection)
        self.assertEqual(set(chosen), set(PROGRAM_KINDS))

    def test_every_parameter_of_every_kind_has_a_field(self):
        for kind in PROGRAM_KINDS:
            program = self.env["ekarte.program"].new({"kind": kind})
            for name in parameter_names(kind):
                with self.subTest(kind=kind, parameter=name):
                    field = program._network_field_name(name)
                    self.assertIn(field, program._fields)
                    label = program._network_field_label(f"parameters.{name}[0].at")
                    self.assertNotIn("_", label)

    def test_the_form_shows_the_parameters_of_the_chosen_kind_and_no_others(self):
        form = Form(self.env["ekarte.program"])
        model = self.env["ekarte.program"]
        every = {
            model.new({"kind": kind})._network_field_name(name)
            for kind in PROGRAM_KINDS
            for name in parameter_names(kind)
        }
        for kind in PROGRAM_KINDS:
            form.kind = kind
            for name, value in HUNG_ON.items():
                if name in parameter_names(kind):
                    form[name] = value
            program = model.new({"kind": kind})
            for scale, hidden in self._scales(kind):
                if scale:
                    form.scale = scale
                shown = {
                    name for name in every if not form._get_modifier(name, "invisible")
                }
                wanted = parameter_names(kind) - hidden
                with self.subTest(kind=kind, scale=scale):
                    self.assertEqual(
                        shown, set(map(program._network_field_name, wanted))
                    )

    def _scales(self, kind):
        if kind != "accumulated_discount":
            return [("", set())]
        steps = {"base_rate", "step_amount", "step_rate", "max_rate"}
        return [("steps", {"tiers"}), ("tiers", steps)]

    def test_programs_and_card_types_tell_every_part_of_the_document(self):
        for room, record in (("programs", self.bonus), ("card_types", self.club)):
            self.assertEqual(set(record._network_part()), document_fields(room), room)

    # What each kind publishes

    def test_a_visit_bonus_is_published(self):
        self.assertEqual(
            self._parameters(
                "bonus_visit",
                points_per_visit=2,
                min_amount=5,
                max_per_day=3,
                min_gap_minutes=30,
                convert_at=10,
                convert_to=1.5,
                expire_days=90,
                notice_days=7,
                clawback="negative",
                questionnaire_points=5,
            ),
            {
                "points_per_visit": 2,
                "min_amount": 500,
                "max_per_day": 3,
                "min_gap_minutes": 30,
                "convert_at": 10,
                "convert_to": 150,
                "expire_days": 90,
                "expire_at": "day",
                "notice_days": 7,
                "earn_on_gift": True,
                "accept_at": "coalition",
                "clawback": "negative",
                "deferral_policy": "lot",
                "likelihood_bp": 10_000,
                "own_use": "discount",
                "questionnaire_points": 5,
            },
        )

    def test_a_bonus_with_prizes_is_published(self):
        found = self._parameters(
            "bonus_prize",
            step=100,
            referral_points=50,
            prize_ids=[
                Command.create({"at": 100, "value": 500, "valid_days": 90}),
                Command.create(
                    {
                        "at": 20,
                        "voucher_kind": "goods",
                        "product": "COFFEE",
                        "for_questionnaire": True,
                    }
                ),
            ],
            card_step_ids=[
                Command.create({"at": 500, "card_type_id": self.gift_type.id}),
                Command.create({"at": 100, "card_type_id": self.club.id}),
            ],
        )
        self.assertEqual(
            found["prizes"],
            [
                {
                    "at": 100,
                    "voucher_kind": "money",
                    "value": 50_000,
                    "product": "",
                    "valid_days": 90,
                },
                {
                    "at": 20,
                    "voucher_kind": "goods",
                    "value": 0,
                    "product": "COFFEE",
                    "valid_days": 0,
                },
            ],
        )
        self.assertEqual(
            found["tiers"],
            [{"at": 100, "card_type": "T-CLUB"}, {"at": 500, "card_type": "T-GIFT"}],
        )
        self.assertEqual(
            [found[name] for name in ("step", "referral_points", "accept_at")],
            [10_000, 50, "own"],
        )
        self.assertEqual(found["questionnaire_prize"], 2)

    def test_discounts_are_published(self):
        tiers = [
            Command.create({"amount_from": 100, "rate": 7.5}),
            Command.create({"amount_from": 50, "rate": 5}),
        ]
        self.assertEqual(
            self._parameters(
                "calculated_discount",
                tier_ids=tiers,
                mode="marginal",
                questionnaire_rate=0.5,
            ),
            {
                "tiers": [{"from": 5_000, "rate": 500}, {"from": 10_000, "rate": 750}],
                "mode": "marginal",
                "groups": [],
                "questionnaire_rate": 50,
            },
        )
        self.discount.write({"idle_days": 90, "idle_step_rate": 1.25})
        found = self._live("T-DIS").parameters
        self.assertEqual((found["idle_days"], found["idle_step_rate"]), (90, 125))

    def test_credit_passes_and_counters_are_published(self):
        self.assertEqual(
            self._parameters(
                "credit_card", credit_limit=300, statement_day=5, block_overdue_days=3
            ),
            {
                "credit_limit": 30_000,
                "statement_day": 5,
                "due_days": 14,
                "block_overdue_days": 3,
                "late_charge": 0,
                "long_credit": False,
                "credit_elsewhere": False,
                "accept_at": "own",
            },
        )
        self.assertEqual(
            self._parameters(
                "visit_pass",
                visits=10,
                price=100,
                valid_days=365,
                max_per_day=1,
                tax_group_id=self.goods.id,
            ),
            {
                "visits": 10,
                "price": 10_000,
                "valid_days": 365,
                "max_per_day": 1,
                "notice_days": 0,
                "group": "tsport",
                "accept_at": "own",
                "visit_price": 0,
            },
        )
        self.assertEqual(
            self._parameters("attendance", min_gap_minutes=60), {"min_gap_minutes": 60}
        )
        self.assertEqual(
            self._parameters(
                "purchase_accounting", ticket_per=25, group_ids=self.goods.ids
            ),
            {"ticket_per": 2_500, "groups": ["tsport"]},
        )

    def test_an_exchange_names_the_points_that_pay(self):
        good = {"product": "DIESEL", "points": 1, "unit": "litre", "price": 1.55}
        self.assertEqual(
            self._parameters(
                "exchange",
                points_of_id=self.bonus.id,
                good_ids=[Command.create(good)],
            ),
            {
                "points_of": "T-BON",
                "goods": [
                    {"product": "DIESEL", "points": 1, "unit": "litre", "price": 155}
                ],
                "accept_at": "coalition",
            },
        )

    # What the core says of faults

    def test_every_fault_that_a_merchant_can_make_is_told_in_our_words(self):
        wrong = {
            "gift_card": {"denominations": [-1], "min_load": 0, "valid_months": 9999},
            "bonus_amount": {"step": 0, "points_per_step": 0, "convert_at": -1},
            "bonus_visit": {"points_per_visit": 0, "min_amount": -1, "convert_at": 5},
            "bonus_prize": {
                "step": 0,
                "prizes": [{"at": 0}, {"at": 1, "voucher_kind": "goods"}],
                "tiers": [{"at": 0, "card_type": "NONE"}],
                "questionnaire_prize": 9,
            },
            "fixed_discount": {"rate": 0, "groups": ["nowhere"]},
            "accumulated_discount": {"idle_days": 5, "max_rate": 99_999},
            "calculated_discount": {"tiers": [], "questionnaire_rate": 99_999},
            "purchase_accounting": {"ticket_per": -1},
            "credit_card": {"credit_limit": 0, "statement_day": 31, "due_days": -1},
            "attendance": {"min_gap_minutes": -1},
            "visit_pass": {"visits": 0, "price": 0, "valid_days": -1},
            "exchange": {
                "points_of": "NONE",
                "goods": [{"product": "", "points": 0, "price": 0}],
            },
        }
        self.assertEqual(set(wrong), set(PROGRAM_KINDS))
        part = {"issuer": self.grocer.code, "name": "X", "weekdays": [1, 1]}
        part |= {"hours": [{"from": "9", "to": "25:00"}, {"from": "9:00", "to": "8"}]}
        part |= {"min_age_of_card": -1, "consent": "Ü"}
        document = json.loads(self.network._body())
        document["programs"] += [
            {**part, "code": f"W{n}", "kind": kind, "parameters": parameters}
            for n, (kind, parameters) in enumerate(wrong.items())
        ]
        document["programs"][-1]["hours"] = [{"from": "09:00", "to": "08:00"}]
        with self.assertRaises(NetworkInvalid) as refusal:
            read_network(json.dumps(document))
        faults = refusal.exception.faults
        self.assertGreater(len(faults), 60)
        strange = {
            message
            for _path, message in faults
            if message not in SENTENCES and not RANGE.fullmatch(message)
        }
        self.assertEqual(strange, set())

    def test_a_card_with_credit_does_not_register_itself(self):
        credit = self._program("T-CRE", self.grocer, "credit_card", credit_limit=100)
        draft = self._card_type(
            "T-CRED", self.grocer, credit, "9980005", auto_register=True, state="draft"
        )
        with self.assertRaisesRegex(UserError, "Register at First.*its activation"):
            draft.action_activate()
        draft.auto_register = False
        draft.action_activate()
        self.env.cr.flush()
        self.assertIn("T-CRED", current_network(self.env.cr).card_types)

    # When, and for whom

    def test_days_hours_age_and_consent_are_published(self):
        self.bonus.write(
            {
                "mon": True,
                "sun": True,
                "hour_ids": [
                    Command.create({"hour_from": 20, "hour_to": 24}),
                    Command.create({"hour_from": 0, "hour_to": 6.5}),
                ],
                "min_age_of_card": 30,
                "consent": "marketing",
            }
        )
        live = self._live("T-BON")
        self.assertEqual(live.weekdays, (1, 7))
        self.assertEqual(
            [(span.first, span.last) for span in live.hours],
            [("00:00", "06:30"), ("20:00", "24:00")],
        )
        self.assertEqual((live.min_age_of_card, live.consent), (30, "marketing"))

    def test_nothing_filled_in_means_always_and_everybody(self):
        live = self._live("T-BON")
        self.assertEqual(
            (live.weekdays, live.hours, live.min_age_of_card, live.consent),
            ((), (), 0, ""),
        )

    def test_a_card_type_says_how_cards_come_and_go_together(self):
        self.club.write(
            {"qualify_amount": 30, "discount_at_once": False, "may_pool": True}
        )
        self.env.cr.flush()
        live = current_network(self.env.cr).card_types["T-CLUB"]
        self.assertEqual(
            (live.qualify_amount, live.discount_at_once, live.pool),
            (3_000, False, True),
        )

    # What cannot run is refused, with the field's name

    def test_a_program_that_lacks_figures_cannot_be_started(self):
        for kind, label in (
            ("bonus_prize", "For Each Whole"),
            ("calculated_discount", "Table"),
            ("credit_card", "Credit Limit"),
            ("visit_pass", "Visits on the Pass"),
            ("exchange", "Goods for Points"),
        ):
            draft = self._program(
                f"T-NEW-{kind[:4].upper()}", self.grocer, kind, state="draft"
            )
            with self.subTest(kind=kind), self.assertRaisesRegex(UserError, label):
                draft.action_activate()
            draft.state = "draft"

    # In short

    def test_each_kind_says_in_short_what_it_gives(self):
        for kind, values, words in (
            ("bonus_visit", {"points_per_visit": 2}, "for a visit: 2"),
            ("calculated_discount", self._tier(), "5 % for a purchase of"),
            ("calculated_discount", {**self._tier(), "mode": "marginal"}, "above"),
            ("purchase_accounting", {"ticket_per": 25}, "A ticket for each whole"),
            ("purchase_accounting", {}, "are counted"),
            ("credit_card", {"credit_limit": 300}, "day 1 of each month"),
            ("attendance", {"min_gap_minutes": 60}, "60 minutes"),
            ("visit_pass", {"visits": 10, "price": 50}, "10 visits for"),
        ):
            program = self.env["ekarte.program"].new({"kind": kind, **values})
            with self.subTest(kind=kind):
                self.assertIn(words, program.summary)
                self.assertTrue(program.kind_text)

    def test_days_and_hours_are_told_in_short(self):
        self.bonus.write(
            {
                "mon": True,
                "fri": True,
                "hour_ids": [Command.create({"hour_from": 8, "hour_to": 11.5})],
            }
        )
        self.assertIn("Only: Mon, Fri 08:00–11:30.", self.bonus.summary)
        self.assertNotIn("Only", self.discount.summary)

    def _tier(self):
        return {"tier_ids": [Command.create({"amount_from": 50, "rate": 5})]}

    def test_a_kind_without_its_figures_says_nothing_yet(self):
        for kind in ("bonus_prize", "credit_card", "visit_pass", "exchange"):
            program = self.env["ekarte.program"].new({"kind": kind})
            self.assertFalse(program.summary, kind)
