"""A cashier closes the register in Chromium; the ledger's batch is closed with it."""

from odoo.tests import HttpCase, tagged

from .till_common import GIFT, TillCase


@tagged("post_install", "-at_install")
class TestSessionCloseTour(TillCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.till_session = cls.session
        # To a test of the browser, this is the browser's.
        cls.session = None

    def test_card_payments_are_shown_and_the_register_closes(self):
        self.load_gift()
        cart = self.cart((self.soap, 4))
        cart.identify(GIFT)
        self.assertTrue(cart.hold({"gift": 1500})["held"])
        cart.send()
        self.env.cr.flush()
        url = f"/pos/ui/{self.config.id}"
        self.start_tour(url, "ekarte_close_session", login="t.cashier")
        self.env.invalidate_all()
        self.assertEqual(self.till_session.state, "closed")
        self.assertFalse(self.till_session.ekarte_difference)
