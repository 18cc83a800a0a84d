from odoo import fields, models

from .ekarte_purse import MEASURES


class EkarteDailyProgram(models.Model):
    """What a program gave, and what was used of it, on one day at one branch.

    The issuer is the program's, whoever sold: what it owes is its own business.
    """

    _name = "ekarte.daily.program"
    _description = "Issued and Used by Program"
    _inherit = ["ekarte.daily.mixin"]

    program_id = fields.Many2one("ekarte.program", readonly=True, ondelete="cascade")
    measure = fields.Selection(MEASURES, "Counts", readonly=True)
    issued = fields.Float(readonly=True, digits=(16, 2))
    used = fields.Float(readonly=True, digits=(16, 2))
    expired = fields.Float(readonly=True, digits=(16, 2))
    liability_issued = fields.Monetary("Owed Anew", readonly=True)
    liability_used = fields.Monetary("Owed No More: Used", readonly=True)
    liability_expired = fields.Monetary("Owed No More: Expired", readonly=True)
    liability = fields.Monetary(
        "Change of What Is Owed", readonly=True, help="By the books, in money."
    )

    _day_idx = models.Index("(issuer_id, day)")
