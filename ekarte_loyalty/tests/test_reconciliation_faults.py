"""Each check is green on honest books, and a fault turns it red, it and no other."""

from datetime import datetime, timedelta, timezone

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ekarte_core import (
    CardRef,
    Original,
    Tender,
    build_settlement,
    make_statements,
)

from .settlement_common import ACCOUNTANT_GROUPS, CREDIT, GIFT, PASS, LedgerCase

LATER = datetime(2026, 12, 1, 12, tzinfo=timezone.utc)
PASS_TWO = CardRef(value="8880003000000028")

CODES = (
    "V1",
    "V2",
    "TND",
    "V3",
    "V4",
    "V5",
    "V6",
    "V7",
    "V8",
    "V9",
    "V10",
    "V11",
    "V12",
    "V13",
    "V14",
    "V15",
)


class FaultCase(LedgerCase):
    """A settled day with every account in use; `red` names the checks that differ."""

    def setUp(self):
        super().setUp()
        self.trade()
        self.send("activate", "TTTTTTG1", PASS, amount=10_000)
        self.send("check_in", "TTTTTTG1", PASS)
        self.send("activate", "TTTTTTG1", CREDIT)
        self.send("sale", "TTTTTTG1", CREDIT, amount=5_000, tender=Tender(credit=5_000))
        self.settlement = self.settle()
        self.assertEqual(self.settlement.state, "posted", self.settlement.reason)

    def rows(self):
        """Rows of our two companies, and of nobody in particular."""
        self.env.flush_all()
        return self.settlements._red_rows(self.grocer | self.fuel)

    def red(self):
        """Checks that differ, and of which companies."""
        return {row["check"] for row in self.rows()}

    def plant(self, statement, **values):
        """Change something past the ORM, as a hand in the database would."""
        self.env.flush_all()
        self.env.cr.execute(statement, values)
        self.assertTrue(self.env.cr.rowcount, "the fault was not planted")
        self.env.invalidate_all()

    def item(self, company, key, event):
        """The journal item of an event on an account."""
        return self.settlement.move_ids.line_ids.filtered(
            lambda item: (
                item.company_id == company
                and item.account_id == company._ekarte_account(key)
                and item.ekarte_line_id.event == event
            )
        )[:1]

    def by_hand(self, company, key, partner=None):
        """A manual entry of one cent on an account."""
        move = self.env["account.move"].create(
            {
                "company_id": company.id,
                "journal_id": company.ekarte_journal_id.id,
                "line_ids": [
                    (
                        0,
                        0,
                        {
                            "account_id": company._ekarte_account(its_key).id,
                            "balance": balance,
                            "partner_id": partner and partner.id,
                        },
                    )
                    for its_key, balance in ((key, 0.01), ("BNK", -0.01))
                ],
            }
        )
        move.action_post()
        return move


