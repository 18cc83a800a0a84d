from odoo import api, fields, models


class EkarteNotice(models.Model):
    _name = "ekarte.notice"
    _description = "Value that ends soon"
    _inherit = ["ekarte.ledger.view.mixin"]
    _auto = False
    _rec_name = "valid_until"
    _order = "valid_until desc, id desc"
    _depends = {"ekarte.issuer": ["code"], "ekarte.program": ["code"]}

    noticed_at = fields.Datetime("Noted", readonly=True)
    purse_id = fields.Many2one("ekarte.purse", readonly=True)
    card_id = fields.Many2one("ekarte.card", readonly=True)
    program_id = fields.Many2one("ekarte.program", readonly=True)
    issuer_id = fields.Many2one("ekarte.issuer", readonly=True)
    valid_until = fields.Datetime("Ends", readonly=True)
    left_text = fields.Char("Left", compute="_compute_left_text")
    state = fields.Selection(
        [("soon", "Ends soon"), ("gone", "Used in time"), ("ended", "Ended")],
        readonly=True,
    )

    @api.depends("purse_id")
    def _compute_left_text(self):
        for notice in self:
            lot = self.env["ekarte.lot"].browse(notice.id)
            notice.left_text = lot.balance_text
