import psycopg2

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from ekarte_core import Original, Tender

from ..hooks import VIEWS_OF_THE_LEDGER
from .common import CLUB_CARD, GIFT_CARD, OTHER_CLUB_CARD, NetworkCase


@tagged("post_install", "-at_install")
class TestLedgerViews(NetworkCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._trade()
        cls.card = cls.env["ekarte.card"].search(
            [
                ("last4", "=", CLUB_CARD[-4:]),
                ("membership_ids.issuer_id", "=", cls.grocer.id),
            ]
        )
        cls.gift_card = cls.env["ekarte.card"].search(
            [
                ("last4", "=", GIFT_CARD[-4:]),
                ("membership_ids.issuer_id", "=", cls.grocer.id),
            ]
        )

    def _views(self):
        return [
            self.env[model]
            for model in self.env
            if self.env[model]._table in VIEWS_OF_THE_LEDGER
        ]

    # Nobody writes

    def test_every_window_on_the_ledger_is_known_to_the_uninstaller(self):
        mixin = self.env.registry["ekarte.ledger.view.mixin"]
        inheriting = {
            model._table
            for model in self.env.registry.values()
            if issubclass(model, mixin)
            and not model._abstract
            and model._original_module == "ekarte_loyalty"
        }
        self.assertEqual(inheriting, set(VIEWS_OF_THE_LEDGER))

    def test_postgresql_refuses_to_write_through_a_view(self):
        for view in self._views():
            for statement in (
                SQL("DELETE FROM %s", SQL.identifier(view._table)),
                SQL("UPDATE %s SET id = id", SQL.identifier(view._table)),
                SQL("INSERT INTO %s (id) VALUES (1)", SQL.identifier(view._table)),
            ):
                with (
                    self.subTest(view=view._table, statement=statement.code),
                    self.assertRaises(psycopg2.errors.ObjectNotInPrerequisiteState),
                    mute_logger("odoo.sql_db"),
                    self.env.cr.savepoint(),
                ):
                    self.env.cr.execute(statement)

    def test_the_orm_refuses_even_the_superuser(self):
        for view in self._views():
            record = view.sudo().search([], limit=1)
            with self.subTest(view=view._name), self.assertRaises(AccessError):
                record.write({"id": 1})
            with self.subTest(view=view._name), self.assertRaises(AccessError):
                record.unlink()
            with self.subTest(view=view._name), self.assertRaises(AccessError):
                view.sudo().create({})

    # What one reads

    def test_a_card_shows_a_mask_and_no_number(self):
        self.assertEqual(self.card.number, "998000******0011")
        self.assertEqual(self.card.display_name, "998000******0011")
        self.assertEqual(self.card.state, "active")
        self.assertEqual(str(self.card.last_use), "2026-11-20 12:00:00")
        self.env.cr.execute("SELECT to_jsonb(ekarte_card)::text FROM ekarte_card")
        everything = " ".join(row for (row,) in self.env.cr.fetchall())
        self.assertNotIn(CLUB_CARD, everything)

    def test_money_is_shown_in_euros_and_points_in_points(self):
        purses = {
            (purse.program_id.code, purse.measure): purse
            for purse in self.card.purse_ids
        }
        self.assertEqual(purses["T-BON", "points"].balance_text, "3")
        self.assertEqual(purses["T-BON", "points"].points, 3)
        self.assertEqual(purses["T-BON", "points"].money, 0)
        # 17.50 less 5 % is 16.62 (0.88 off): that is what counts for the next step.
        self.assertAlmostEqual(purses["T-DIS", "turnover"].balance, 16.62)
        self.assertEqual(purses["T-DIS", "turnover"].currency_id, self.euro)
        gift = self.gift_card.purse_ids
        self.assertAlmostEqual(gift.balance, 18.00)
        self.assertEqual(gift.issuer_id, self.grocer)

    def test_an_operation_shows_what_was_asked_and_answered(self):
        operation = self.env["ekarte.operation"].search(
            [("card_id", "=", self.card.id), ("command", "=", "sale")]
        )
        self.assertEqual((operation.rc, operation.approved), ("00", True))
        self.assertAlmostEqual(operation.amount, 17.50)
        self.assertAlmostEqual(operation.discount, 0.88)
        self.assertAlmostEqual(operation.amount_due, 16.62)
        self.assertEqual(operation.branch_id, self.centre)
        self.assertEqual(operation.currency_id, self.euro)
        self.assertEqual(str(operation.business_day), "2026-11-20")
        self.assertIn("5 %", operation.explanation)
        rows = operation.slip.splitlines()
        self.assertLessEqual(max(map(len, rows)), 42)
        self.assertTrue(any(row.endswith("   16,62 EUR") for row in rows), rows)

    def test_entries_stand_below_their_operation(self):
        operation = self.env["ekarte.operation"].search(
            [("card_id", "=", self.gift_card.id), ("command", "=", "sale")]
        )
        spent = operation.entry_ids.filtered("purse_id")
        self.assertAlmostEqual(sum(spent.mapped("posted")), -12.00)
        self.assertAlmostEqual(spent[-1:].posted_after, 18.00)
        self.assertEqual(spent.program_id, self.gift)

    def test_entries_are_found_by_the_index_of_their_operation(self):
        entry = self.env["ekarte.entry"].search([], limit=1)
        query = entry._search([("id", "in", entry.ids)])
        self.assertIn("operation_id", query.select().code)
        self.assertEqual(query.get_result_ids(), tuple(entry.ids))
        membership = self.env["ekarte.membership"].search([], limit=1)
        query = membership._search([("id", "=", membership.id)])
        self.assertIn("card_id", query.select().code)
        self.assertEqual(query.get_result_ids(), tuple(membership.ids))

    def test_a_reservation_is_open_until_it_is_confirmed(self):
        self._send(self.grocer, "authorize", GIFT_CARD, 500, tender=Tender(gift=500))
        number = next(self.numbers) - 1
        hold = self.env["ekarte.hold"].search([("card_id", "=", self.gift_card.id)])
        self.assertEqual(hold.state, "open")
        self.assertAlmostEqual(self.gift_card.purse_ids.held, 5.00)
        self.assertAlmostEqual(self.gift_card.purse_ids.available, 13.00)
        self._send(
            self.grocer,
            "confirm",
            GIFT_CARD,
            original=Original(batch=2, operation=number),
        )
        self.assertEqual(hold.state, "captured")
        self.assertAlmostEqual(self.gift_card.purse_ids.held, 0)
        original = self.env["ekarte.operation"].browse(hold.id)
        followers = self.env["ekarte.operation"].search(
            original.action_open_followers()["domain"]
        )
        self.assertEqual(followers.command, "confirm")
        self.assertEqual(followers.original_name, original.name)
        self.assertEqual(followers.action_open_original()["res_id"], original.id)

    def test_what_was_sold_counts_each_purchase_once(self):
        sale = self._send(self.grocer, "sale", CLUB_CARD, 2000)
        self._send(
            self.grocer,
            "refund",
            CLUB_CARD,
            500,
            original=Original(batch=2, operation=sale.request.operation),
        )
        wrong = self._send(self.grocer, "sale", CLUB_CARD, 9900)
        self._send(
            self.grocer,
            "reverse",
            CLUB_CARD,
            original=Original(batch=2, operation=wrong.request.operation),
        )
        self._send(self.grocer, "sale", GIFT_CARD, 99_00, tender=Tender(gift=99_00))
        sold = self.env["ekarte.operation"]._read_group(
            [("branch_id", "=", self.centre.id)], ["command"], ["sold:sum"]
        )
        # 17.50 from the beginning, 20.00 and the purchase that was undone.
        self.assertEqual(
            {command: round(total, 2) for command, total in sold},
            {"sale": 136.50, "refund": -5.00, "reverse": -99.00, "activate": 0},
        )

    def test_points_show_when_they_end(self):
        self.bonus.write({"expire_days": 30, "expire_at": "month"})
        self._send(self.grocer, "sale", OTHER_CLUB_CARD, 2500)
        card = self.env["ekarte.card"].search(
            [("last4", "=", OTHER_CLUB_CARD[-4:]), ("number", "=like", "9980%")]
        )
        purse = card.purse_ids.filtered(lambda one: one.measure == "points")
        lot = purse.lot_ids
        self.assertEqual(lot.balance_text, purse.balance_text)
        self.assertEqual(lot.issued_text, purse.balance_text)
        self.assertTrue(str(lot.valid_until).startswith("2026-12-31"))
        self.assertEqual(lot.valid_until, purse.valid_until)

    def test_lists_group_and_sum(self):
        grouped = self.env["ekarte.operation"]._read_group(
            [("branch_id", "in", (self.centre | self.station).ids)],
            ["branch_id"],
            ["__count", "amount:sum"],
        )
        self.assertEqual(
            {branch.code: (count, round(total, 2)) for branch, count, total in grouped},
            {"TG1": (2, 47.50), "TF1": (2, 65.00)},
        )

    def test_smart_buttons_count_and_lead_on(self):
        self.assertEqual(self.grocer.card_count, 2)
        self.assertEqual(self.grocer.branch_count, 2)
        self.assertEqual(self.grocer.program_count, 3)
        cards = self.env["ekarte.card"].search(
            self.grocer.action_open_cards()["domain"]
        )
        self.assertEqual(cards, self.card | self.gift_card)
        self.assertEqual(self.card.operation_count, 1)
        self.assertEqual(self.card.purse_count, 2)
        self.assertEqual(self.club.card_count, 1)
        for action in (
            self.grocer.action_open_branches(),
            self.grocer.action_open_programs(),
            self.grocer.action_open_card_types(),
            self.grocer.action_open_operations(),
            self.card.action_open_purses(),
            self.card.action_open_operations(),
            self.club.action_open_cards(),
            self.bonus.action_open_purses(),
            self.network.action_open_versions(),
        ):
            found = self.env[action["res_model"]].search(action["domain"] or [])
            self.assertTrue(found, action["name"])
