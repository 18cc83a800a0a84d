"""What cannot be posted waits in sight; what is posted can be undone, not lost."""

from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .settlement_common import ACCOUNTANT_GROUPS, SettlementCase

QUIET = "odoo.addons.ekarte_loyalty.models.ekarte_settlement"


@tagged("post_install", "-at_install")
class TestSettlementWaiting(SettlementCase):
    def take(self, *lines, **changes):
        with mute_logger(QUIET):
            return super().take(*lines, **changes)

    def both(self):
        """Lines that need the books of both companies."""
        return (
            self.line("sale", "TFUEL", amount=3000, tendered=3000),
            self.line("gift_spend", "TFUEL", "TGROCER", amount=3000, carry=3000),
        )

    def assert_waits(self, settlement, *words):
        self.assertEqual(settlement.state, "waiting")
        self.assertFalse(settlement.move_ids)
        for word in words:
            self.assertIn(word, settlement.reason)

    def test_missing_account_is_named_and_set_it_is_posted(self):
        account = self.grocer.ekarte_lgc_account_id
        self.grocer.ekarte_lgc_account_id = False
        settlement = self.take(*self.both())
        self.assert_waits(
            settlement,
            "SIA Tests Grocer",
            "Gift card liability (LGC)",
            "E-karte > Accounting > Accounts",
        )
        with mute_logger(QUIET):
            settlement.action_retry()
        self.assert_waits(settlement)
        self.grocer.ekarte_lgc_account_id = account
        settlement.action_retry()
        self.assertEqual(settlement.state, "posted")
        self.assertFalse(settlement.reason)
        self.assertEqual(len(settlement.move_ids), 2)

    def test_nothing_of_a_document_is_posted_while_a_part_waits(self):
        self.grocer.ekarte_clr_account_id = False
        settlement = self.take(*self.both())
        self.assert_waits(settlement, "(CLR)")
        self.assertFalse(
            self.env["account.move"].search([("company_id", "=", self.fuel.id)])
        )

    def test_everything_in_the_way_is_said_at_once(self):
        self.grocer.write({"ekarte_lgc_account_id": False, "ekarte_journal_id": False})
        self.fuel.ekarte_sale_tax_ids = False
        self.assert_waits(
            self.take(*self.both()),
            "(LGC)",
            "no E-karte journal",
            "no sale tax of 21 %",
        )

    def test_archived_journal_and_account_wait(self):
        self.fuel.ekarte_journal_id.active = False
        self.assert_waits(self.take(*self.both()), "archived")
        self.fuel.ekarte_journal_id.active = True
        self.fuel.ekarte_tnd_account_id.active = False
        self.assert_waits(self.take(*self.both()), "(TND) is archived")
        self.fuel.ekarte_tnd_account_id.active = True
        self.assertEqual(self.take(*self.both()).state, "posted")

    def test_unknown_issuer_and_one_without_company_wait(self):
        strange = {**self.line("sale", amount=100), "seller": "TX", "issuer": "TX"}
        self.assert_waits(self.take(strange), "Issuer TX is not known here")
        # Built while TBOOKS still kept its books here, as the document says.
        settlement = self.take(self.line("sale", "TBOOKS", amount=100), outside=[])
        self.assert_waits(settlement, "keeps no company in this database")

    def test_another_currency_waits(self):
        settlement = self.take(self.line("sale", amount=100, currency="USD"))
        self.assert_waits(settlement, "in EUR", "in USD")

    def test_the_cron_posts_what_can_be_posted_and_leaves_the_rest(self):
        self.grocer.ekarte_lgc_account_id = False
        stuck = self.take(*self.both())
        self.fuel.ekarte_rev_account_id, account = (
            False,
            self.fuel.ekarte_rev_account_id,
        )
        mended = self.take(self.line("sale", "TFUEL", amount=100))
        self.fuel.ekarte_rev_account_id = account
        with self.enter_registry_test_mode(), mute_logger(QUIET):
            cron = self.env.ref("ekarte_loyalty.ekarte_settlement_cron_retry")
            cron.method_direct_trigger()
        self.assertEqual(mended.state, "posted")
        self.assert_waits(stuck)

    def test_sent_again_while_waiting_it_stays_one(self):
        self.grocer.ekarte_lgc_account_id, account = (
            False,
            self.grocer.ekarte_lgc_account_id,
        )
        document = self.document(*self.both())
        with mute_logger(QUIET):
            first = self.settlements._take(document)
        self.grocer.ekarte_lgc_account_id = account
        settlement = self.settlements.browse(first["id"])
        settlement.action_retry()
        again = self.settlements._take(document)
        self.assertEqual(again["moves"], settlement.move_ids.mapped("name"))
        self.assertEqual((again["created"], len(again["moves"])), (False, 2))

    # Locked periods

    def test_in_a_locked_period_it_is_dated_to_the_first_open_day(self):
        self.fuel.fiscalyear_lock_date = date(2026, 11, 30)
        settlement = self.take(*self.both())
        moves = {move.company_id: move for move in settlement.move_ids}
        locked, open_one = moves[self.fuel], moves[self.grocer]
        self.assertEqual(locked.date, date(2026, 12, 1))
        self.assertEqual(locked.ekarte_day, date(2026, 11, 21))
        self.assertIn("11/21/2026", locked.ref)
        self.assertTrue(
            all("11/21/2026" in item.name for item in locked.line_ids), "true day"
        )
        self.assertEqual(open_one.date, date(2026, 11, 21))
        self.assertFalse(any("11/21/2026" in i.name for i in open_one.line_ids))

    def test_the_tax_lock_moves_entries_with_tax_only(self):
        self.fuel.tax_lock_date = self.grocer.tax_lock_date = date(2026, 11, 30)
        settlement = self.take(*self.both())
        dates = {move.company_id: move.date for move in settlement.move_ids}
        self.assertEqual(dates[self.fuel], date(2026, 12, 1))
        self.assertEqual(dates[self.grocer], date(2026, 11, 21))

    # Undoing

    def reverse(self, settlement, user=None):
        wizard = self.env["ekarte.settlement.reversal"].with_user(user or self.env.user)
        wizard.create(
            {
                "settlement_ids": [(6, 0, settlement.ids)],
                "date": "2026-11-22",
                "reason": "wrong account",
            }
        ).action_reverse()

    def test_reversed_it_leaves_nothing_and_posted_again_the_same(self):
        settlement = self.take(*self.both())
        before = self.booked(settlement, self.fuel)
        originals = settlement.move_ids
        self.reverse(settlement)
        self.assertEqual(settlement.state, "reversed")
        self.assertEqual(len(settlement.move_ids), 4)
        self.assertEqual(originals.mapped("state"), ["posted"] * 2)
        self.assertFalse(any(self.booked(settlement, self.fuel).values()))
        self.assertIn("wrong account", settlement.message_ids[0].body)
        settlement.action_post_again()
        self.assertEqual(settlement.state, "posted")
        self.assertEqual(self.booked(settlement, self.fuel), before)
        self.assertEqual(len(settlement._current_moves()), 2)
        self.assertFalse(settlement._current_moves() & originals)

    def test_a_document_can_be_reversed_once(self):
        settlement = self.take(*self.both())
        self.reverse(settlement)
        with self.assertRaises(UserError):
            self.reverse(settlement)
        self.assertEqual(len(settlement.move_ids), 4)

    def test_entries_of_settlements_cannot_be_unposted_but_others_can(self):
        settlement = self.take(*self.both())
        for forbidden in ("button_draft", "button_cancel", "_reverse_moves"):
            with self.assertRaises(UserError):
                getattr(settlement.move_ids, forbidden)()
        self.assertFalse(any(settlement.move_ids.mapped("show_reset_to_draft_button")))
        other = self.env["account.move"].create(
            {
                "company_id": self.fuel.id,
                "journal_id": self.fuel.ekarte_journal_id.id,
                "line_ids": [
                    (0, 0, {"account_id": account.id, "balance": balance})
                    for account, balance in (
                        (self.fuel.ekarte_rev_account_id, -1),
                        (self.fuel.ekarte_bnk_account_id, 1),
                    )
                ],
            }
        )
        other.action_post()
        self.assertTrue(other.show_reset_to_draft_button)
        other._reverse_moves()
        other.button_draft()
        self.assertEqual(other.state, "draft")

    # Who may

    def test_accountants_act_where_they_may_enter_every_company(self):
        settlement = self.take(*self.both())
        one = self._user("test.one", ACCOUNTANT_GROUPS, self.fuel)
        both = self._user("test.both", ACCOUNTANT_GROUPS, self.fuel | self.grocer)
        with self.assertRaises(AccessError):
            self.reverse(settlement, one)
        self.reverse(settlement, both)
        self.assertEqual(settlement.state, "reversed")

    def test_operators_may_not_even_look(self):
        settlement = self.take(*self.both())
        operator = self._user(
            "test.operator", "ekarte_loyalty.ekarte_loyalty_group_operator", self.fuel
        )
        with self.assertRaises(AccessError):
            settlement.with_user(operator).read(["state"])
        with self.assertRaises(AccessError):
            settlement.with_user(operator).action_retry()

    def test_accountants_see_lines_of_their_companies_only(self):
        both = self.take(*self.both())
        grocers = self.take(self.line("sale", amount=100))
        user = self._user("test.fuel", ACCOUNTANT_GROUPS, self.fuel)
        seen = self.settlements.with_user(user).with_company(self.fuel)
        self.assertEqual(seen.search([("id", "in", (both | grocers).ids)]), both)
        self.assertEqual(
            both.with_user(user).line_ids.mapped("event"), ["sale", "gift_spend"]
        )
        self.assertFalse(
            self.env["ekarte.settlement.line"]
            .with_user(user)
            .search([("settlement_id", "=", grocers.id)])
        )

    def test_the_document_itself_is_for_administrators(self):
        settlement = self.take(*self.both())
        accountant = self._user("test.acc", ACCOUNTANT_GROUPS, self.fuel | self.grocer)
        administrator = self._user(
            "test.adm", "ekarte_loyalty.ekarte_loyalty_group_administrator", self.fuel
        )
        for field in ("body", "operation_count"):
            with self.assertRaises(AccessError):
                settlement.with_user(accountant).read([field])
        self.assertTrue(settlement.with_user(administrator).read(["body"])[0]["body"])

    def test_entries_are_counted_in_the_companies_one_may_enter(self):
        settlement = self.take(*self.both())
        one = self._user("test.one", ACCOUNTANT_GROUPS, self.fuel)
        both = self._user("test.both", ACCOUNTANT_GROUPS, self.fuel | self.grocer)
        self.assertEqual(settlement.with_user(one).move_count, 1)
        self.assertEqual(settlement.with_user(both).move_count, 2)
        action = settlement.with_user(both).action_open_moves()
        entries = self.env["account.move"].with_user(both)
        self.assertEqual(
            len(entries.with_context(**action["context"]).search(action["domain"])), 2
        )

    def test_nobody_writes_settlements_by_hand(self):
        settlement = self.take(*self.both())
        administrator = self._user(
            "test.adm", "ekarte_loyalty.ekarte_loyalty_group_administrator", self.fuel
        )
        with self.assertRaises(AccessError):
            settlement.with_user(administrator).write({"state": "posted"})
        with self.assertRaises(AccessError):
            settlement.line_ids.with_user(administrator).unlink()
