"""What cards did, on paper: in the holder's language, printed again, to be signed."""

from odoo.tests import tagged

from .pay_common import PayCase, number_of


@tagged("post_install", "-at_install")
class TestReceiptTours(PayCase):
    def _speak(self, code):
        """Install a language with the words of our add-ons."""
        self.env["res.lang"]._activate_lang(code)
        modules = self.env["ir.module.module"].search(
            [("name", "in", ("ekarte_loyalty", "ekarte_pos_terminal"))]
        )
        modules._update_translations([code])

    def test_the_shops_copy_of_a_credit_purchase_is_signed(self):
        number = number_of(self.TAB, 1)
        self.done("activate", number)
        self.gift_card(1, 5000, self.SAFE, "1234")
        self.run_tour("ekarte_receipt_of_credit")
        self.assertEqual(self.balance(number, self.tab)[0], -3000)

    def test_a_receipt_is_printed_again_with_the_cards_part(self):
        self.club_card(1)
        number = self.gift_card(1, 5000)
        self.run_tour("ekarte_receipt_printed_again")
        self.assertEqual(self.balance(number, self.gift), (4250, 4250))
        self.assertEqual(self.last_order().nb_print, 1)

    def test_a_latvian_holders_receipt_is_in_latvian(self):
        self._speak("lv_LV")
        club = self.club_card(1, 10000)
        anna = self.env["res.partner"].create({"name": "Anna Ozola", "lang": "lv_LV"})
        card = self.env["ekarte.card"].search([], order="id desc", limit=1)
        self.env["ekarte.holder"].sudo()._give(card.id, self.issuers[0], anna)
        self.run_tour("ekarte_receipt_in_latvian")
        receipt = self.last_order().ekarte_receipt
        self.assertEqual(receipt["language"], "lv_LV")
        # 9.00 less 5.00, and one for what 13.00 bought.
        self.assertEqual(self.balance(club, self.bonus), (500, 500))
