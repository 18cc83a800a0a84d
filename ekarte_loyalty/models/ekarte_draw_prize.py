from odoo import api, fields, models


class EkarteDrawPrize(models.Model):
    _name = "ekarte.draw.prize"
    _description = "Prize of a draw"
    _order = "sequence, id"

    draw_id = fields.Many2one(
        "ekarte.draw", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="draw_id.company_id", store=True)
    sequence = fields.Integer(default=10, help="Drawn in this order.")
    name = fields.Char("Prize", required=True, size=80)
    count = fields.Integer("How Many", required=True, default=1)

    _count_ck = models.Constraint("CHECK (count > 0)", "There is at least one of each.")

    @api.model_create_multi
    def create(self, vals_list):
        prizes = super().create(vals_list)
        prizes._check_draft()
        return prizes

    def write(self, vals):
        self._check_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_announced(self):
        self._check_draft()

    def _check_draft(self):
        self.draw_id._check_terms_open()
