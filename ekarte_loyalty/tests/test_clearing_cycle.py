"""Clearing cycles: collected, sent, agreed with, posted, each once and as a whole."""

from datetime import date, timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .clearing_common import DAY, PAYER, ClearingCase


@tagged("post_install", "-at_install")
class TestClearingCycle(ClearingCase):
    def test_worked_figures_are_collected_into_a_matrix_and_statements(self):
        self.trade()
        cycle = self.collected()
        self.assertEqual(
            {
                (one.debtor_id.code, one.creditor_id.code): one.amount
                for one in cycle.position_ids
            },
            {
                ("TGROCER", "TFUEL"): 120.0,
                ("TFUEL", "TBOOKS"): 80.0,
                ("TBOOKS", "TGROCER"): 50.0,
            },
        )
        self.assertEqual(
            self.nets(cycle), {"TGROCER": -70.0, "TFUEL": 40.0, "TBOOKS": 30.0}
        )
        for text in ("120.00", "80.00", "50.00", "250.00", "-70.00", "+40.00"):
            self.assertIn(text, cycle.matrix)

    def test_cycle_takes_lines_up_to_its_day_and_leaves_the_rest(self):
        self.trade()
        self.take(
            self.line(
                "gift_spend",
                "TFUEL",
                "TGROCER",
                amount=100,
                carry=100,
                day="2026-11-22",
            )
        )
        cycle = self.collected()
        self.assertEqual(self.nets(cycle)["TGROCER"], -70.0)
        later = self.collected(date_to=date(2026, 11, 22))
        self.assertEqual(self.nets(later), {"TGROCER": -1.0, "TFUEL": 1.0})

    def test_nothing_to_clear_is_refused_and_nothing_is_collected_twice(self):
        with self.assertRaisesRegex(UserError, "nothing to clear"):
            self.collected()
        self.trade()
        self.collected()
        with self.assertRaisesRegex(UserError, "nothing to clear"):
            self.collected()

    def test_coalition_without_an_operator_cannot_clear(self):
        self.trade()
        self.coalition.operator_id = False
        with self.assertRaisesRegex(UserError, "has no operator"):
            self.collected()

    def test_draft_is_collected_anew_and_frees_its_lines_when_deleted(self):
        self.trade()
        cycle = self.collected()
        self.take(self.line("gift_spend", "TFUEL", "TGROCER", amount=100, carry=100))
        cycle.action_collect()
        self.assertEqual(self.nets(cycle)["TGROCER"], -71.0)
        cycle.unlink()
        self.assertEqual(self.nets(self.collected())["TGROCER"], -71.0)

    def test_sent_cycle_cannot_be_collected_anew_or_deleted(self):
        self.trade()
        cycle = self.sent()
        with self.assertRaisesRegex(UserError, "collect lines"):
            cycle.action_collect()
        with self.assertRaisesRegex(UserError, "delete"):
            cycle.unlink()
        cycle.action_withdraw()
        cycle.action_collect()
        self.assertEqual(cycle.state, "draft")

    def test_fee_and_its_tax_are_in_the_balance_of_each_statement(self):
        self.coalition.write({"fee_rate": 1.5, "fee_payer": "issuer"})
        self.trade()
        cycle = self.collected()
        self.assertEqual(
            self.nets(cycle, "fee"), {"TGROCER": 1.8, "TFUEL": 1.2, "TBOOKS": 0.75}
        )
        self.assertEqual(
            self.nets(cycle, "fee_tax"),
            {"TGROCER": 0.38, "TFUEL": 0.25, "TBOOKS": 0.16},
        )
        self.assertEqual(self.nets(cycle, "total")["TGROCER"], -72.18)

    def test_later_terms_do_not_change_a_cycle_that_is_sent(self):
        self.trade()
        cycle = self.sent()
        self.coalition.fee_rate = 5
        cycle._work_out()
        self.assertEqual(set(self.nets(cycle, "fee").values()), {0.0})

    def test_all_statements_agreed_make_the_cycle_agreed(self):
        self.trade()
        cycle = self.sent()
        first, *rest = cycle.statement_ids
        first.action_agree()
        self.assertEqual(cycle.state, "sent")
        for statement in rest:
            statement.action_agree()
        self.assertEqual(cycle.state, "agreed")

    def test_silence_agrees_after_the_last_day_and_not_on_it(self):
        self.trade()
        cycle = self.sent()
        today = fields.Date.context_today(cycle)
        self.assertEqual(
            set(cycle.statement_ids.mapped("dispute_until")),
            {today + timedelta(days=10)},
        )
        cycle.statement_ids.dispute_until = today
        self.env["ekarte.clearing.statement"]._cron_agree()
        self.assertEqual(cycle.state, "sent")
        cycle.statement_ids.dispute_until = today - timedelta(days=1)
        self.env["ekarte.clearing.statement"]._cron_agree()
        self.assertEqual(cycle.state, "agreed")
        self.assertEqual(set(cycle.statement_ids.mapped("agreed_by")), {"Silence"})

    # Posting

    def test_cycle_is_posted_in_every_company_and_empties_clearing(self):
        self.trade()
        cycle = self.posted()
        self.assertEqual(cycle.state, "posted")
        self.assertEqual(self.books(cycle, self.grocer), {"CLR": 7000, "APU": -7000})
        self.assertEqual(self.books(cycle, self.fuel), {"CLR": -4000, "ARU": 4000})
        self.assertEqual(self.clearing_balance(self.grocer), 0)
        self.assertEqual(self.clearing_balance(self.fuel), 0)
        lines = self.lines.search([("cycle_id", "=", cycle.id)])
        self.assertEqual(set(lines.mapped("state")), {"closed"})

    def test_operator_mirrors_what_members_owe_and_are_owed(self):
        self.take(
            self.line("gift_spend", "TFUEL", "TGROCER", amount=12000, carry=12000)
        )
        cycle = self.posted()
        self.assertEqual(self.books(cycle, self.union), {"ARI": 12000, "API": -12000})
        for item in cycle.move_ids.line_ids.filtered("ekarte_statement_id"):
            self.assertEqual(item.date_maturity, cycle.due_date)

    def test_fee_is_taxed_at_both_ends_and_set_off_for_a_creditor(self):
        self.coalition.write({"fee_rate": 1.5, "fee_payer": "split"})
        self.take(
            self.line("gift_spend", "TFUEL", "TGROCER", amount=12000, carry=12000)
        )
        cycle = self.posted()
        self.assertEqual(
            self.books(cycle, self.grocer),
            {"CLR": 12000, "APU": -12109, "XFE": 90, "VAT": 19},
        )
        self.assertEqual(
            self.books(cycle, self.fuel),
            {"CLR": -12000, "ARU": 11891, "XFE": 90, "VAT": 19},
        )
        self.assertEqual(
            self.books(cycle, self.union),
            {"ARI": 12109, "API": -11891, "RFE": -180, "VAT": -38},
        )
        taxed = cycle.move_ids.line_ids.filtered("tax_line_id")
        self.assertTrue(all(taxed.mapped("tax_tag_ids")))
        self.assertEqual(set(taxed.mapped("tax_base_amount")), {0.9})

    def test_posting_twice_posts_once(self):
        self.trade()
        cycle = self.posted()
        moves = cycle.move_ids
        cycle.action_post()
        self.assertEqual(cycle.move_ids, moves)

    def test_cycle_that_is_not_agreed_cannot_be_posted(self):
        self.trade()
        cycle = self.sent()
        with self.assertRaisesRegex(UserError, "cannot post it"):
            cycle.action_post()

    def test_all_that_is_in_the_way_is_named_at_once_and_nothing_is_posted(self):
        self.coalition.write({"fee_rate": 1.5, "fee_payer": "split"})
        self.trade()
        cycle = self.agreed()
        self.grocer.ekarte_apu_account_id = False
        self.fuel.ekarte_journal_id = False
        self.union.ekarte_sale_tax_ids = False
        with self.assertRaises(UserError) as refusal:
            cycle.action_post()
        for text in ("(APU)", "no E-karte journal", "no sale tax of 21 %"):
            self.assertIn(text, str(refusal.exception))
        self.assertEqual(cycle.state, "agreed")
        self.assertFalse(cycle.move_ids)
        self.env["ekarte.accounts"]._set_up(self.grocer | self.fuel | self.union)
        cycle.action_post()
        self.assertEqual(cycle.state, "posted")

    def test_locked_period_dates_entries_to_the_first_open_day(self):
        self.trade()
        cycle = self.agreed()
        self.grocer.fiscalyear_lock_date = date(2026, 11, 30)
        cycle.action_post()
        dates = {move.company_id: move.date for move in cycle.move_ids}
        self.assertEqual(dates[self.grocer], date(2026, 12, 1))
        self.assertEqual(dates[self.fuel], DAY)

    def test_entries_of_a_cycle_stay_as_posted(self):
        self.trade()
        cycle = self.posted()
        for move in cycle.move_ids:
            with self.assertRaisesRegex(UserError, "stay as posted"):
                move.button_draft()

    def test_settlement_reversed_after_clearing_is_taken_back_in_the_next_cycle(self):
        settlement = self.trade()
        self.posted()
        settlement._reverse(date(2026, 11, 22), "wrong account")
        cycle = self.collected()
        self.assertEqual(
            self.nets(cycle), {"TGROCER": 70.0, "TFUEL": -40.0, "TBOOKS": -30.0}
        )
        cycle.action_send()
        cycle.statement_ids._agree("Tests")
        cycle.action_post()
        self.assertEqual(self.clearing_balance(self.grocer), 0)

    # Invariants

    def test_manual_entry_on_clearing_blocks_the_cycle_and_names_it(self):
        self.trade()
        cycle = self.collected()
        self._book_by_hand(self.fuel, self.grocer.partner_id)
        with self.assertRaisesRegex(UserError, r"V4: .*Tests Fuel.*130\.00.*120\.00"):
            cycle.action_send()
        self._book_by_hand(self.fuel, self.env["res.partner"])
        with self.assertRaisesRegex(UserError, "V3: .*Tests Fuel"):
            cycle.action_send()

    def test_line_that_lost_its_other_side_blocks_the_cycle(self):
        self.trade()
        cycle = self.collected()
        self.env.cr.execute(
            "DELETE FROM ekarte_clearing_line WHERE cycle_id = %s AND side = 'pay'"
            " AND other_id = %s",
            [cycle.id, self.issuers[1].id],
        )
        with self.assertRaisesRegex(UserError, "V6: 1 claims"):
            cycle.action_send()

    def test_line_that_was_changed_blocks_the_cycle(self):
        self.trade()
        cycle = self.agreed()
        self.env.cr.execute(
            "UPDATE ekarte_clearing_line SET token = 'ffffffffffff'"
            " WHERE cycle_id = %s AND side = 'pay'",
            [cycle.id],
        )
        with self.assertRaisesRegex(UserError, "V13: "):
            cycle.action_post()

    def test_figures_that_do_not_sum_to_zero_block_the_cycle(self):
        self.trade()
        cycle = self.agreed()
        cycle.statement_ids[0].net += 1
        with self.assertRaisesRegex(UserError, "V5: "):
            cycle.action_post()

    def _book_by_hand(self, company, partner):
        move = self.env["account.move"].create(
            {
                "move_type": "entry",
                "company_id": company.id,
                "journal_id": company.ekarte_journal_id.id,
                "date": DAY,
                "line_ids": [
                    (
                        0,
                        0,
                        {
                            "account_id": company._ekarte_account(key).id,
                            "partner_id": partner.id,
                            "balance": balance,
                        },
                    )
                    for key, balance in (("CLR", 10), ("RBK", -10))
                ],
            }
        )
        move._post(soft=False)

    # On schedule

    def test_schedule_begins_the_cycle_of_a_period_that_is_over_and_only_once(self):
        self.coalition.period = "month"
        self.take(
            self.line(
                "gift_spend",
                "TFUEL",
                "TGROCER",
                amount=500,
                carry=500,
                day="2026-01-31",
            )
        )
        Cycle = self.env["ekarte.clearing.cycle"]
        Cycle._cron_collect()
        cycle = Cycle.search([("coalition_id", "=", self.coalition.id)])
        today = fields.Date.context_today(cycle)
        self.assertEqual(cycle.date_to, today.replace(day=1) - timedelta(days=1))
        self.assertEqual(self.nets(cycle)["TFUEL"], 5.0)
        Cycle._cron_collect()
        self.assertEqual(
            Cycle.search_count([("coalition_id", "=", self.coalition.id)]), 1
        )

    def test_coalition_that_clears_by_hand_is_left_alone(self):
        self.trade()
        self.env["ekarte.clearing.cycle"]._cron_collect()
        self.assertFalse(
            self.env["ekarte.clearing.cycle"].search(
                [("coalition_id", "=", self.coalition.id)]
            )
        )


