from odoo import models
from odoo.tools import float_compare

FACTOR_DIGITS = 2


class AccountTax(models.Model):
    _inherit = "account.tax"

    def _ekarte_rate_bp(self):
        """The rate in basis points."""
        self.ensure_one()
        return round(self.amount * 100)

    def _ekarte_parts(self, is_refund, repartition_type):
        """Lines of the tax's distribution: "base" or "tax", of sales or of refunds."""
        self.ensure_one()
        parts = (
            self.refund_repartition_line_ids
            if is_refund
            else self.invoice_repartition_line_ids
        )
        return parts.filtered(lambda part: part.repartition_type == repartition_type)

    def _is_ekarte_tax(self, use):
        """Whether exact sums of base and tax can be posted with this tax.

        Args:
            use: "sale" or "purchase".
        """
        self.ensure_one()
        whole = all(
            len(parts) == 1
            and not float_compare(parts.factor_percent, 100, FACTOR_DIGITS)
            for parts in (
                self._ekarte_parts(is_refund, "tax") for is_refund in (False, True)
            )
        )
        return (
            whole
            and self.type_tax_use == use
            and self.amount_type == "percent"
            and self.tax_exigibility == "on_invoice"
        )
