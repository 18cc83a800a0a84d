from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from ekarte_core import Tender

from .common import GIFT_CARD
from .credit_common import TAB_CARD, CreditCase


@tagged("post_install", "-at_install")
class TestCardOffice(CreditCase):
    """What the back office settles with holders: on the card and in the books."""

    def _gift(self, amount=3000):
        self.assertEqual(
            self._send(self.grocer, "activate", GIFT_CARD, amount).rc, "00"
        )
        return self._card(GIFT_CARD)

    def _left(self, card):
        self.env.invalidate_all()
        money = card.purse_ids.filtered(lambda purse: purse.measure == "money")
        return round(sum(money.mapped("balance")) * 100)

    def _debt(self, card):
        self.env.invalidate_all()
        owed = card.purse_ids.filtered(lambda purse: purse.measure == "credit")
        return -round(sum(owed.mapped("balance")) * 100)

    # Pay out

    def test_a_balance_is_paid_out_on_the_card_and_at_the_bank(self):
        card = self._gift()
        self._settle_takings()
        office = self._do(card, "pay_out")
        move = self._entry(office)
        self.assertEqual(office.amount, 30)
        self.assertEqual(self._left(card), 0)
        self.assertEqual((move.state, move.journal_id), ("posted", office.journal_id))
        self._settle()
        self.assertEqual((self._gl("LGC"), self._gl("TND")), (0, 0))

    def _settle_takings(self):
        """What terminals of Odoo sold waits on TND for Odoo's own documents."""
        self._book()
        waiting = self._gl("TND")
        self.env["account.move"].create(
            {
                "company_id": self.grocer_company.id,
                "journal_id": self.grocer_company.ekarte_journal_id.id,
                "line_ids": [
                    (0, 0, {"account_id": account.id, "balance": balance / 100})
                    for account, balance in (
                        (self.grocer_company._ekarte_account("TND"), -waiting),
                        (self.grocer_company._ekarte_account("BNK"), waiting),
                    )
                ],
            }
        ).action_post()

    def test_more_than_there_is_is_refused_and_leaves_nothing_behind(self):
        card = self._gift()
        office = self._office(card, "pay_out", amount=30.01)
        with self.assertRaisesRegex(UserError, "not enough on the card"):
            office.action_do()
        self.assertFalse(self._entry(office))
        self.assertEqual(self._left(card), 3000)

    def test_pressing_twice_books_once(self):
        card = self._gift()
        office = self._office(card, "pay_out", amount=10)
        office.action_do()
        office.action_do()
        self.assertEqual(len(self._entry(office)), 1)
        self.assertEqual(self._left(card), 2000)

    def test_an_operator_and_another_companys_accountant_may_not(self):
        card = self._gift()
        operator = self._user("t.operator", "operator", self.grocer_company)
        with self.assertRaises(AccessError):
            self._office(card, "pay_out", user=operator, issuer_id=self.grocer.id)
        stranger = self._bookkeeper("t.fuel", self.fuel_company)
        office = self._office(
            card, "pay_out", user=stranger, issuer_id=self.grocer.id, amount=1
        )
        with self.assertRaises(AccessError):
            office.action_do()
        self.assertEqual(self._left(card), 3000)

    def test_the_dialog_proposes_all_there_is(self):
        card = self._gift()
        action = card.action_pay_out()
        dialog = Form(
            self.env["ekarte.card.office"]
            .with_user(self.accountant)
            .with_context(**action["context"])
        )
        self.assertEqual((dialog.amount, dialog.most), (30, 30))
        self.assertEqual(dialog.purse_id.program_id, self.gift)
        self.assertTrue(card.has_gift_money)
        self.assertFalse(card.owes)

    def test_a_pay_out_is_undone_on_the_card_and_in_the_books(self):
        card = self._gift()
        self._settle_takings()
        office = self._do(card, "pay_out")
        operation = self._operation(card, "pay_out")
        self.assertEqual(operation.may_settle, "reverse")
        self._do(card, "reverse", original=operation.name)
        self.assertEqual(self._left(card), 3000)
        undone = self._entry(office).reversal_move_ids
        self.assertEqual((len(undone), undone.state), (1, "posted"))
        self._settle()
        self.assertEqual(self._gl("LGC"), -3000)

    def test_its_entry_is_not_reset_reversed_or_cancelled_by_hand(self):
        office = self._do(self._gift(), "pay_out")
        move = self._entry(office)
        for name in ("button_draft", "button_cancel", "_reverse_moves"):
            with self.subTest(name), self.assertRaisesRegex(UserError, "choose Undo"):
                getattr(move, name)()

    # Charge back

    def test_a_sale_charged_back_is_lost_as_far_as_it_was_used(self):
        card = self._gift()
        sale = self._send(
            self.grocer, "sale", GIFT_CARD, 1200, tender=Tender(gift=1200), minutes=5
        )
        self.assertEqual(sale.rc, "00")
        self._book()
        before = self._gl("TND")
        operation = self._operation(card, "activate")
        self._do(card, "charge_back", original=operation.name)
        self.env.invalidate_all()
        self.assertEqual(card.state, "closed")
        self._book()
        self.assertEqual((self._gl("XLS"), self._gl("LGC")), (1200, 0))
        self.assertEqual(self._gl("TND"), before)
        with self.assertRaisesRegex(UserError, "does not match"):
            self._do(card, "charge_back", original=operation.name)

    def test_an_operation_has_to_be_chosen(self):
        card = self._gift()
        for original in (False, "nonsense", "A/B/C"):
            with self.assertRaisesRegex(UserError, "Choose the operation"):
                self._do(card, "charge_back", original=original)

    # Write off, restore

    def test_a_debt_is_written_off_against_the_allowance(self):
        card = self._owing()
        self.assertTrue(card.owes)
        self._book()
        office = self._do(card, "write_off")
        self.assertFalse(self._entry(office))
        self.assertEqual(self._debt(card), 0)
        self._book()
        self.assertEqual((self._gl("ALC"), self._gl("ALW")), (0, 3000))
        operation = self._operation(card, "write_off")
        self._do(card, "reverse", original=operation.name)
        self.assertEqual(self._debt(card), 3000)
        self._book()
        self.assertEqual((self._gl("ALC"), self._gl("ALW")), (3000, 0))

    def test_more_than_is_owed_is_not_written_off(self):
        card = self._owing()
        with self.assertRaisesRegex(UserError, "wrong amount"):
            self._do(card, "write_off", amount=30.01)
        self.assertEqual(self._debt(card), 3000)

    def test_a_redemption_at_another_issuer_is_restored_by_that_one(self):
        card = self._gift()
        self._send(
            self.fuel, "sale", GIFT_CARD, 2000, tender=Tender(gift=1200), minutes=5
        )
        operation = self._operation(card, "sale")
        self.assertFalse(operation.may_settle)
        with self.assertRaisesRegex(UserError, "original operation not found"):
            self._do(card, "restore", original=operation.name)
        stranger = self._bookkeeper("t.fuel", self.fuel_company)
        office = self._office(card, "restore", user=stranger, original=operation.name)
        self.assertEqual(office.issuer_id, self.fuel)
        office.action_do()
        self.assertEqual(self._left(card), 3000)
        self._book()
        self.assertEqual(self._gl("XLS", self.fuel_company), 1200)
        clearing = self._gl("CLR"), self._gl("CLR", self.fuel_company)
        self.assertEqual(clearing, (0, 0))

    def test_the_operations_to_choose_from_are_loads_and_payments(self):
        card = self._gift()
        action = card.action_open_settled()
        found = self.env["ekarte.operation"].search(action["domain"])
        self.assertEqual(found.mapped("command"), ["activate"])
        self.assertEqual(found.with_user(self.accountant).may_settle, "charge_back")
        action = found.with_user(self.accountant).action_charge_back()
        self.assertEqual(action["context"]["default_original"], found.name)

    def test_no_number_of_a_card_is_in_the_entry(self):
        card = self._gift()
        move = self._entry(self._do(card, "pay_out"))
        texts = [move.ref, *move.line_ids.mapped("name")]
        self.assertFalse([text for text in texts if GIFT_CARD in text])
        self.assertTrue(all(card.number in text for text in texts))

    # At the service desk

    def test_an_operator_takes_a_payment_of_credit_once(self):
        card = self._owing(3000)
        operator = self._user("t.operator", "operator", self.grocer_company)
        desk = self.env["ekarte.service.desk"].with_user(operator)
        asked = desk.payment(card.id)
        self.assertEqual(asked["most"], "30.00")
        paid = (card.id, asked["number"], "10,50", asked["journals"][0]["value"])
        desk.pay(*paid)
        desk.pay(*paid)
        self.assertEqual(self._debt(card), 1950)
        entry = self.env["account.move"].search(
            [("ekarte_key", "=like", f"card/%/{asked['number']}")]
        )
        self.assertEqual((len(entry), entry.amount_total), (1, 10.5))

    def test_a_repeat_of_what_paid_all_hears_the_same_and_books_nothing(self):
        card = self._owing(3000)
        operator = self._user("t.operator", "operator", self.grocer_company)
        desk = self.env["ekarte.service.desk"].with_user(operator)
        asked = desk.payment(card.id)
        journal = asked["journals"][0]["value"]
        paid = (card.id, asked["number"], "30", journal)
        first = desk.pay(*paid)
        self.assertEqual(self._debt(card), 0)
        self.assertEqual(desk.pay(*paid), first)
        # What the ledger is asked is the same, too; with other content it is not.
        answers = [
            desk._office(card, number=asked["number"], amount=30).action_do()
            for _again in range(2)
        ]
        self.assertEqual(answers[0], answers[1])
        fresh = self.env["ekarte.desk"]._next_number()
        for other in (
            (card.id, asked["number"], "29", journal),
            (card.id, fresh, "30", journal),
        ):
            with self.subTest(other), self.assertRaises(UserError):
                desk.pay(*other)
        self.assertEqual(self._debt(card), 0)
        entry = self.env["account.move"].search(
            [("ekarte_key", "=like", f"card/%/{asked['number']}")]
        )
        self.assertEqual((len(entry), entry.amount_total), (1, 30))

    def test_a_repeat_goes_to_what_was_paid_and_not_to_what_is_owed_since(self):
        card = self._owing(3000)
        office = self._office(card, "pay")
        office.action_do()
        self._send(self.grocer, "sale", TAB_CARD, 700)
        again = self._office(card, "pay", number=office.number, amount=30)
        self.assertEqual(again.purse_id, office.purse_id)
        again.action_do()
        self.assertEqual(self._debt(card), 700)
        self.assertEqual(len(self._entry(office)), 1)

    def test_who_owes_nothing_is_told_so_and_who_owes_is_asked_how_much(self):
        card = self._owing(3000)
        operator = self._user("t.operator", "operator", self.grocer_company)
        desk = self.env["ekarte.service.desk"].with_user(operator)
        asked = desk.payment(card.id)
        journal = asked["journals"][0]["value"]
        with self.assertRaisesRegex(UserError, "above zero"):
            desk.pay(card.id, asked["number"], "0", journal)
        desk.pay(card.id, asked["number"], "30", journal)
        fresh = self.env["ekarte.desk"]._next_number()
        for call in (
            lambda: desk.payment(card.id),
            lambda: desk.payment(self._gift().id),
            lambda: desk.pay(card.id, fresh, "0", journal),
            lambda: desk.pay(card.id, fresh, "30", journal),
        ):
            with self.assertRaisesRegex(UserError, "Nothing is owed on this card"):
                call()

    def test_an_operator_takes_nothing_else_and_no_odd_payment(self):
        card = self._owing(3000)
        operator = self._user("t.operator", "operator", self.grocer_company)
        desk = self.env["ekarte.service.desk"].with_user(operator)
        number = desk.payment(card.id)["number"]
        journal = desk.payment(card.id)["journals"][0]["value"]
        for amount in ("", "all", "0", "-1", "30.01", "NaN"):
            with self.subTest(amount=amount), self.assertRaises(UserError):
                desk.pay(card.id, number, amount, journal)
        with self.assertRaises(UserError):
            desk.pay(card.id, number, "1", 0)
        office = self.env["ekarte.card.office"].with_user(operator).sudo()
        values = {"card_id": card.id, "reason": "x", "issuer_id": self.grocer.id}
        for command in ("pay_out", "write_off"):
            with self.assertRaises(AccessError):
                office.create({**values, "command": command, "amount": 1}).action_do()
        self.assertEqual(self._debt(card), 3000)
