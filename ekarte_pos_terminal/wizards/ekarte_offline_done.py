from odoo import fields, models


class EkarteOfflineDone(models.TransientModel):
    _name = "ekarte.offline.done"
    _description = "Mark offline exceptions as done"

    # Their ids outgrow what a many2many table can hold.
    exception_keys = fields.Char(required=True, readonly=True)
    note = fields.Char(
        "What Was Done",
        required=True,
        help="For who looks at it later: paid by the holder, written off, a mistake.",
    )

    def action_mark(self):
        """Mark them, and go back to the list."""
        self.ensure_one()
        keys = [int(key) for key in self.exception_keys.split(",")]
        self.env["ekarte.offline.exception"].browse(keys).mark_done(self.note)
        return {"type": "ir.actions.client", "tag": "soft_reload"}
