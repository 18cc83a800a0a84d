from odoo import fields, models


class EkarteOfflineHandled(models.Model):
    """An exception that somebody has seen to: the ledger itself never changes."""

    _name = "ekarte.offline.handled"
    _description = "Offline exception that is done"
    _rec_name = "exception_key"

    exception_key = fields.Char(required=True, readonly=True)
    note = fields.Char(readonly=True)

    _exception_uniq = models.UniqueIndex("(exception_key)", "This one is done already.")
