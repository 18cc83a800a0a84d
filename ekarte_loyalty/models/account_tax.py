from odoo import models
from odoo.tools import float_compare

FACTOR_DIGITS = 2


class AccountTax(models.Model):
    _inherit = "account.tax"

    def _ekarte_rate_bp(self):
        """The rate in basis points."""
        self.ensure_one()
        return round(self.amount * 100)

    def _is_ekarte_sale_tax(self):
        """Whether exact sums of base and tax can be posted with this tax."""
        self.ensure_one()
        parts = self.repartition_line_ids.filtered(
            lambda part: part.repartition_type == "tax"
        )
        return (
            self.type_tax_use == "sale"
            and self.amount_type == "percent"
            and self.tax_exigibility == "on_invoice"
            and sorted(parts.mapped("document_type")) == ["invoice", "refund"]
            and all(
                not float_compare(part.factor_percent, 100, FACTOR_DIGITS)
                for part in parts
            )
        )
