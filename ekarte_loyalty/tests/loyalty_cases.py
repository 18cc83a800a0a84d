from odoo import Command
from odoo.exceptions import AccessError, UserError

CODE_RANGE = ("0440-0000-0000", "044Z-ZZZZ-ZZZZ")


class LoyaltyCases:
    """Cards of Odoo's own loyalty become ours: once, whole, and the old ones rest.

    Run with the other imports, on their set-up.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ekarte.card.range"].create(
            [
                {
                    "card_type_id": kind.id,
                    "number_from": first,
                    "number_to": last,
                    "check_digit": "none",
                }
                for kind, (first, last) in (
                    (cls.gift_type, CODE_RANGE),
                    (cls.club, ("0550-0000-0000", "055Z-ZZZZ-ZZZZ")),
                )
            ]
        )
        cls.anna = cls.env["res.partner"].create(
            {"name": "Anna", "company_id": cls.grocer_company.id}
        )
        cls.gifts = cls._odoos("Gift cards of Odoo", "gift_card")
        cls.stars = cls._odoos("Stars", "loyalty")
        cls.gift_card = cls._odoos_card(
            cls.gifts, "0447-a1b2-4c3d", 25.5, expiration_date="2031-03-05"
        )
        cls.star_card = cls._odoos_card(
            cls.stars, "0550-aaaa-4bbb", 7.4, partner_id=cls.anna.id
        )
        cls.env.cr.flush()
        cls._odoos_card(cls.gifts, "0447-dead-4c3d", 9, expiration_date="2020-01-01")

    @classmethod
    def _odoos(cls, name, kind):
        return cls.env["loyalty.program"].create(
            {
                "name": name,
                "program_type": kind,
                "company_id": cls.grocer_company.id,
                "currency_id": cls.euro.id,
                "reward_ids": [Command.create({"description": "-"})],
            }
        )

    @classmethod
    def _odoos_card(cls, program, code, points, **values):
        return cls.env["loyalty.card"].create(
            {"program_id": program.id, "code": code, "points": points, **values}
        )

    def _of_loyalty(self, user=None):
        user = user or self.accountant
        one = (
            self.env["ekarte.card.import"]
            .with_user(user)
            .with_company(user.company_id)
            .create({"account_id": self.old_books.id})
        )
        one.action_find_programs()
        return one

    def _source(self, one, program):
        return one.source_ids.filtered(lambda row: row.loyalty_program == program.id)

    def _checked(self):
        one = self._of_loyalty()
        self._source(one, self.stars).write(
            {"program_id": self.bonus.id, "rounding": "up"}
        )
        self._source(one, self.gifts).program_id = self.gift
        one.action_check_programs()
        return one

    def test_cards_money_points_holders_and_ends_come_over_and_the_old_ones_rest(self):
        one = self._of_loyalty()
        found = {
            (row.name, row.program_type, row.card_count, row.balance, row.program_id)
            for row in one.source_ids
        }
        self.assertEqual(
            found,
            {
                ("Gift cards of Odoo", "gift_card", 1, 25.5, self.gift),
                ("Stars", "loyalty", 1, 7.4, self.bonus),
            },
        )
        one.action_check_programs()
        problems = {line.column: line.problem for line in one.line_ids}
        told = {"Gift cards of Odoo": "", "Stars": "Too many decimals."}
        self.assertEqual(problems, told)
        self._source(one, self.stars).rounding = "up"
        self.assertEqual((one.state, len(one.line_ids)), ("draft", 0))
        one.action_check_programs()
        self.assertEqual((one.state, one.problem_count), ("checked", 0))
        self.assertEqual((one.money, one.points), (25.5, 8))
        one.action_book()
        self.assertEqual(one.state, "done")
        own = {line.column: line.card_id for line in one.line_ids}
        stars, gift = own["Stars"], own["Gift cards of Odoo"]
        self.assertEqual(stars.purse_ids.mapped("balance"), [8])
        self.assertEqual(stars.holder_ids.partner_id, self.anna)
        self.assertEqual(gift.purse_ids.mapped("balance"), [25.5])
        lot = self.env["ekarte.lot"].search([("purse_id", "=", gift.purse_ids.id)])
        self.assertEqual(str(lot.valid_until), "2031-03-05 22:00:00")
        moved = {line.account_id: line.balance for line in one.move_id.line_ids}
        tender = self.grocer_company._ekarte_account("TND")
        self.assertEqual(moved[tender], -25.5)
        self.assertFalse(self.gifts.active or self.stars.active)
        self.assertFalse(self.gift_card.active or self.star_card.active)
        # The code goes on being the card's number, however it is typed.
        answer = self._send(self.grocer, "inquire", " 0447-A1B2-4c3d ")
        self.assertEqual(answer.rc, "00")

    def test_nothing_comes_over_twice(self):
        self._checked().action_book()
        with self.assertRaisesRegex(UserError, "No gift card, eWallet or loyalty"):
            self._of_loyalty()
        self.gift_card.active = True
        again = self._of_loyalty()
        again.action_check_programs()
        self.assertEqual(
            again.line_ids.mapped("problem"),
            ["Its balances have been imported already."],
        )
        with self.assertRaisesRegex(UserError, "without problems"):
            again.action_book()

    def test_two_imports_of_the_same_cards_book_once(self):
        first, second = self._checked(), self._checked()
        first.action_book()
        with self.assertRaisesRegex(UserError, "booked already"):
            second.action_book()
        self.assertEqual(first.state, "done")

    def test_what_was_spent_since_the_check_is_checked_again(self):
        one = self._checked()
        self.gift_card.points = 5
        with self.assertRaises(UserError) as refused:
            one.action_book()
        self.assertIn("changed since", str(refused.exception))
        self.assertTrue(self.gift_card.active)
        one.action_check_programs()
        one.action_book()
        self.assertEqual((one.state, one.money), ("done", 5))

    def test_a_code_that_no_card_type_takes_says_which_range_is_missing(self):
        self._odoos_card(self.gifts, "0667-a1b2-4c3d", 5)
        one = self._checked()
        problem = one.line_ids.filtered("problem").problem
        self.assertIn("0660-0000-0000 to 066Z-ZZZZ-ZZZZ", problem)
        self.assertEqual(one.problem_count, 1)

    def test_only_the_issuers_accountant_brings_its_own_programs_in(self):
        others = self._odoos("Of others", "gift_card")
        others.company_id = self.fuel_company
        self._odoos_card(others, "0447-ffff-4c3d", 100)
        one = self._of_loyalty()
        self.assertNotIn("Of others", one.source_ids.mapped("name"))
        source = one.source_ids[0]
        theirs = self.env["ekarte.card.import.source"].with_user(self.stranger)
        self.assertFalse(theirs.browse(source.id).has_access("read"))
        with self.assertRaisesRegex(UserError, "is chosen, no more"):
            source.loyalty_program = others.id
        with self.assertRaises(AccessError):
            self._of_loyalty(self._user("t.operator", "operator", self.grocer_company))
        source.write({"program_id": False})
        self.assertTrue(self._source(one, self.gifts))
