"""The matrix of a cycle as accountants read it: rows owe, columns receive."""

from odoo import api, fields, models
from odoo.tools import formatLang

from ..units import from_minor, to_minor


class EkarteClearingCycle(models.Model):
    _inherit = "ekarte.clearing.cycle"

    # Names of all members: who may read the cycle may read the names in it.
    matrix = fields.Html(compute="_compute_matrix", compute_sudo=True, sanitize=False)

    @api.depends("position_ids.amount")
    @api.depends_context("lang")
    def _compute_matrix(self):
        for cycle in self:
            cycle.matrix = (
                self.env["ir.qweb"]._render(
                    "ekarte_loyalty.clearing_matrix", cycle._matrix_values()
                )
                if cycle.position_ids
                else False
            )

    def _matrix_values(self):
        """Cells and sums as texts, for the template."""
        self.ensure_one()
        cells = {
            (one.debtor_id, one.creditor_id): to_minor(one.amount)
            for one in self.position_ids
        }
        members = self.statement_ids.issuer_id.sorted("code")

        def owed_by(issuer):
            return sum(value for (one, _), value in cells.items() if one == issuer)

        def owed_to(issuer):
            return sum(value for (_, one), value in cells.items() if one == issuer)

        return {
            "members": members,
            "cell": lambda one, other: self._cell(cells.get((one, other), 0)),
            "owed_by": lambda issuer: self._cell(owed_by(issuer)),
            "owed_to": lambda issuer: self._cell(owed_to(issuer)),
            "nets": {one: owed_to(one) - owed_by(one) for one in members},
            "net": lambda minor: self._cell(minor, signed=True),
            "gross": self._cell(sum(cells.values())),
            "moved": self._cell(
                sum(max(0, owed_to(one) - owed_by(one)) for one in members)
            ),
            "currency": self.currency_id.name,
        }

    def _cell(self, minor, signed=False):
        if not minor:
            return "–"
        text = formatLang(self.env, from_minor(minor))
        return f"+{text}" if signed and minor > 0 else text
