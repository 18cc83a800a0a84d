"""What issuers owe others, what answers for it, and what becomes of it."""

from datetime import datetime, timedelta, timezone

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from ekarte_core import Tender, exposures

from .settlement_common import ACCOUNTANT_GROUPS, CLUB, GIFT, LedgerCase

OUR_TERMINALS = ("TTTTTTF1", "TTTTTTB1")


class RiskCase(LedgerCase):
    """The union of the settlement tests, run by the grocer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.grocer_issuer, cls.fuel_issuer, cls.books_issuer = cls.issuers
        cls.issuers.books_currency_id = cls.env.ref("base.EUR")
        cls.coalition = cls.env["ekarte.coalition"].create(
            {
                "code": "TU",
                "name": "Test union",
                "issuer_ids": [Command.set(cls.issuers.ids)],
                "operator_id": cls.grocer_issuer.id,
            }
        )

    def deposit(self, issuer, amount, kind="in"):
        deposit = self.env["ekarte.clearing.deposit"].create(
            {
                "coalition_id": self.coalition.id,
                "issuer_id": issuer.id,
                "kind": kind,
                "amount": amount,
            }
        )
        deposit.action_post()
        return deposit

    def exposure(self, issuer):
        self.env["ekarte.exposure"].invalidate_model()
        return self.env["ekarte.exposure"].browse(issuer.id)

    def items(self, moves, company):
        """Debits (positive) by account key, of one company, in cents."""
        names = {
            company._ekarte_account(key).id: key
            for key in ("BNK", "ADP", "LDP", "ARU", "APU", "ARI", "API", "XLS", "LGC")
        }
        return {
            names[item.account_id.id]: round(item.balance * 100)
            for item in moves.line_ids
            if item.company_id == company
        }

    def statement(self, issuer, amount):
        """A posted statement of so much: below zero, the issuer pays."""
        cycle = self.env["ekarte.clearing.cycle"].create(
            {"coalition_id": self.coalition.id, "currency_id": self.eur.id}
        )
        cycle.state = "posted"
        statement = self.env["ekarte.clearing.statement"].create(
            {"cycle_id": cycle.id, "issuer_id": issuer.id, "net": amount}
        )
        statement.state = "posted"
        sides = [(self.grocer, issuer, "API" if amount > 0 else "ARI", -amount)]
        if issuer.company_id:
            key = "ARU" if amount > 0 else "APU"
            sides.append((issuer.company_id, self.grocer_issuer, key, amount))
        for company, other, key, balance in sides:
            self._item(statement, company, other, key, balance)
        return statement

    def _item(self, statement, company, other, key, balance):
        partner = other.company_id.partner_id or other.partner_id
        rest = company._ekarte_account("CLR")
        rows = [
            (company._ekarte_account(key), balance, statement),
            (rest, -balance, None),
        ]
        move = self.env["account.move"].create(
            {
                "move_type": "entry",
                "company_id": company.id,
                "journal_id": company.ekarte_journal_id.id,
                "line_ids": [
                    Command.create(
                        {
                            "account_id": account.id,
                            "partner_id": partner.id,
                            "balance": value,
                            "ekarte_statement_id": of and of.id,
                        }
                    )
                    for account, value, of in rows
                ],
            }
        )
        move._post(soft=False)

    @property
    def eur(self):
        return self.env.ref("base.EUR")


@tagged("post_install", "-at_install")
class TestDeposits(RiskCase):
    def test_a_deposit_stands_in_both_books(self):
        deposit = self.deposit(self.fuel_issuer, 500)
        self.assertEqual(
            self.items(deposit.move_ids, self.fuel), {"ADP": 50_000, "BNK": -50_000}
        )
        self.assertEqual(
            self.items(deposit.move_ids, self.grocer), {"BNK": 50_000, "LDP": -50_000}
        )
        self.assertEqual(self.fuel_issuer.deposit, 500)

    def test_it_is_posted_once(self):
        deposit = self.deposit(self.fuel_issuer, 500)
        moves = deposit.move_ids
        deposit.action_post()
        self.assertEqual((deposit.move_ids, self.fuel_issuer.deposit), (moves, 500))

    def test_what_is_paid_back_is_the_same_with_a_minus_sign(self):
        self.deposit(self.fuel_issuer, 500)
        back = self.deposit(self.fuel_issuer, 200, kind="back")
        self.assertEqual(
            self.items(back.move_ids, self.fuel), {"ADP": -20_000, "BNK": 20_000}
        )
        self.assertEqual(self.fuel_issuer.deposit, 300)

    def test_no_more_is_paid_back_than_lies_there(self):
        self.deposit(self.fuel_issuer, 100)
        with self.assertRaises(UserError):
            self.deposit(self.fuel_issuer, 100.01, kind="back")

    def test_of_an_outside_member_the_operator_alone_has_books(self):
        deposit = self.deposit(self.books_issuer, 70)
        self.assertEqual(deposit.move_ids.company_id, self.grocer)

    def test_the_operator_leaves_no_deposit_with_itself(self):
        with self.assertRaises(ValidationError):
            self.deposit(self.grocer_issuer, 1)

    def test_accountants_of_others_post_none_the_operators_do(self):
        theirs = self._user("t_fuel_acc", ACCOUNTANT_GROUPS, self.fuel)
        ours = self._user("t_grocer_acc", ACCOUNTANT_GROUPS, self.grocer)
        values = {
            "coalition_id": self.coalition.id,
            "issuer_id": self.fuel_issuer.id,
            "amount": 10,
            "state": "posted",
        }
        deposit = self.env["ekarte.clearing.deposit"].with_user(theirs).create(values)
        self.assertEqual(deposit.state, "draft")
        with self.assertRaises(AccessError):
            deposit.action_post()
        with self.assertRaises(AccessError):
            deposit.state = "posted"
        deposit.with_user(ours).action_post()
        self.assertEqual(deposit.state, "posted")

    def test_a_posted_deposit_is_neither_changed_nor_deleted(self):
        ours = self._user("t_grocer_acc", ACCOUNTANT_GROUPS, self.grocer)
        deposit = self.deposit(self.fuel_issuer, 10).with_user(ours)
        with self.assertRaises(UserError):
            deposit.amount = 20
        with self.assertRaises(UserError):
            deposit.unlink()


@tagged("post_install", "-at_install")
class TestExposure(RiskCase):
    def test_what_is_used_elsewhere_is_owed_until_it_is_paid(self):
        self.trade()
        self.assertEqual(self.exposure(self.grocer_issuer).owed, 50)
        self.settle()
        self.env["ekarte.issuer"]._tell_cleared()
        exposure = self.exposure(self.grocer_issuer)
        self.assertEqual((exposure.owed, exposure.to_pay), (50, 50))
        lines = self.env["ekarte.clearing.line"].search(
            [("issuer_id", "=", self.grocer_issuer.id)]
        )
        lines.sudo().write({"state": "closed"})
        self.env["ekarte.issuer"]._tell_cleared()
        exposure = self.exposure(self.grocer_issuer)
        self.assertEqual((exposure.owed, exposure.to_pay, exposure.position), (0, 0, 0))

    def test_a_posted_statement_is_owed_until_it_is_paid(self):
        self.statement(self.fuel_issuer, -40)
        self.env["ekarte.issuer"]._tell_cleared()
        exposure = self.exposure(self.fuel_issuer)
        self.assertEqual(
            (exposure.owed, exposure.due, exposure.position), (40, 40, -40)
        )

    def test_an_operator_that_is_a_member_owes_until_it_has_paid_the_others(self):
        self.trade()
        self.settle()
        cycle = self.env["ekarte.clearing.cycle"].create(
            {"coalition_id": self.coalition.id, "date_to": "2026-11-30"}
        )
        cycle.action_collect()
        cycle.action_send()
        cycle.statement_ids._agree("Tests")
        cycle.action_post()
        self.env["ekarte.issuer"]._tell_cleared()
        exposure = self.exposure(self.grocer_issuer)
        self.assertEqual((exposure.owed, exposure.due), (50, 50))
        for statement in cycle.statement_ids.filtered("residual"):
            action = statement.action_pay_as_operator()
            register = self.env["account.payment.register"]
            register.with_context(**action["context"]).create({})._create_payments()
        self.env["ekarte.issuer"]._tell_cleared()
        exposure = self.exposure(self.grocer_issuer)
        self.assertEqual((exposure.owed, exposure.due), (0, 0))

    def test_the_limit_is_the_deposit_and_what_was_agreed_beyond_it(self):
        self.fuel_issuer.write({"has_exposure_limit": True, "agreed_limit": 30})
        self.deposit(self.fuel_issuer, 70)
        part = self.fuel_issuer._network_part()
        self.assertEqual(
            (part["exposure_limit"], part["accepted_elsewhere"]), (10_000, True)
        )
        self.assertEqual(self.exposure(self.fuel_issuer).exposure_limit, 100)

    def test_a_limit_of_nothing_is_not_the_same_as_none(self):
        part = self.fuel_issuer._network_part()
        self.assertEqual(
            (part["exposure_limit"], part["accepted_elsewhere"]), (0, True)
        )
        self.fuel_issuer.has_exposure_limit = True
        part = self.fuel_issuer._network_part()
        self.assertEqual(
            (part["exposure_limit"], part["accepted_elsewhere"]), (0, False)
        )

    def test_only_administrators_change_what_an_issuer_may_owe(self):
        user = self._user(
            "t_fuel_issuer", "ekarte_loyalty.ekarte_loyalty_group_issuer", self.fuel
        )
        with self.assertRaises(AccessError):
            self.fuel_issuer.with_user(user).agreed_limit = 1_000_000
        self.fuel_issuer.with_user(user).slip_footer = "Thanks"

    def test_the_operator_is_told_at_eighty_percent_and_when_it_stops(self):
        self.coalition.exposure_user_id = self.env.user
        self.grocer_issuer.write({"has_exposure_limit": True, "agreed_limit": 40})
        self.send("activate", "TTTTTTG1", GIFT, amount=10_000)
        self.use(3_100)
        self.assertEqual(self.told(), [])
        self.use(100)
        self.assertEqual(len(self.told()), 1)
        self.assertIn("80", self.told()[0].summary)
        self.assertEqual(len(self.told()), 1)  # told once
        self.use(800)
        (activity,) = self.told()
        self.assertIn("no more", activity.summary)
        self.assertEqual(self.exposure(self.grocer_issuer).state, "stopped")
        self.grocer_issuer.agreed_limit = 1_000
        self.assertEqual(self.told(), [])

    def use(self, amount):
        self.send("sale", "TTTTTTF1", GIFT, amount=amount, tender=Tender(gift=amount))

    def told(self):
        self.exposure(self.grocer_issuer)._alert()
        kind = self.env.ref("ekarte_loyalty.ekarte_exposure_activity")
        activities = self.grocer_issuer.activity_ids
        return [one for one in activities if one.activity_type_id == kind]

    def test_accountants_see_their_own_and_the_operator_all(self):
        theirs = self._user("t_fuel_acc", ACCOUNTANT_GROUPS, self.fuel)
        ours = self._user("t_grocer_acc", ACCOUNTANT_GROUPS, self.grocer)
        Exposure = self.env["ekarte.exposure"]
        own = [("issuer_id", "in", self.issuers.ids)]
        seen = Exposure.with_user(theirs).search(own).issuer_id
        self.assertEqual(seen, self.fuel_issuer)
        seen = Exposure.with_user(ours).search(own).issuer_id
        self.assertEqual(seen, self.issuers)

    def test_the_core_and_the_page_say_the_same(self):
        self.trade()
        by_code = {x.issuer: x.owed for x in exposures(self.env.cr, self.network)}
        for issuer in self.issuers:
            page = round(self.exposure(issuer).owed * 100)
            self.assertEqual(page, by_code[issuer.code])

    def test_the_clock_folds_and_changes_no_figure(self):
        self.trade()
        before = self.exposure(self.grocer_issuer).owed
        with self.enter_registry_test_mode():
            self.env.ref("ekarte_loyalty.ekarte_exposure_cron").method_direct_trigger()
        self.assertEqual(self.exposure(self.grocer_issuer).owed, before)
        self.env.cr.execute("SELECT count(*) FROM ekarte.exposure_use")
        self.assertEqual(self.env.cr.fetchone(), (0,))


@tagged("post_install", "-at_install")
class TestDefault(RiskCase):
    def default(self, issuer):
        return self.env["ekarte.clearing.default"].create(
            {"coalition_id": self.coalition.id, "issuer_id": issuer.id}
        )

    def losses(self, default):
        return {
            line.issuer_id.code: line.loss for line in default.line_ids if line.loss
        }

    def test_a_drill_counts_what_is_not_settled_and_posts_nothing(self):
        self.deposit(self.books_issuer, 5)
        self.trade()
        drill = self.default(self.grocer_issuer)
        self.assertEqual((drill.unsettled, drill.debt), (50, 50))
        self.settle()
        drill.action_compute()
        self.assertEqual((drill.open_net, drill.unsettled, drill.debt), (-50, 0, 50))
        self.assertFalse(drill.move_ids)
        self.assertFalse(self.grocer_issuer.refused_elsewhere)

    def test_deposit_then_what_it_is_owed_then_the_others(self):
        self.deposit(self.fuel_issuer, 30)
        self.statement(self.fuel_issuer, -100)
        self.statement(self.fuel_issuer, 20)
        self.statement(self.books_issuer, 60)
        self.send("activate", "TTTTTTG1", GIFT, amount=10_000)
        self.settle()
        default = self.default(self.fuel_issuer)
        default.date = fields.Date.to_date("2026-11-30")
        default.action_post()
        self.assertEqual(
            (default.debt, default.from_deposit, default.from_receivables),
            (100, 30, 20),
        )
        # The grocer alone has issued lately; it bears no more than it was to receive.
        self.assertEqual(default.shared + default.uncovered, 50)
        self.assertEqual(self.losses(default), {"TGROCER": default.shared})
        fuel = self.items(default.move_ids, self.fuel)
        self.assertEqual(fuel["ADP"], -3_000)
        self.assertEqual(fuel["ARU"], -2_000)
        self.assertEqual(self.fuel_issuer.deposit, 0)
        self.assertTrue(self.fuel_issuer.refused_elsewhere)
        self.assertFalse(self.fuel_issuer._network_part()["accepted_elsewhere"])

    def test_what_is_posted_pays_the_statements(self):
        self.deposit(self.fuel_issuer, 100)
        statement = self.statement(self.fuel_issuer, -100)
        default = self.default(self.fuel_issuer)
        default.action_post()
        self.assertEqual(set(statement.item_ids.mapped("amount_residual")), {0})
        self.assertEqual(default.uncovered, 0)
        self.assertEqual(
            self.items(default.move_ids, self.grocer), {"LDP": 10_000, "ARI": -10_000}
        )
        self.assertEqual(
            self.items(default.move_ids, self.fuel), {"APU": 10_000, "ADP": -10_000}
        )

    def test_who_owes_nothing_does_not_fail(self):
        default = self.default(self.fuel_issuer)
        with self.assertRaises(UserError):
            default.action_post()
        self.assertFalse(default.move_ids)

    def test_an_agreed_cap_is_the_most_that_a_member_loses(self):
        self.coalition.loss_cap = 7
        self.statement(self.fuel_issuer, -100)
        self.send("activate", "TTTTTTG1", GIFT, amount=10_000)
        self.settle()
        drill = self.default(self.fuel_issuer)
        drill.date = fields.Date.to_date("2026-11-30")
        drill.action_compute()
        self.assertEqual(drill.shared, 7)
        self.assertEqual(drill.uncovered, 93)


@tagged("post_install", "-at_install")
class TestJoiningAndLeaving(RiskCase):
    def leaving(self, **delta):
        now = fields.Datetime.now()
        return self.env["ekarte.coalition.leaving"].create(
            {
                "coalition_id": self.coalition.id,
                "issuer_id": self.fuel_issuer.id,
                "issue_until": now + timedelta(days=delta.get("issue", 1)),
                "spend_until": now + timedelta(days=delta.get("spend", 2)),
            }
        )

    def test_terminals_learn_the_dates_when_it_is_announced(self):
        leaving = self.leaving()
        self.assertEqual(self.coalition._network_part()["leaving"], [])
        leaving.action_announce()
        (part,) = self.coalition._network_part()["leaving"]
        self.assertEqual(part["issuer"], "TFUEL")
        until = datetime.fromisoformat(part["spend_until"])
        self.assertEqual(until, leaving.spend_until.replace(tzinfo=timezone.utc))
        leaving.action_take_back()
        self.assertEqual(self.coalition._network_part()["leaving"], [])

    def test_its_state_follows_the_dates(self):
        phases = []
        for issue, spend in ((1, 2), (-1, 2), (-2, -1)):
            leaving = self.leaving(issue=issue, spend=spend)
            phases.append(leaving.phase)
            leaving.action_announce()
            phases.append(leaving.phase)
        self.assertEqual(
            phases, ["planned", "issuing", "planned", "spending", "planned", "clearing"]
        )

    def test_value_is_accepted_at_least_as_long_as_it_is_given_out(self):
        with self.assertRaises(ValidationError):
            self.leaving(issue=2, spend=1)

    def test_it_leaves_when_nothing_is_left_and_no_sooner(self):
        leaving = self.leaving(issue=-2, spend=1)
        leaving.action_announce()
        with self.assertRaises(UserError):
            leaving.action_leave()
        leaving.issue_until = leaving.spend_until = fields.Datetime.now()
        deposit = self.deposit(self.fuel_issuer, 5)
        with self.assertRaises(UserError):
            leaving.action_leave()
        self.deposit(self.fuel_issuer, 5, kind="back")
        self.assertEqual(deposit.state, "posted")
        leaving.action_leave()
        self.assertEqual(leaving.phase, "left")
        self.assertNotIn(self.fuel_issuer, self.coalition.issuer_ids)

    def test_what_is_not_settled_or_cleared_keeps_it(self):
        leaving = self.leaving(issue=-2, spend=-1)
        leaving.action_announce()
        self.trade()
        self.assertEqual(leaving.unsettled_count, 1)
        with self.assertRaises(UserError):
            leaving.action_leave()
        self.settle()
        leaving.invalidate_recordset()
        self.assertEqual((leaving.unsettled_count, leaving.balance_clr), (0, 30))
        with self.assertRaises(UserError):
            leaving.action_leave()

    def test_who_is_no_member_does_not_leave(self):
        self.coalition.issuer_ids -= self.fuel_issuer
        with self.assertRaises(ValidationError):
            self.leaving()

    def join(self):
        return self.env["ekarte.coalition.join"].create(
            {"coalition_id": self.coalition.id, "issuer_id": self.grocer_issuer.id}
        )

    def test_who_joins_brings_books_that_say_what_its_cards_say(self):
        self.coalition.issuer_ids -= self.grocer_issuer
        self.send("activate", "TTTTTTG1", GIFT, amount=10_000)
        self.send("sale", "TTTTTTG1", CLUB, amount=5_000)
        self.settle()
        join = self.join()
        self.assertTrue(join.line_ids)
        self.assertFalse(join.missing)
        if join.agrees:
            self._disturb()
            join = self.join()
        self.assertFalse(join.agrees)
        with self.assertRaises(UserError):
            join.action_join()
        join.opening_account_id = self.grocer._ekarte_account("BNK")
        join.action_post_opening()
        self.assertTrue(join.agrees)
        join.action_join()
        self.assertIn(self.grocer_issuer, self.coalition.issuer_ids)

    def _disturb(self):
        """Balances that the books do not have: the gift liability stands elsewhere."""
        accounts = [self.grocer._ekarte_account(key) for key in ("LGC", "BNK")]
        move = self.env["account.move"].create(
            {
                "move_type": "entry",
                "company_id": self.grocer.id,
                "journal_id": self.grocer.ekarte_journal_id.id,
                "line_ids": [
                    Command.create({"account_id": account.id, "balance": balance})
                    for account, balance in zip(accounts, (100, -100), strict=True)
                ],
            }
        )
        move._post(soft=False)
