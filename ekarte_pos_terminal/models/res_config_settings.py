from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    pos_ekarte_branch_id = fields.Many2one(
        related="pos_config_id.ekarte_branch_id", readonly=False
    )
    pos_ekarte_hold_minutes = fields.Integer(
        related="pos_config_id.ekarte_hold_minutes", readonly=False
    )
    # Not named pos_…: nothing of it is written back to the till.
    ekarte_till_ready = fields.Boolean(related="pos_config_id.ekarte_ready")
    ekarte_till_missing = fields.Text(related="pos_config_id.ekarte_missing")

    def action_ekarte_prepare_till(self):
        """Open what prepares this point of sale for cards."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ekarte_pos_terminal.ekarte_tills_action"
        )
        return {**action, "context": {"default_config_ids": self.pos_config_id.ids}}
