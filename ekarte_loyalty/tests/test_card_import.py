import base64
import io
import logging
from unittest.mock import patch

import openpyxl

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged

from ..spreadsheet import plain, read_table, write_csv
from .common import CLUB_CARD, FUEL_CARD, GIFT_CARD, OTHER_CLUB_CARD, THIRD_CLUB_CARD
from .credit_common import TAB_CARD, CreditCase
from .loyalty_cases import LoyaltyCases

HEAD = ("number", "T-BON", "T-BON money", "T-DIS", "T-GIF")
PEOPLE = ("number", "T-BON", "expires", "holder", "email", "phone")
TEMPLATE = [*HEAD, *PEOPLE[2:]]

BOOKING = "odoo.addons.ekarte_loyalty.models.ekarte_card_import_booking"


@tagged("post_install", "-at_install")
class TestCardImport(LoyaltyCases, CreditCase, HttpCase):
    """Cards of another system: checked by row and column, then booked at once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._send(cls.grocer, "sale", CLUB_CARD, 1750)
        cls.stranger = cls._bookkeeper("t.fuel.books", cls.fuel_company)
        cls.old_books = cls.env["account.account"].create(
            {
                "name": "Cards of the old system",
                "code": "299901",
                "account_type": "liability_current",
                "company_ids": [(6, 0, cls.grocer_company.ids)],
            }
        )

    def _file(self, *rows, head=HEAD):
        return base64.b64encode(write_csv([head, *rows]))

    def _import(self, file, user=None, **values):
        user = user or self.accountant
        imports = self.env["ekarte.card.import"].with_user(user)
        return imports.with_company(user.company_id).create(
            {
                "file": file,
                "file_name": "cards.csv",
                "account_id": self.old_books.id,
                **values,
            }
        )

    def _held(self, number):
        self.env.invalidate_all()
        return {
            (purse.program_code, purse.measure): round(purse.balance, 2)
            for purse in self._card(number).purse_ids
            if purse.balance
        }

    GOOD = (
        [CLUB_CARD, "4", "", "100", ""],
        [OTHER_CLUB_CARD, "384", "1,5", "", ""],
        [GIFT_CARD, "", "", "", "25.00"],
        [THIRD_CLUB_CARD, "", "", "", ""],
    )

    def test_cards_and_balances_are_booked_with_one_opening_entry(self):
        one = self._import(self._file(*self.GOOD))
        self.assertEqual(
            (one.state, one.problem_count, one.card_count), ("checked", 0, 4)
        )
        self.assertEqual((one.money, one.points), (26.5, 388))
        self.assertEqual(self._held(OTHER_CLUB_CARD), {})
        one.action_book()
        self.assertEqual(one.state, "done")
        self.assertEqual(self._held(GIFT_CARD), {("T-GIF", "money"): 25})
        self.assertEqual(
            self._held(OTHER_CLUB_CARD),
            {("T-BON", "points"): 4, ("T-BON", "money"): 39.5},
        )
        self.assertEqual(self._held(CLUB_CARD)[("T-DIS", "turnover")], 116.62)
        self.assertEqual(self._card(THIRD_CLUB_CARD).state, "active")
        moved = {
            line.account_id: round(line.balance, 2) for line in one.move_id.line_ids
        }
        company = self.grocer_company
        self.assertEqual(
            moved,
            {
                self.old_books: 65.3,
                company._ekarte_account("TND"): -25,
                company._ekarte_account("XPM"): -38.8,
                company._ekarte_account("XLS"): -1.5,
            },
        )
        self._settle()
        self.assertEqual((self._gl("TND"), self._gl("XPM"), self._gl("XLS")), (0, 0, 0))
        self.assertEqual(self._gl("LGC"), -2500)

    def test_a_file_is_booked_once(self):
        file = self._file(*self.GOOD)
        one = self._import(file)
        one.action_book()
        with self.assertRaisesRegex(UserError, "Only a file without problems"):
            one.action_book()
        again = self._import(file)
        self.assertEqual(
            set(again.line_ids.mapped("problem")),
            {"Its balances have been imported already."},
        )
        with self.assertRaisesRegex(UserError, "is kept"):
            one.unlink()
        with self.assertRaisesRegex(AccessError, "buttons only"):
            one.state = "checked"
        again.unlink()

    def test_each_problem_is_told_with_its_row_and_column(self):
        self._send(self.grocer, "activate", GIFT_CARD, 1000)
        self._send(self.grocer, "block", GIFT_CARD)
        one = self._import(
            self._file(
                ["what?", "1", "", "", ""],
                [FUEL_CARD, "1", "", "", ""],
                [CLUB_CARD, "1.5", "-1", "1.001", "abc"],
                [CLUB_CARD, "1", "", "", ""],
                [GIFT_CARD, "", "", "", "5"],
                [OTHER_CLUB_CARD, "7", "", "", ""],
            )
        )
        told = {
            (line.row, line.column): line.problem
            for line in one.line_ids
            if line.problem
        }
        self.assertEqual(
            told,
            {
                (2, "number"): "No card type of yours has this number.",
                (3, "number"): "No card type of yours has this number.",
                (4, "T-BON"): "Too many decimals.",
                (4, "T-BON money"): "A balance is not below zero.",
                (4, "T-DIS"): "Too many decimals.",
                (4, "T-GIF"): "This is not a number.",
                (5, "number"): "The same card stands in row 4.",
                (6, "number"): "The card is not in use: Blocked.",
            },
        )
        with self.assertRaisesRegex(UserError, "without problems"):
            one.action_book()
        one.write({"file": self._file([OTHER_CLUB_CARD, "7", "", "", ""])})
        one.action_book()
        self.assertEqual(self._held(OTHER_CLUB_CARD), {("T-BON", "points"): 7})

    def test_what_the_ledger_refuses_is_told_and_nothing_is_booked(self):
        rows = [[OTHER_CLUB_CARD, "7", "", "", ""], [CLUB_CARD, "", "", "", "5"]]
        one = self._import(self._file(*rows))
        self.assertEqual(one.problem_count, 0)
        one.action_book()
        self.assertEqual((one.state, one.problem_count), ("checked", 1))
        self.assertEqual(one.line_ids.filtered("problem").row, 3)
        self.assertEqual(self._held(OTHER_CLUB_CARD), {})

    def test_a_spreadsheet_is_read_and_a_rounded_number_is_told(self):
        book = openpyxl.Workbook()
        for row in (["number", "T-BON"], [OTHER_CLUB_CARD, 12], [float(CLUB_CARD), 1]):
            book.active.append(row)
        out = io.BytesIO()
        book.save(out)
        one = self._import(base64.b64encode(out.getvalue()))
        good = one.line_ids.filtered(lambda line: not line.problem)
        self.assertEqual((good.card, good.points), ("998000******0029", 12))
        self.assertIn("rounded", (one.line_ids - good).problem)

    def test_ends_and_holders_come_along(self):
        known = self.env["res.partner"].create(
            {
                "name": "Anna",
                "email": "anna@example.com",
                "company_id": self.grocer_company.id,
            }
        )
        rows = [
            [CLUB_CARD, "3", "31.12.2031", "", "Anna@Example.com", ""],
            [OTHER_CLUB_CARD, "7", "2031-12-31", "Boris", "boris@example.com", ""],
            [THIRD_CLUB_CARD, "", "", "Boris", "boris@example.com", "29111222"],
        ]
        one = self._import(self._file(*rows, head=PEOPLE))
        self.assertEqual(one.problem_count, 0)
        one.action_book()
        cards = (CLUB_CARD, OTHER_CLUB_CARD, THIRD_CLUB_CARD)
        anna, boris, same = (self._card(one).holder_ids.partner_id for one in cards)
        self.assertEqual((anna, boris.name), (known, "Boris"))
        self.assertEqual((same, boris.company_id), (boris, self.grocer_company))
        ends = set(self.env["ekarte.lot"].search([]).mapped("valid_until"))
        self.assertIn("2031-12-31 22:00:00", map(str, ends))
        self.assertFalse(any(one.line_ids.mapped("person_email")))

    def test_ends_and_holders_that_cannot_be_are_told(self):
        self.grocer._hand_out(self.accountant.partner_id, CLUB_CARD)
        rows = [
            [CLUB_CARD, "3", "", "Boris", "boris@example.com", ""],
            [OTHER_CLUB_CARD, "7", "12/31/2031", "", "", ""],
            [THIRD_CLUB_CARD, "7", "2020-01-01", "", "", ""],
        ]
        one = self._import(self._file(*rows, head=PEOPLE))
        self.assertEqual(
            [(line.column, line.problem) for line in one.line_ids.sorted("row")],
            [
                ("holder", "The card has another holder already."),
                ("expires", "This is not a day: write it as 2026-12-31."),
                ("expires", "This day is over."),
            ],
        )
        for row, column in (
            ([OTHER_CLUB_CARD, "7", "", "Boris", "boris@", ""], "email"),
            ([OTHER_CLUB_CARD, "7", "", "", "boris@example.com", ""], "holder"),
        ):
            one = self._import(self._file(row, head=PEOPLE))
            self.assertEqual((one.line_ids.column, one.problem_count), (column, 1))

    def test_a_card_of_two_files_is_booked_from_one(self):
        first = self._import(self._file([CLUB_CARD, "4", "", "", ""]))
        second = self._import(self._file([CLUB_CARD, "5", "", "", ""]))
        first.action_book()
        second.action_book()
        self.assertEqual((first.state, second.state), ("done", "checked"))
        self.assertEqual(
            second.line_ids.problem, "Its balances have been imported already."
        )

    def test_a_long_file_is_booked_in_the_background_or_says_why_not(self):
        one = self._import(self._file([OTHER_CLUB_CARD, "4", "", "", ""]))
        with patch(f"{BOOKING}.AT_ONCE", 0), self._in_time():
            self.old_books.account_type = "off_balance"
            one.action_book()
            self.assertEqual((one.state, one.lines_done), ("queued", 0))
            self.env["ekarte.card.import"]._cron_book()
            self.assertEqual(one.state, "checked")
            self.assertIn("Off-Balance", one.fault)
            self.assertEqual(self._held(OTHER_CLUB_CARD), {})
            self.old_books.account_type = "liability_current"
            one.action_book()
            self.env["ekarte.card.import"]._cron_book()
        self.assertEqual((one.state, one.lines_done, one.fault), ("done", 1, False))

    def test_an_accountant_brings_cards_in_and_another_approves_a_correction(self):
        self.grocer.write({"correction_limit": 10, "correction_limit_points": 20})
        self._user("t.chief", "issuer", self.grocer_company)
        self.start_tour(
            "/odoo/ekarte-card-imports", "ekarte_cards_in_tour", login="t.books"
        )
        done = self.env["ekarte.card.import"].search([], order="id", limit=2)
        self.assertEqual(done.mapped("state"), ["done", "done"])
        self.start_tour(
            "/odoo/ekarte-corrections", "ekarte_cards_approved_tour", login="t.chief"
        )
        self.assertEqual(self._held(THIRD_CLUB_CARD)[("T-BON", "points")], 2)

    def test_a_file_that_is_no_table_is_refused(self):
        for content, why in (
            (b"", "empty"),
            (b"PK\x03\x04broken", "damaged"),
            (b"\xff\xfe\x00", "neither"),
            (b"T-BON\n1\n", "no column"),
            (b"number,T-WHAT\n", "not known"),
        ):
            with self.assertRaisesRegex(UserError, why):
                self._import(base64.b64encode(content or b"\n"))
        self.assertTrue(self._import(self._file([CLUB_CARD])))

    def test_no_number_is_kept_and_none_is_logged(self):
        with self.assertLogs("odoo.sql_db", level=logging.DEBUG) as logs:
            one = self._import(self._file(*self.GOOD))
            one.action_book()
            self.env.flush_all()
        for number in (CLUB_CARD, OTHER_CLUB_CARD, GIFT_CARD):
            self.assertNotIn(number, "\n".join(logs.output))
        self.assertFalse(one.file)
        attached = [("res_model", "=", one._name), ("res_id", "=", one.id)]
        self.assertFalse(self.env["ir.attachment"].search(attached))

    def test_a_stranger_sees_no_import_and_an_operator_makes_none(self):
        one = self._import(self._file(*self.GOOD))
        theirs = self.env["ekarte.card.import"].with_user(self.stranger).browse(one.id)
        self.assertFalse(theirs.has_access("read"))
        lines = self.env["ekarte.card.import.line"].with_user(self.stranger)
        self.assertFalse(lines.browse(one.line_ids.ids).has_access("read"))
        operator = self._user("t.operator", "operator", self.grocer_company)
        with self.assertRaises(AccessError):
            self._import(self._file(*self.GOOD), user=operator)
        self.assertTrue(one.has_access("read"))
        head = self.env["ekarte.card.import"].with_user(self.accountant)._template()
        self.assertEqual(next(read_table(head)).cells, TEMPLATE)

    def test_what_is_exported_is_no_formula(self):
        self.assertEqual(plain("=1+1"), "'=1+1")
        self.assertEqual(plain("@SUM(A1)"), "'@SUM(A1)")
        self.assertEqual(plain(TAB_CARD), TAB_CARD)
