from odoo import fields, models


class EkarteCorrectionRefuse(models.TransientModel):
    _name = "ekarte.correction.refuse"
    _description = "Refusal of a correction"

    correction_id = fields.Many2one("ekarte.correction", required=True, readonly=True)
    why = fields.Char(required=True, size=64)

    def action_refuse(self):
        self.ensure_one()
        self.correction_id._refuse(self.why.strip())
        return {"type": "ir.actions.act_window_close"}
