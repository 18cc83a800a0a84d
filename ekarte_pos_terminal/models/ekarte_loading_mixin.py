from odoo import fields, models


class EkarteLoadingMixin(models.AbstractModel):
    """Tells how many terminals know what was published last.

    Only those count that have ever downloaded parameters: for the others the host
    decides, by the live version at once.
    """

    _name = "ekarte.loading.mixin"
    _description = "Terminals That Have Loaded the Live Version"

    terminals_loading = fields.Integer(compute="_compute_terminals_loading")
    terminals_loaded = fields.Char(
        string="Loaded by Terminals",
        compute="_compute_terminals_loading",
        help="Terminals that have downloaded the newest rules, limits and stop list, "
        "of all that download them.",
    )

    def _loading_domain(self):
        """Return the domain of the terminals that this record's rules reach."""
        raise NotImplementedError  # each model that takes the mixin says its own

    def _loading_terminals(self):
        """Return (those that download parameters, those of them that are behind)."""
        self.ensure_one()
        found = self.env["ekarte.terminal"].search(
            [*self._loading_domain(), ("state", "=", "active")]
        )
        download = found.filtered("params_version")
        return download, download.filtered(
            lambda one: one.params_version != one.params_newest
        )

    def _compute_terminals_loading(self):
        for record in self:
            download, behind = record._loading_terminals()
            record.terminals_loading = len(download)
            record.terminals_loaded = f"{len(download) - len(behind)}/{len(download)}"

    def action_open_loading(self):
        """Show the terminals that are behind; all that download if none is."""
        download, behind = self._loading_terminals()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "ekarte_pos_terminal.ekarte_terminal_action"
        )
        return {**action, "domain": [("id", "in", (behind or download).ids)]}


class EkarteNetwork(models.Model):
    _name = "ekarte.network"
    _inherit = ["ekarte.network", "ekarte.loading.mixin"]

    def _loading_domain(self):
        return []


class EkarteProgram(models.Model):
    _name = "ekarte.program"
    _inherit = ["ekarte.program", "ekarte.loading.mixin"]

    def _loading_domain(self):
        return [("issuer_id", "=", self.issuer_id.id)]
