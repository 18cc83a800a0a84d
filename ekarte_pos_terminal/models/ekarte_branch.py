from odoo import api, fields, models


class EkarteBranch(models.Model):
    _inherit = "ekarte.branch"

    terminal_ids = fields.One2many("ekarte.terminal", "branch_id", string="Terminals")
    terminal_count = fields.Integer(compute="_compute_terminal_count")
    pos_config_ids = fields.One2many(
        "pos.config", "ekarte_branch_id", string="Points of Sale"
    )
    has_tills = fields.Boolean(compute="_compute_has_tills")

    @api.depends("pos_config_ids")
    @api.depends_context("uid")
    def _compute_has_tills(self):
        """Not everybody who sees branches may look into Point of Sale."""
        may = self.env["pos.config"].has_access("read")
        for branch in self:
            branch.has_tills = may and bool(branch.pos_config_ids)

    def _compute_terminal_count(self):
        counts = dict(
            self.env["ekarte.terminal"]._read_group(
                [("branch_id", "in", self.ids)], ["branch_id"], ["__count"]
            )
        )
        for branch in self:
            branch.terminal_count = counts.get(branch, 0)

    def action_open_terminals(self):
        """Open the terminals of this branch."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ekarte_pos_terminal.ekarte_terminal_action"
        )
        return {
            **action,
            "domain": [("branch_id", "=", self.id)],
            "context": {"default_branch_id": self.id},
        }

    def action_prepare_tills(self):
        """Open what prepares the points of sale of this branch for cards."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ekarte_pos_terminal.ekarte_tills_action"
        )
        return {**action, "context": {"default_config_ids": self.pos_config_ids.ids}}