@tagged("post_install", "-at_install")
class TestClearingRights(ClearingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.of_grocer = cls._user("t.acc.grocer", PAYER, cls.grocer)
        cls.of_union = cls._user("t.acc.union", PAYER, cls.union)

    def seen_by(self, user, model):
        return self.env[model].with_user(user).search([])

    def test_accountant_of_an_issuer_sees_its_own_statement_and_lines_only(self):
        self.trade()
        self.sent()
        statements = self.seen_by(self.of_grocer, "ekarte.clearing.statement")
        self.assertEqual(statements.sudo().issuer_id, self.issuers[0])
        lines = self.seen_by(self.of_grocer, "ekarte.clearing.line")
        self.assertEqual(lines.sudo().issuer_id, self.issuers[0])
        self.assertFalse(self.seen_by(self.of_grocer, "ekarte.clearing.cycle"))
        positions = self.seen_by(self.of_grocer, "ekarte.clearing.position").sudo()
        self.assertEqual(len(positions), 2)

    def test_accountant_of_the_operator_sees_and_runs_the_cycle(self):
        self.trade()
        Cycle = self.env["ekarte.clearing.cycle"].with_user(self.of_union)
        cycle = Cycle.create({"coalition_id": self.coalition.id, "date_to": DAY})
        cycle.action_collect()
        cycle.action_send()
        self.assertEqual(len(cycle.statement_ids), 3)
        self.assertEqual(
            len(self.seen_by(self.of_union, "ekarte.clearing.statement")), 3
        )
        for statement in cycle.statement_ids:
            statement.action_agree()
        cycle.action_post()
        self.assertEqual(cycle.state, "posted")

    def test_accountant_of_an_issuer_agrees_for_itself_and_for_nobody_else(self):
        self.trade()
        cycle = self.sent()
        own = self.statement(cycle, "TGROCER").with_user(self.of_grocer)
        own.action_agree()
        self.assertEqual(own.state, "agreed")
        self.assertEqual(own.agreed_by, self.of_grocer.name)
        with self.assertRaises(AccessError):
            self.statement(cycle, "TFUEL").with_user(self.of_grocer).action_agree()

    def test_accountant_of_an_issuer_cannot_run_a_cycle(self):
        self.trade()
        cycle = self.collected()
        for action in ("action_collect", "action_send", "action_post"):
            with self.assertRaises(AccessError):
                getattr(cycle.with_user(self.of_grocer), action)()
        with self.assertRaises(AccessError):
            self.env["ekarte.clearing.cycle"].with_user(self.of_grocer).create(
                {"coalition_id": self.coalition.id, "date_to": DAY}
            )

    def test_nobody_writes_lines_or_statements_by_hand(self):
        self.trade()
        cycle = self.sent()
        for record in (cycle.statement_ids[0], self.lines.search([], limit=1)):
            with self.assertRaises(AccessError):
                record.with_user(self.of_union).write({"state": "closed"})
