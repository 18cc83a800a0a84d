"""Clearing statements on the portal: for issuers who keep their books elsewhere."""

from odoo import models


class EkarteClearingStatement(models.Model):
    _name = "ekarte.clearing.statement"
    _inherit = ["ekarte.clearing.statement", "portal.mixin"]

    def _compute_access_url(self):
        super()._compute_access_url()
        for statement in self:
            statement.access_url = f"/my/clearing/{statement.id}"

    def _may_answer(self):
        """Whether its issuer may still agree or dispute."""
        self.ensure_one()
        return self.state in ("sent", "disputed")

    def _dispute_reasons(self):
        return []
