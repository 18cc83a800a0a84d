import json
import random
from decimal import Decimal
from unittest.mock import patch

import psycopg2

from odoo import Command, fields, sql_db
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import convert_file, mute_logger

from ekarte_core import current_network, network_version

from ..units import factor_to_basis_points, to_basis_points, to_clock, to_minor
from .common import CLUB_CARD, NetworkCase


@tagged("post_install", "-at_install")
class TestPublication(NetworkCase):
    def _live(self):
        self.env.cr.flush()
        return current_network(self.env.cr)

    def _version(self):
        self.env.cr.flush()
        return network_version(self.env.cr)

    # What is published

    def test_a_running_program_is_published_in_the_ledgers_units(self):
        self.bonus.write({"step": 7.35, "convert_to": 1.1})
        self.assertEqual(
            self._live().programs["T-BON"].parameters,
            {
                "step": 735,
                "points_per_step": 1,
                "min_amount": 0,
                "convert_at": 10,
                "convert_to": 110,
                "expire_days": 0,
                "expire_at": "day",
                "group_factor": {},
                "earn_on_gift": True,
                "accept_at": "coalition",
                "notice_days": 0,
                "clawback": "deduct",
                "deferral_policy": "lot",
                "likelihood_bp": 10_000,
                "own_use": "discount",
                "questionnaire_points": 0,
            },
        )

    def test_each_kind_is_published_with_its_own_parameters_only(self):
        group = self.env["ekarte.goods.group"].create(
            {"code": "tgoods", "name": "Test goods", "tax_rate": 5}
        )
        self.bonus.factor_ids = [
            Command.create({"group_id": group.id, "factor": 2.5}),
        ]
        self.discount.write(
            {
                "scale": "tiers",
                "tier_ids": [
                    Command.create({"amount_from": 100, "rate": 7.25}),
                    Command.create({"amount_from": 0, "rate": 3}),
                ],
            }
        )
        self.gift.denomination_ids = [
            Command.create({"amount": amount}) for amount in (50, 10)
        ]
        fixed = self._program(
            "T-FIX", self.grocer, "fixed_discount", rate=2, group_ids=group.ids
        )
        live = self._live().programs
        self.assertEqual(live["T-BON"].parameters["group_factor"], {"tgoods": 25_000})
        self.assertEqual(
            live["T-DIS"].parameters,
            {
                "tiers": [{"from": 0, "rate": 300}, {"from": 10_000, "rate": 725}],
                "period_months": 12,
                "idle_days": 0,
                "idle_step_rate": 0,
                "groups": [],
                "questionnaire_rate": 0,
                "count": "net",
            },
        )
        self.assertEqual(live["T-GIF"].parameters["denominations"], [1000, 5000])
        self.assertEqual(
            live[fixed.code].parameters,
            {
                "rate": 200,
                "after_spend": 0,
                "groups": ["tgoods"],
                "questionnaire_rate": 0,
            },
        )
        self.assertEqual(self._live().tax_rate_bp(_branch(self._live()), "tgoods"), 500)

    def test_validity_is_published_with_its_time_zone(self):
        self.bonus.valid_from = fields.Datetime.to_datetime("2026-05-01 09:30:00")
        moment = self._live().programs["T-BON"].valid_from
        self.assertEqual(moment.isoformat(), "2026-05-01T09:30:00+00:00")

    def test_slips_speak_the_languages_that_odoo_has(self):
        self.env["res.lang"]._activate_lang("lv_LV")
        self.grocer.write({"slip_footer": "Thanks\nCome again", "slip_barcode": "qr"})
        self.network._publish()
        live = self.network._live_parts("issuers")[self.grocer.code]
        self.assertEqual((live["slip_texts"], live["slip_barcode"]), ({}, "qr"))
        self.grocer.with_context(lang="lv_LV").slip_footer = "Paldies"
        self.network._publish()
        live = self.network._live_parts("issuers")[self.grocer.code]
        self.assertEqual(live["slip_footer"], ["Thanks", "Come again"])
        self.assertEqual(
            live["slip_texts"], {"lv": {"header": [], "footer": ["Paldies"]}}
        )
        for lang in ("en_US", "lv_LV"):
            self.grocer.invalidate_recordset()
            grocer = self.grocer.with_context(lang=lang)
            self.assertEqual(grocer.publication, "live", lang)

    def test_the_back_office_of_each_issuer_is_a_terminal(self):
        terminal = self._live().terminal(self.grocer._back_office_id())
        self.assertEqual((terminal.branch, terminal.protocol), ("TG1", "odoo"))

    def test_an_issuer_without_branch_has_no_back_office(self):
        company = self.env["res.company"].create({"name": "Nowhere"})
        issuer = self._issuer("TNOW", company)
        self.assertIsNone(self._live().terminal(issuer._back_office_id()))

    def test_a_draft_is_not_published_until_it_is_started(self):
        draft = self._program("T-NEW", self.grocer, "fixed_discount", state="draft")
        self.assertNotIn("T-NEW", self._live().programs)
        self.assertEqual(draft.publication, "draft")
        draft.rate = 3
        draft.action_activate()
        self.assertIn("T-NEW", self._live().programs)
        self.assertEqual(draft.publication, "live")

    def test_a_draft_program_of_a_card_type_in_use_is_left_out(self):
        draft = self._program("T-NEW", self.grocer, "fixed_discount", state="draft")
        self.club.program_ids |= draft
        self.assertEqual(self._live().card_types["T-CLUB"].programs, ("T-BON", "T-DIS"))

    # When it is published

    def test_many_changes_of_one_transaction_make_one_version(self):
        before = self._version()
        self.bonus.step = 6
        self.discount.max_rate = 20
        self.centre.name = "Renamed"
        self.assertEqual(self._version(), before + 1)

    def test_a_version_tells_what_differs_from_the_one_before(self):
        self.bonus.step = 7
        self.env.cr.flush()
        live = self.env["ekarte.network.version"].browse(self._version())
        self.assertEqual(live.differences, "T-BON · For Each Whole: 500 → 700")
        first = self.env["ekarte.network.version"].search([], order="id", limit=1)
        self.assertFalse(first.differences)

    def test_a_change_that_changes_nothing_makes_no_version(self):
        before = self._version()
        self.bonus.step = self.bonus.step
        self.bonus.message_post(body="A note")
        self.assertEqual(self._version(), before)

    def test_every_configuration_model_publishes_when_it_changes(self):
        group = self.env["ekarte.goods.group"].create({"code": "t2", "name": "Two"})
        self.env.cr.flush()
        changes = [
            lambda: self.network.write({"name": "Another name"}),
            lambda: self.grocer.write({"slip_footer": "Thanks"}),
            lambda: self.grocer.coalition_ids.write({"name": "Renamed coalition"}),
            lambda: self.station.write({"cutoff": 4.5}),
            lambda: group.write({"tax_rate": 12}),
            lambda: self.gift.write(
                {"denomination_ids": [Command.create({"amount": 5})]}
            ),
            lambda: self.gift.denomination_ids.write({"amount": 15}),
            lambda: self.gift.write({"denomination_ids": [Command.clear()]}),
            lambda: self.club.range_ids.write({"check_digit": "none"}),
            lambda: self.fuel_club.write({"access_code": "required"}),
            group.unlink,
            lambda: self.suburb.write({"active": False}),
        ]
        for number, change in enumerate(changes):
            with self.subTest(change=number):
                before = self._version()
                change()
                self.assertEqual(self._version(), before + 1)

    def test_publications_wait_for_each_other(self):
        self.bonus.step = 8
        self.env.cr.flush()
        with (
            sql_db.db_connect(self.env.cr.dbname).cursor() as rival,
            self.assertRaises(psycopg2.errors.LockNotAvailable),
            mute_logger("odoo.sql_db"),
        ):
            rival.execute(
                "SELECT id FROM ekarte_network WHERE id = %s FOR UPDATE NOWAIT",
                [self.network.id],
            )

    def test_publishing_by_hand_twice_changes_nothing(self):
        before = self._version()
        notice = self.network.action_publish()
        self.assertEqual(self._version(), before)
        self.assertIn(str(before), notice["params"]["message"])

    def test_the_nightly_job_publishes_what_somebody_undid(self):
        body = json.dumps({**json.loads(self.network._body()), "name": "From a file"})
        self.env["ekarte.network.version"].flush_model()
        with patch.object(type(self.network), "_body", lambda _self: body):
            self.network._publish()
        self.network.published_version -= 1
        self.network.invalidate_recordset()
        self.assertEqual(self.network.state, "foreign")
        self.env["ekarte.network"]._cron_publish()
        self.assertEqual(self._live().document.name, self.network.name)
        self.network.invalidate_recordset()
        self.assertEqual(self.network.state, "live")

    def test_without_an_issuer_nothing_is_published(self):
        before = self._version()
        with patch.object(type(self.network), "_is_configured", lambda _self: False):
            self.network.name = "Nobody here yet"
            self.assertEqual(self._version(), before)
            self.assertEqual(self.network.state, "empty")

    # What cannot be published

    def test_an_incomplete_program_cannot_be_started(self):
        draft = self._program("T-NEW", self.grocer, "bonus_amount", state="draft")
        with self.assertRaisesRegex(UserError, "Program T-NEW.*For Each Whole.*zero"):
            draft.action_activate()

    def test_a_fault_keeps_the_version_before_and_is_told(self):
        before = self._version()
        self.bonus.step = 0
        self.assertEqual(self._version(), before)
        self.assertEqual(self.network.state, "faulty")
        fault = self.network.fault_ids
        self.assertEqual(fault.field_label, "For Each Whole")
        self.assertEqual(fault.action_open()["res_id"], self.bonus.id)
        self.assertEqual(self.bonus.publication, "waiting")
        self.assertIn("above zero", self.bonus.publication_note)
        self.assertFalse(self.discount.publication_note)

    def test_once_mended_it_is_published_by_itself(self):
        before = self._version()
        self.bonus.step = 0
        self.env.cr.flush()
        self.bonus.step = 9
        self.assertEqual(self._version(), before + 1)
        self.assertFalse(self.network.fault_ids)
        self.assertEqual(self.network.state, "live")
        self.assertEqual(self.bonus.publication, "live")

    def test_the_administrator_saves_a_fault_and_hears_of_it(self):
        administrator = self._user("t.admin", "administrator", self.grocer_company)
        self.bonus.with_user(administrator).step = 0
        self.env.cr.flush()
        notice = self.env["bus.bus"].search([], order="id desc", limit=1)
        self.assertIn("Saved, but not published", notice.message)
        self.assertIn("T-BON", notice.message)

    def test_an_issuer_cannot_save_what_would_hold_up_the_others(self):
        issuer = self._user("t.issuer", "issuer", self.grocer_company)
        with self.assertRaisesRegex(UserError, "T-BON.*For Each Whole"):
            self.bonus.with_user(issuer).step = 0
            self.env.cr.flush()

    def test_an_issuer_saves_in_spite_of_somebody_elses_fault(self):
        self.fuel_bonus.step = 0
        self.env.cr.flush()
        issuer = self._user("t.issuer", "issuer", self.grocer_company)
        self.bonus.with_user(issuer).step = 7
        self.env.cr.flush()
        self.assertEqual(self.bonus.publication, "waiting")

    def test_other_faults_do_not_hinder_the_start_of_a_sound_program(self):
        self.bonus.step = 0
        self.env.cr.flush()
        draft = self._program("T-NEW", self.grocer, "fixed_discount", state="draft")
        draft.rate = 5
        draft.action_activate()
        self.assertEqual(draft.state, "active")

    def test_an_archived_branch_does_not_turn_one_branch_into_all(self):
        self._program(
            "T-SUB",
            self.grocer,
            "fixed_discount",
            rate=1,
            branch_ids=[Command.set(self.suburb.ids)],
        )
        before = self._version()
        self.suburb.active = False
        self.assertEqual(self._version(), before)
        self.assertEqual(self.network.fault_ids.field_label, "Branches")

    def test_a_fault_of_a_terminal_leads_to_its_record(self):
        network_class = type(self.network)
        wrong = {"id": "SHORT", "branch": "TG1", "_record": self.centre}
        with patch.object(network_class, "_network_terminals", lambda _self: [wrong]):
            self.bonus.step = 11
            self.env.cr.flush()
            self.assertEqual(self.network.fault_ids.res_id, self.centre.id)

    def test_an_update_publishes_what_it_tells_more_of(self):
        cron = self.env.ref("ekarte_loyalty.ekarte_network_cron_publish")
        triggers = self.env["ir.cron.trigger"]
        before = triggers.search_count([("cron_id", "=", cron.id)])
        convert_file(
            self.env, "ekarte_loyalty", "data/ekarte_loyalty_data.xml", None, "update"
        )
        after = triggers.search_count([("cron_id", "=", cron.id)])
        self.assertEqual(after, before + 1)

    # What may not change any more

    def test_codes_that_the_ledger_knows_cannot_change(self):
        self._send(self.grocer, "sale", CLUB_CARD, 1750)
        for record in (self.grocer, self.centre, self.bonus, self.club):
            with (
                self.subTest(record=record),
                self.assertRaisesRegex(UserError, "cannot change"),
            ):
                record.code = "OTHER"
        with self.assertRaisesRegex(UserError, "cannot change"):
            self.bonus.kind = "gift_card"
        with self.assertRaisesRegex(UserError, "history"):
            self.bonus.unlink()
        with self.assertRaisesRegex(UserError, "Valid Until"):
            self.bonus.action_draft()
        with self.assertRaisesRegex(UserError, "Customers hold cards"):
            self.club.action_draft()

    def test_codes_that_the_ledger_does_not_know_may_change(self):
        self.bonus.code = "T-BON2"
        self.centre.code = "TG9"
        self.assertIn("T-BON2", self._live().programs)
        self.assertIn("TG9", self._live().branches)
        self.bonus.action_draft()
        self.assertNotIn("T-BON2", self._live().programs)
        self.club.action_draft()
        self.assertNotIn("T-CLUB", self._live().card_types)

    def test_the_same_value_written_again_is_no_change(self):
        self._send(self.grocer, "sale", CLUB_CARD, 1750)
        self.bonus.write({"code": "T-BON", "issuer_id": self.grocer.id})

    # Who an issuer is

    def test_an_issuer_is_a_company_or_a_partner_never_both_or_neither(self):
        partner = self.env["res.partner"].create({"name": "Outside"})
        both = {"company_id": self.env.company.id, "partner_id": partner.id}
        for wrong in ({}, both):
            with (
                self.subTest(wrong=wrong),
                self.assertRaises(psycopg2.errors.CheckViolation),
                mute_logger("odoo.sql_db"),
            ):
                self.env["ekarte.issuer"].create({"code": "X", "name": "X", **wrong})
        outside = self.env["ekarte.issuer"].create(
            {"code": "TOUT", "partner_id": partner.id}
        )
        self.assertEqual(outside.name, "Outside")
        self.assertFalse(self._live().issuers["TOUT"].in_odoo)
        self.assertTrue(self._live().issuers["TGRO"].in_odoo)

    def test_a_currency_without_hundredths_is_refused(self):
        yen = self.env.ref("base.JPY")
        with self.assertRaisesRegex(ValidationError, "hundredths"):
            self.network.currency_id = yen

    def test_a_database_holds_one_network(self):
        with self.assertRaisesRegex(UserError, "one network"):
            self.env["ekarte.network"].create({"name": "Second"})
        with self.assertRaisesRegex(UserError, "stays"):
            self.network.unlink()

    # Versions

    def test_a_version_says_what_changed_in_it(self):
        self.bonus.step = 12
        self.station.name = "Renamed station"
        version = self.env["ekarte.network.version"].browse(self._version())
        self.assertEqual(version.changes, "TF1, T-BON")
        self.assertEqual(json.loads(version.document)["name"], self.network.name)

    def test_only_the_administrator_publishes_by_hand(self):
        issuer = self._user("t.issuer", "issuer", self.grocer_company)
        administrator = self._user("t.admin", "administrator", self.grocer_company)
        with self.assertRaises(AccessError):
            self.network.with_user(issuer).action_publish()
        self.network.with_user(administrator).action_publish()


def _branch(network):
    return network.branches["TG1"]


@tagged("post_install", "-at_install")
class TestUnits(TransactionCase):
    def test_money_keeps_every_cent_on_its_way_to_the_ledger(self):
        seed = random.SystemRandom().randrange(2**32)
        chance = random.Random(seed)
        wrong = [
            cents
            for cents in (chance.randrange(10**10) for _round in range(20_000))
            if to_minor(float(Decimal(cents).scaleb(-2))) != cents
        ]
        self.assertEqual(wrong, [], f"seed {seed}")

    def test_rates_factors_and_clocks(self):
        self.assertEqual(to_basis_points(5.25), 525)
        self.assertEqual(to_basis_points(0.29), 29)
        self.assertEqual(to_basis_points(False), 0)
        self.assertEqual(factor_to_basis_points(1.5), 15_000)
        self.assertEqual(to_minor(0.285), 29)
        self.assertEqual(to_clock(0), "00:00")
        self.assertEqual(to_clock(4.5), "04:30")
        self.assertEqual(to_clock(23.983333333), "23:59")
