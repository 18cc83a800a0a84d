from odoo import models

from ..terminal_ids import odoo_terminal_id

HOLD_DAYS = 30


class EkarteBranch(models.Model):
    """The desk for sales orders: each branch of an issuer with books here has one."""

    _inherit = "ekarte.branch"

    def _sale_terminal_id(self):
        """Return the terminal number of the branch's sales orders."""
        self.ensure_one()
        return odoo_terminal_id("SO", self.id)

    def _sale_terminal_part(self):
        return {
            "id": self._sale_terminal_id(),
            "branch": self.code,
            "name": "Odoo",
            "protocol": "odoo",
            "mac": "none",
            "hold_s": HOLD_DAYS * 24 * 60 * 60,
        }


class EkarteNetwork(models.Model):
    _inherit = "ekarte.network"

    def _network_terminals(self):
        branches = self.env["ekarte.branch"].search(
            [("issuer_id.company_id", "!=", False)], order="id"
        )
        return [
            *super()._network_terminals(),
            *(
                {**branch._sale_terminal_part(), "_record": branch}
                for branch in branches
                if branch.issuer_id.active
            ),
        ]
