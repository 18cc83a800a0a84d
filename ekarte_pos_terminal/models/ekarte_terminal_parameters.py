"""What a terminal has downloaded, as it told the ledger."""

from datetime import timezone

from odoo import fields, models

from ekarte_core import parameters_loaded


class EkarteTerminal(models.Model):
    _inherit = "ekarte.terminal"

    params_version = fields.Integer(
        string="Parameters",
        compute="_compute_params",
        aggregator=None,
        help="The version of its parameters that the terminal said it has: rules, "
        "limits and the stop list of its branch. Empty: it has never downloaded any.",
    )
    params_newest = fields.Integer(
        string="Newest Parameters",
        compute="_compute_params",
        aggregator=None,
        help="The newest version of the parameters of the terminal's branch.",
    )
    params_loaded_at = fields.Datetime(
        string="Parameters Loaded",
        compute="_compute_params",
        help="When the terminal first said that it has this version.",
    )

    def _compute_params(self):
        places = {
            terminal.code: terminal.branch_id.code
            for terminal in self
            if terminal.code and terminal.branch_id
        }
        known = parameters_loaded(self.env.cr, places)
        for terminal in self:
            loaded = known.get(terminal.code)
            at = loaded and loaded.at
            terminal.params_version = loaded and loaded.version
            terminal.params_newest = loaded and loaded.newest
            terminal.params_loaded_at = at and at.astimezone(timezone.utc).replace(
                tzinfo=None
            )
