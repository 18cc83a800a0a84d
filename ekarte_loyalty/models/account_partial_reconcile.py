from odoo import api, models


class AccountPartialReconcile(models.Model):
    """A clearing statement is paid when its items are, by whatever pays them."""

    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        """Look whether statements are paid now."""
        partials = super().create(vals_list)
        partials._ekarte_statements()._settle_state()
        return partials

    def unlink(self):
        """Look whether statements are open again."""
        statements = self._ekarte_statements()
        done = super().unlink()
        statements._settle_state()
        return done

    def _ekarte_statements(self):
        items = self.debit_move_id | self.credit_move_id
        return items.sudo().ekarte_statement_id