@tagged("post_install", "-at_install")
class TestReconciliationFaults(FaultCase):
    def test_honest_books_are_green_in_every_check(self):
        self.assertEqual(self.red(), set())
        found = {row["check"] for row in self.settlements._reconciliation()}
        self.assertEqual(found, set(CODES))

    def test_v1_a_manual_entry_on_a_liability(self):
        self.by_hand(self.grocer, "LGC")
        self.assertEqual(self.red(), {"V1"})

    def test_v1_a_lot_worth_a_cent_more(self):
        self.plant(
            "UPDATE ekarte.lot SET carry = carry + 1 WHERE id ="
            " (SELECT min(id) FROM ekarte.lot WHERE posted > 0 AND carry > 0)"
        )
        self.assertEqual(self.red(), {"V1"})

    def test_v2_a_manual_entry_on_the_credit_account(self):
        self.by_hand(self.grocer, "ALC")
        self.assertEqual(self.red(), {"V2"})

    def test_v2_what_a_statement_names_moves_to_billed(self):
        made = make_statements(self.env.cr, self.network, self.keyring, LATER)
        self.assertEqual(made, 1)
        cutoff = LATER + timedelta(hours=1)
        build_settlement(self.env.cr, self.network, cutoff, cutoff)
        self.settlements._cron_settle()
        rows = {
            row["account"]: (row["gl"], row["expected"], row["ok"])
            for row in self.settlements._reconciliation()
            if row["check"] == "V2" and row["company_id"] == self.grocer.id
        }
        self.assertEqual(rows, {"ALC": (0, 0, True), "ALB": (5_000, 5_000, True)})
        self.assertEqual(self.red(), set())
        self.by_hand(self.grocer, "ALB")
        self.assertEqual(self.red(), {"V2"})

    def test_tnd_something_left_on_the_tender_account(self):
        self.by_hand(self.fuel, "TND")
        self.assertEqual(self.red(), {"TND"})

    def test_v3_clearing_with_nobody_named(self):
        self.by_hand(self.grocer, "CLR")
        self.assertEqual(self.red(), {"V3"})

    def test_v3_and_v4_clearing_by_hand_with_another_issuer(self):
        self.by_hand(self.grocer, "CLR", partner=self.fuel.partner_id)
        rows = self.rows()
        self.assertEqual({row["check"] for row in rows}, {"V3", "V4"})
        # Both sides of the pair differ, but only one has other books than lines.
        self.assertEqual(
            sorted((row["check"], row["company"]) for row in rows),
            [
                ("V3", "SIA Tests Fuel"),
                ("V3", "SIA Tests Grocer"),
                ("V4", "SIA Tests Grocer"),
            ],
        )

    def test_v4_both_lines_of_an_operation_changed(self):
        self.plant(
            "UPDATE ekarte_clearing_line SET amount = amount + sign(amount) * 0.01"
            " WHERE operation_id = (SELECT min(operation_id)"
            " FROM ekarte_clearing_line WHERE other_id <> %(outside)s"
            " AND issuer_id <> %(outside)s)",
            outside=self.issuers[2].id,
        )
        self.assertEqual(self.red(), {"V4"})

    def test_v6_a_line_of_another_operation(self):
        self.plant(
            "UPDATE ekarte_clearing_line SET operation_id = 1 WHERE id ="
            " (SELECT max(id) FROM ekarte_clearing_line)"
        )
        self.assertEqual(self.red(), {"V6"})

    def test_v4_and_v6_one_side_dropped(self):
        self.plant(
            "DELETE FROM ekarte_clearing_line WHERE id = (SELECT min(id) FROM"
            " ekarte_clearing_line WHERE issuer_id = %(own)s AND other_id = %(other)s)",
            own=self.issuers[0].id,
            other=self.issuers[1].id,
        )
        self.assertEqual(self.red(), {"V4", "V6"})

    def test_v7_value_in_an_empty_lot(self):
        for _visit in range(9):
            self.send("check_in", "TTTTTTG1", PASS)
        self.send("activate", "TTTTTTG1", PASS_TWO, amount=10_000)
        self.settle()
        self.assertEqual(self.red(), set())
        # The sum of both stays as it was.
        self.plant(
            "UPDATE ekarte.lot"
            " SET carry = carry + CASE posted WHEN 0 THEN 1 ELSE -1 END"
            " WHERE purse_id IN (SELECT id FROM ekarte.purse WHERE program = 'TPASS')"
        )
        self.assertEqual(self.red(), {"V7"})

    def test_v8_points_that_nobody_gave(self):
        self.plant("UPDATE ekarte.purse SET posted = posted + 1 WHERE unit = 'points'")
        self.assertEqual(self.red(), {"V8"})

    def test_v9_a_purchase_reversed_twice(self):
        self.send("sale", "TTTTTTG1", GIFT, amount=400, tender=Tender(gift=400))
        original = Original(batch=1, operation=self.number)
        self.send("reverse", "TTTTTTG1", GIFT, amount=400, original=original)
        self.settle()
        self.assertEqual(self.red(), set())
        # Another reversal, with a leg that moves nothing.
        self.plant(
            "INSERT INTO ekarte.operation SELECT (jsonb_populate_record(o,"
            " jsonb_build_object('id', o.id + 1000, 'number', o.number + 1000))).*"
            " FROM ekarte.operation AS o WHERE o.command = 'reverse'"
        )
        self.plant(
            "INSERT INTO ekarte.entry SELECT (jsonb_populate_record(e,"
            " jsonb_build_object('operation_id', o.id + 1000, 'posted', 0, 'held', 0,"
            " 'carry', 0, 'version', e.version + 1000))).*"
            " FROM ekarte.entry AS e INNER JOIN ekarte.operation AS o"
            " ON o.id = e.operation_id WHERE o.command = 'reverse' AND EXISTS (SELECT"
            " FROM ekarte.operation AS twin WHERE twin.id = o.id + 1000)"
        )
        self.assertEqual(self.red(), {"V9"})

    def test_v10_the_sales_of_a_day_posted_twice(self):
        # With tax, its sum would differ too (V11).
        settlement = self.take(self.line("sale", amount=1_000, tax_rate_bp=0))
        self.assertEqual(self.red(), set())
        move = settlement.move_ids
        twin = move.copy({"ekarte_settlement_id": settlement.id, "date": move.date})
        twin.write({"ekarte_day": move.ekarte_day, "ekarte_key": "twin"})
        twin.with_context(skip_invoice_sync=True)._post(soft=False)
        self.assertEqual(self.red(), {"V10"})

    def test_v10_an_entry_of_a_document_that_is_not_posted(self):
        settlement = self.take(self.line("sale", amount=1_000, tax_rate_bp=0))
        self.plant(
            "UPDATE ekarte_settlement SET state = 'reversed' WHERE id = %(id)s",
            id=settlement.id,
        )
        self.assertEqual(self.red(), {"V10"})

    def test_v11_a_cent_of_tax_booked_as_revenue(self):
        items = self.settlement.move_ids.line_ids.filtered(
            lambda item: item.company_id == self.fuel
        )
        tax, base = items.filtered("tax_line_id")[:1], items.filtered("tax_ids")[:1]
        for item, cents in ((tax, 1), (base, -1)):
            self.plant(
                "UPDATE account_move_line SET balance = balance + %(step)s / 100.0,"
                " credit = credit - %(step)s / 100.0 WHERE id = %(id)s",
                id=item.id,
                step=cents,
            )
        self.assertEqual(self.red(), {"V11"})
        (row,) = self.rows()
        self.assertEqual((row["difference"], row["faults"]), (-1, 1))

    def test_v12_a_document_that_waits(self):
        self.grocer.ekarte_journal_id.active = False
        self.send("sale", "TTTTTTG1", GIFT, amount=100, tender=Tender(gift=100))
        waiting = self.settle()
        self.assertEqual(waiting.state, "waiting")
        rows = self.rows()
        self.assertEqual([(row["check"], row["faults"]) for row in rows], [("V12", 1)])
        self.assertEqual(rows[0]["targets"]["ids"], waiting.ids)
        self.grocer.ekarte_journal_id.active = True
        waiting.action_retry()
        self.assertEqual(self.red(), set())

    def test_v12_an_entry_of_another_day(self):
        self.plant(
            "UPDATE account_move SET date = date - 1 WHERE id = %(id)s",
            id=self.settlement.move_ids[:1].id,
        )
        self.assertEqual(self.red(), {"V12"})

    def test_v12_a_locked_period_is_no_fault(self):
        self.grocer.fiscalyear_lock_date = "2026-11-30"
        settlement = self.take(self.line("sale", amount=1_210))
        self.assertEqual(str(settlement.move_ids.date), "2026-12-01")
        self.assertEqual(self.red(), set())

    def test_v13_a_line_that_the_document_does_not_have(self):
        self.plant(
            "UPDATE ekarte_settlement_line SET tendered = tendered + 1"
            " WHERE id = %(id)s",
            id=self.settlement.line_ids[:1].id,
        )
        self.assertEqual(self.red(), {"V13"})

    def test_v13_a_document_changed(self):
        self.plant(
            "UPDATE ekarte_settlement SET body = body || ' ' WHERE id = %(id)s",
            id=self.settlement.id,
        )
        self.assertEqual(self.red(), {"V13"})

    def test_v14_an_item_of_another_program(self):
        item = self.item(self.grocer, "LGC", "gift_spend")
        sale = self.settlement.line_ids.filtered(lambda line: line.event == "sale")[:1]
        self.plant(
            "UPDATE account_move_line SET ekarte_line_id = %(line)s WHERE id = %(id)s",
            id=item.id,
            line=sale.id,
        )
        rows = self.rows()
        self.assertEqual([row["check"] for row in rows], ["V14"])
        self.assertEqual((rows[0]["account"], rows[0]["ok"]), ("LGC", False))

    def test_a_fault_of_one_company_does_not_stop_another(self):
        self.by_hand(self.grocer, "LGC")
        self.assertTrue(self.settlements._red_rows(self.grocer))
        self.assertFalse(self.settlements._red_rows(self.fuel))


