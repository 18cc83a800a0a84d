from odoo import fields, models


class EkarteCardBatchExport(models.Model):
    _name = "ekarte.card.batch.export"
    _description = "Export of a Batch of Cards"
    _order = "id desc"

    batch_id = fields.Many2one(
        "ekarte.card.batch", required=True, ondelete="restrict", index=True
    )
    user_id = fields.Many2one("res.users", "Exported By", required=True)
    form = fields.Selection([("csv", "CSV"), ("pdf", "PDF")], "Format", required=True)
