"""What accountants are told of liabilities agrees with cards and books, to the cent."""

from datetime import date, datetime, timezone

from psycopg2.errors import UniqueViolation

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ekarte_core import (
    Original,
    Request,
    Tender,
    decode_answer,
    execute,
    expire_lots,
    publish,
    read_network,
)

from .settlement_common import (
    ACCOUNTANT_GROUPS,
    CLUB,
    GIFT,
    LedgerCase,
    network_document,
)

SEPTEMBER = datetime(2026, 9, 10, 9, tzinfo=timezone.utc)
OCTOBER = datetime(2026, 10, 10, 9, tzinfo=timezone.utc)
NOVEMBER = datetime(2026, 11, 12, 9, tzinfo=timezone.utc)
CENTS = ("opening", "issued", "redeemed", "expired", "reversed", "by_hand", "closing")


class MonthsCase(LedgerCase):
    """Gift cards that end after two months, over three months."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.terms = network_document()
        for program in cls.terms["programs"]:
            if program["code"] == "TGIFT":
                program["parameters"]["valid_months"] = 2
            if program["code"] == "TBON":
                program["parameters"]["expire_days"] = 20
        version = publish(cls.env.cr, cls.terms, SEPTEMBER)
        cls.network = read_network(cls.terms, version=version)
        cls.gift, cls.bonus = (
            cls.env["ekarte.program"].search([("code", "=", code)])
            for code in ("TGIFT", "TBON")
        )

    def at(self, moment, command, terminal, card, **more):
        """One operation at a moment."""
        type(self).number += 1
        request = Request(
            command=command,
            terminal=terminal,
            batch=1,
            operation=self.number,
            card=card,
            **more,
        )
        (outcome,) = execute(self.env.cr, [request], self.network, self.keyring, moment)
        answer = decode_answer(outcome.answer)
        self.assertEqual(answer.rc, "00", answer)

    def three_months(self):
        """100.00 loaded, 30.00 used, 10.00 of it undone; 40.00 more; the rest ends."""
        self.at(SEPTEMBER, "activate", "TTTTTTG1", GIFT, amount=10_000)
        for amount in (2_000, 1_000):
            self.at(
                SEPTEMBER,
                "sale",
                "TTTTTTG1",
                GIFT,
                amount=amount,
                tender=Tender(gift=amount),
            )
        self.at(
            OCTOBER,
            "reverse",
            "TTTTTTG1",
            GIFT,
            amount=1_000,
            original=Original(batch=1, operation=self.number),
        )
        self.at(OCTOBER, "top_up", "TTTTTTF1", GIFT, amount=4_000)
        self.at(OCTOBER, "sale", "TTTTTTG1", CLUB, amount=5_700)
        expire_lots(self.env.cr, self.network, self.keyring, NOVEMBER)
        self.settlements._cron_settle()
        self.assertEqual(set(self.settlements.search([]).mapped("state")), {"posted"})

    def months(self, program):
        """The roll-forward of a program: {month: {column: cents}}."""
        self.env.flush_all()
        return {
            row.month_name: {
                column: round(row[column] * 100)
                for column in CENTS
                if round(row[column] * 100)
            }
            for row in self.env["ekarte.rollforward"].search(
                [("program_id", "=", program.id), ("month", "<=", "2026-11-30")]
            )
        }


@tagged("post_install", "-at_install")
class TestLiabilityReports(MonthsCase):
    def test_each_month_opens_where_the_last_one_closed(self):
        self.three_months()
        months = self.months(self.gift)
        self.assertEqual(
            months,
            {
                "2026-09": {"issued": 10_000, "redeemed": -3_000, "closing": 7_000},
                "2026-10": {
                    "opening": 7_000,
                    "issued": 4_000,
                    "reversed": 1_000,
                    "closing": 12_000,
                },
                "2026-11": {"opening": 12_000, "expired": -8_000, "closing": 4_000},
            },
        )
        rows = self.env["ekarte.rollforward"].search(
            [("company_id", "=", self.grocer.id)]
        )
        self.assertFalse(any(rows.mapped("difference")))

    def test_a_month_without_any_business_still_opens_and_closes(self):
        self.at(SEPTEMBER, "activate", "TTTTTTG1", GIFT, amount=10_000)
        self.settlements._cron_settle()
        self.assertEqual(
            self.months(self.gift)["2026-10"], {"opening": 10_000, "closing": 10_000}
        )

    def test_what_waits_is_not_in_the_months_yet(self):
        self.grocer.ekarte_journal_id.active = False
        self.at(SEPTEMBER, "activate", "TTTTTTG1", GIFT, amount=10_000)
        self.settlements._cron_settle()
        self.assertEqual(self.months(self.gift), {})

    def test_an_entry_by_hand_has_a_column_of_its_own(self):
        self.three_months()
        self.env["account.move"].create(
            {
                "company_id": self.grocer.id,
                "journal_id": self.grocer.ekarte_journal_id.id,
                "date": "2026-10-31",
                "line_ids": [
                    (0, 0, {"account_id": account.id, "balance": balance})
                    for account, balance in (
                        (self.grocer._ekarte_account("LGC"), -5.0),
                        (self.grocer._ekarte_account("BNK"), 5.0),
                    )
                ],
            }
        ).action_post()
        self.assertEqual(
            self.months(self.env["ekarte.program"]),
            {
                "2026-10": {"by_hand": 500, "closing": 500},
                "2026-11": {"opening": 500, "closing": 500},
            },
        )
        row = self.env["ekarte.rollforward"].search(
            [("program_code", "=", ""), ("month", "=", "2026-10-01")]
        )
        action = row.action_open_lines()
        items = self.env[action["res_model"]].search(action["domain"])
        self.assertEqual(items.mapped("balance"), [-5.0])

    def test_a_month_leads_to_its_settled_lines(self):
        self.three_months()
        row = self.env["ekarte.rollforward"].search(
            [("program_id", "=", self.gift.id), ("month", "=", "2026-10-01")]
        )
        lines = self.env["ekarte.settlement.line"].search(
            row.action_open_lines()["domain"]
        )
        self.assertEqual(sorted(lines.mapped("event")), ["gift_load", "gift_spend"])

    def test_ages_sum_to_what_is_owed(self):
        self.three_months()
        # On the way, and counted all the same.
        self.at(NOVEMBER, "sale", "TTTTTTG1", CLUB, amount=5_000)
        ages = self.env["ekarte.liability.age"].search(
            [("company_id", "=", self.grocer.id)]
        )
        self.env.cr.execute(
            "SELECT sum(carry)::bigint FROM ekarte.purse WHERE issuer = 'TGROCER'"
        )
        (carried,) = self.env.cr.fetchone()
        self.assertEqual(round(sum(ages.mapped("carry")) * 100), carried)

    def test_each_end_has_its_bucket(self):
        self.at(SEPTEMBER, "activate", "TTTTTTG1", GIFT, amount=10_000)
        buckets = {}
        for days in (None, -1, 29, 89, 364, 366):
            self.env.cr.execute(
                "UPDATE ekarte.lot SET valid_until = now() + %s * interval '1 day'"
                " WHERE carry > 0",
                [days],
            )
            self.env.invalidate_all()
            age = self.env["ekarte.liability.age"].search([])
            buckets[days] = age.bucket
        self.assertEqual(
            buckets,
            {
                None: "5_for_ever",
                -1: "0_expired",
                29: "1_month",
                89: "2_quarter",
                364: "3_year",
                366: "4_later",
            },
        )

    def test_cohorts_say_what_became_of_each_month(self):
        self.three_months()
        cohorts = self.env["ekarte.cohort"].search([("program_id", "=", self.gift.id)])
        self.assertEqual(
            {
                row.month_name: (row.issued, row.used, row.expired, row.outstanding)
                for row in cohorts
            },
            {"2026-09": (100, 20, 80, 0), "2026-10": (40, 0, 0, 40)},
        )
        old = cohorts.filtered(lambda row: row.month_name == "2026-09")
        self.assertEqual((old.used_rate, old.expired_rate), (20, 80))

    def test_cohorts_of_an_earlier_day_know_nothing_of_later(self):
        self.three_months()
        estimate = self.env["ekarte.reestimate"].create(
            {"program_id": self.gift.id, "date": "2026-09-30"}
        )
        line = estimate.line_ids
        self.assertEqual((line.issued, line.used, line.outstanding), (100, 30, 70))

    def test_clearing_of_all_issuers_sums_to_zero_in_the_trial_balance(self):
        self.trade()
        self.settle()
        rows = self.env["ekarte.trial.balance"].search([("account_key", "=", "CLR")])
        self.assertEqual(rows.issuer_id, self.issuers)
        self.assertEqual(round(sum(rows.mapped("balance")), 2), 0)
        tender = self.env["ekarte.trial.balance"].search([("account_key", "=", "TND")])
        self.assertEqual(round(sum(tender.mapped("balance")), 2), 0)

    def test_the_trial_balance_of_each_company_is_that_of_its_books(self):
        self.trade()
        self.settle()
        for company in self.grocer | self.fuel:
            rows = self.env["ekarte.trial.balance"].search(
                [("company_id", "=", company.id)]
            )
            # All its entries are ours: debits are credits.
            self.assertEqual(round(sum(rows.mapped("balance")), 2), 0)
            self.assertTrue(rows)

    def test_accountants_see_their_companies_and_no_others(self):
        self.three_months()
        user = self._user("test.books", ACCOUNTANT_GROUPS, self.fuel)
        own = self._user("test.own.books", ACCOUNTANT_GROUPS, self.grocer)
        for model in ("rollforward", "liability.age", "cohort", "trial.balance"):
            with self.subTest(model):
                everything = self.env[f"ekarte.{model}"]
                theirs = everything.with_user(user).search([])
                self.assertLessEqual(theirs.sudo().company_id, self.fuel)
                mine = everything.with_user(own).search([])
                self.assertEqual(mine.sudo().company_id, self.grocer)


@tagged("post_install", "-at_install")
class TestReestimate(MonthsCase):
    """Expected breakage: booked to the cent, once for each month, and undone."""

    def estimate(self, program, day="2026-09-30", rate=90):
        return self.env["ekarte.reestimate"].create(
            {"program_id": program.id, "date": day, "rate": rate}
        )

    def items(self, estimate):
        """Cents by account of what an estimate booked."""
        sums = {}
        for item in estimate.move_ids.line_ids:
            sums.setdefault(item.account_id, 0)
            sums[item.account_id] += round(item.balance * 100)
        return {account: cents for account, cents in sums.items() if cents}

    def test_gift_cards_earn_what_is_used_over_what_is_expected_to_be(self):
        self.three_months()
        estimate = self.estimate(self.gift)
        # 100.00 issued, 30.00 used, 90 % expected: a third of the ten that never are.
        self.assertEqual((estimate.expected, estimate.adjustment), (3.33, 3.33))
        estimate.action_post()
        self.assertEqual(estimate.state, "posted")
        self.assertEqual(
            self.items(estimate),
            {
                self.grocer._ekarte_account("LGX"): 333,
                self.grocer._ekarte_account("RBK"): -333,
            },
        )
        self.assertEqual(str(estimate.move_ids.date), "2026-09-30")

    def test_the_next_month_books_the_difference_only(self):
        self.three_months()
        self.estimate(self.gift).action_post()
        october = self.estimate(self.gift, "2026-10-31")
        # 10.00 came back: 20.00 used of 100.00, and 40.00 new.
        self.assertEqual((october.expected, october.booked_before), (2.22, 3.33))
        october.action_post()
        self.assertEqual(
            self.items(october),
            {
                self.grocer._ekarte_account("LGX"): -111,
                self.grocer._ekarte_account("RBK"): 111,
            },
        )
        november = self.estimate(self.gift, "2026-11-30")
        november.action_post()
        # What was expected has expired: that earned it, the contra account is empty.
        self.assertEqual(november.expected, 0)
        self.assertEqual(self.items(november)[self.grocer._ekarte_account("LGX")], -222)

    def test_the_roll_forward_shows_it_and_agrees_with_the_books(self):
        self.three_months()
        self.estimate(self.gift).action_post()
        row = self.env["ekarte.rollforward"].search(
            [("program_id", "=", self.gift.id), ("month", "=", "2026-09-01")]
        )
        self.assertEqual((row.reestimated, row.closing), (-3.33, 66.67))
        self.assertEqual((row.gl, row.difference), (66.67, 0))
        self.assertFalse(self.settlements._red_rows(self.grocer))

    def test_bonuses_go_against_sales(self):
        self.at(SEPTEMBER, "sale", "TTTTTTG1", CLUB, amount=5_700)
        self.at(
            SEPTEMBER, "sale", "TTTTTTG1", CLUB, amount=500, tender=Tender(bonus=100)
        )
        self.settlements._cron_settle()
        self.bonus.deferral_policy = "cohort"
        estimate = self.estimate(self.bonus, rate=80)
        used, issued = estimate.line_ids.used, estimate.line_ids.issued
        self.assertLess(0, used)
        self.assertLess(used, issued)
        estimate.action_post()
        booked = self.items(estimate)
        cents = booked[self.grocer._ekarte_account("LBX")]
        self.assertEqual(booked[self.grocer._ekarte_account("REV")], -cents)
        self.assertEqual(cents, min(round(used * 25), round((issued - used) * 100)))

    def test_bonuses_that_are_not_estimated_by_cohorts_are_refused(self):
        self.at(SEPTEMBER, "sale", "TTTTTTG1", CLUB, amount=5_700)
        self.settlements._cron_settle()
        self.bonus.deferral_policy = "lot"
        with self.assertRaises(UserError):
            self.estimate(self.bonus).action_post()

    def test_one_estimate_for_each_month(self):
        self.three_months()
        first = self.estimate(self.gift)
        with (
            self.assertRaises(UniqueViolation),
            mute_logger("odoo.sql_db"),
            self.env.cr.savepoint(),
        ):
            self.estimate(self.gift)
        self.env.invalidate_all()
        first.action_post()
        first.action_post()
        self.assertEqual(len(first.move_ids), 1)
        first.action_reverse()
        self.assertEqual(self.items(first), {})
        self.estimate(self.gift).action_post()

    def test_they_come_and_go_in_order(self):
        self.three_months()
        october = self.estimate(self.gift, "2026-10-31")
        september = self.estimate(self.gift)
        october.action_post()
        with self.assertRaises(UserError):
            september.action_post()
        october.action_reverse()
        september.action_post()
        self.assertEqual(september.state, "posted")

    def test_what_is_posted_stays_as_it_is(self):
        self.three_months()
        estimate = self.estimate(self.gift)
        estimate.rate = 95
        self.assertEqual(set(estimate.line_ids.mapped("rate")), {95})
        estimate.action_post()
        for change in ({"rate": 50}, {"date": date(2026, 8, 31)}):
            with self.assertRaises(UserError):
                estimate.write(change)
        with self.assertRaises(UserError):
            estimate.unlink()
        with self.assertRaises(UserError):
            estimate.move_ids.button_draft()

    def test_the_proposed_share_is_that_of_months_that_are_over(self):
        self.three_months()
        november = self.estimate(self.gift, "2026-11-30")
        self.assertEqual(november.proposed_rate, 20)
        november.action_take_proposed()
        self.assertEqual(november.rate, 20)
        self.assertEqual(self.estimate(self.gift).proposed_rate, 100)

    def test_a_locked_month_is_dated_to_the_first_open_day(self):
        self.three_months()
        self.grocer.fiscalyear_lock_date = "2026-10-31"
        estimate = self.estimate(self.gift)
        estimate.action_post()
        self.assertEqual(str(estimate.move_ids.date), "2026-11-01")
        self.assertEqual(str(estimate.move_ids.ekarte_day), "2026-09-30")
        self.assertFalse(self.settlements._red_rows(self.grocer))

    def test_who_may_not_post_entries_may_not_post_estimates(self):
        self.three_months()
        estimate = self.estimate(self.gift)
        group = "ekarte_loyalty.ekarte_loyalty_group_accountant"
        reader = self._user("test.reader", group, self.grocer)
        poster = self._user("test.poster", ACCOUNTANT_GROUPS, self.grocer)
        with self.assertRaises(UserError):
            estimate.with_user(reader).action_post()
        estimate.with_user(poster).action_post()
        self.assertEqual(estimate.state, "posted")