@tagged("post_install", "-at_install")
class TestReconciliationPage(FaultCase):
    """The page, what is behind its rows, and whom the night tells."""

    def page(self, user=None):
        """Rows of the page as a user sees them."""
        model = self.env["ekarte.reconciliation"]
        if user:
            model = model.with_user(user).with_context(
                allowed_company_ids=user.company_ids.ids
            )
        action = model.action_open()
        return model.search(action["domain"])

    def accountant(self, login, companies):
        return self._user(login, ACCOUNTANT_GROUPS, companies)

    def behind(self, row):
        """What the button of a row opens."""
        action = row.action_open_difference()
        return self.env[action["res_model"]].search(action["domain"])

    def row(self, code, key=False, company=None):
        """The red row of a check."""
        return self.page().filtered(
            lambda row: (
                row.code == code
                and not row.ok
                and (not key or row.account_key == key)
                and row.company_id == (company or self.grocer)
            )
        )

    def test_accountants_see_rows_of_their_companies_only(self):
        user = self.accountant("test.books", self.fuel)
        self.assertEqual(self.page(user).company_id, self.fuel)
        all_rows = self.page()
        self.assertLessEqual(self.grocer | self.fuel, all_rows.company_id)
        theirs = all_rows.filtered(lambda row: row.company_id == self.grocer)
        # Not even the rows of somebody else's page.
        self.assertFalse(
            self.env["ekarte.reconciliation"]
            .with_user(user)
            .with_context(allowed_company_ids=self.fuel.ids)
            .search([("id", "in", theirs.ids)])
        )

    def test_others_are_refused(self):
        user = self._user(
            "test.operator",
            "ekarte_loyalty.ekarte_loyalty_group_operator",
            self.grocer,
        )
        with self.assertRaises(AccessError):
            self.page(user)

    def test_red_rows_come_first_and_every_check_has_its_sentence(self):
        self.by_hand(self.fuel, "TND")
        rows = self.page()
        self.assertFalse(rows[0].ok)
        self.assertTrue(all(rows.mapped("check_kind")))
        sentences = dict(rows._fields["check_kind"].selection)
        self.assertEqual(set(sentences), set(CODES))

    def test_the_difference_of_a_liability_is_the_manual_item(self):
        move = self.by_hand(self.grocer, "LGC")
        found = self.behind(self.row("V1", "LGC"))
        self.assertEqual(found.move_id, move)
        self.assertEqual(len(found), 1)

    def test_the_difference_of_a_changed_item_is_its_line(self):
        item = self.item(self.grocer, "LGC", "gift_load")
        self.plant(
            "UPDATE account_move_line SET balance = balance - 1 WHERE id = %(id)s",
            id=item.id,
        )
        self.assertEqual(self.behind(self.row("V1", "LGC")), item.ekarte_line_id)

    def test_the_difference_of_a_changed_lot_is_the_lot(self):
        self.plant(
            "UPDATE ekarte.lot SET carry = carry + 1 WHERE id ="
            " (SELECT min(id) FROM ekarte.lot WHERE posted > 0 AND carry > 0)"
        )
        row = self.page().filtered(lambda row: not row.ok)
        found = self.behind(row)
        self.assertEqual((found._name, len(found)), ("ekarte.lot", 1))

    def test_what_is_left_on_the_tender_is_the_open_day(self):
        move = self.by_hand(self.fuel, "TND")
        found = self.behind(self.row("TND", company=self.fuel))
        self.assertIn(move, found.move_id)

    def test_the_difference_of_clearing_is_the_manual_item(self):
        move = self.by_hand(self.grocer, "CLR", partner=self.fuel.partner_id)
        self.assertEqual(self.behind(self.row("V4")).move_id, move)

    def test_a_green_row_opens_what_it_compared(self):
        rows = self.page().filtered(lambda row: row.company_id == self.grocer)
        self.assertTrue(all(rows.mapped("ok")))
        for row in rows:
            with self.subTest(row.code):
                self.behind(row)
        liability = rows.filtered(lambda r: (r.code, r.account_key) == ("V1", "LGC"))
        self.assertEqual(
            self.behind(liability).account_id, self.grocer._ekarte_account("LGC")
        )

    def test_every_red_check_leads_somewhere(self):
        self.plant("UPDATE ekarte.purse SET posted = posted + 1 WHERE unit = 'points'")
        self.plant("UPDATE ekarte_settlement SET digest = 'x'")
        self.assertEqual(self.behind(self.row("V13")), self.settlement)
        self.assertEqual(set(self.behind(self.row("V8")).mapped("unit")), {"points"})

    def test_the_night_tells_accountants_once_and_withdraws_when_it_is_mended(self):
        user = self.accountant("test.books", self.grocer)
        stranger = self.accountant("test.fuel.books", self.fuel)
        issuer = self.issuers[0]
        self.settlements._cron_reconcile()
        self.assertFalse(issuer.activity_ids)
        move = self.by_hand(self.grocer, "LGC")
        for _night in range(2):
            self.settlements._cron_reconcile()
            told = issuer.activity_ids.filtered(lambda act: act.user_id == user)
            self.assertEqual(len(told), 1)
            self.assertIn("V1", told.summary)
        self.assertNotIn(stranger, issuer.activity_ids.user_id)
        self.assertFalse(self.issuers[1].activity_ids)
        move.button_draft()
        self.settlements._cron_reconcile()
        self.assertFalse(issuer.activity_ids)
