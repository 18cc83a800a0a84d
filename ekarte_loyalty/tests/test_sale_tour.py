from odoo.tests import HttpCase, tagged

from .sale_common import SaleCase


@tagged("post_install", "-at_install")
class TestSaleTour(SaleCase, HttpCase):
    def test_a_salesperson_lets_a_card_pay_and_invoices(self):
        order = self._quotation((self.book, 3), card=False)
        self.start_tour(
            f"/odoo/orders/{order.id}", "ekarte_sale_tour", login="ekarte.sales"
        )
        self.env.invalidate_all()
        invoice = order.invoice_ids
        self.assertEqual(invoice.state, "posted")
        self.assertEqual(self._cents(invoice.amount_residual), 3630 - 182 - 2000)
        self.assertEqual(self._gift(), (8000, 0))
