from odoo import fields, models
from odoo.fields import Domain

LINES_MAX = 1 << 15


class EkarteEntry(models.Model):
    _name = "ekarte.entry"
    _description = "Ledger entry"
    _inherit = ["ekarte.ledger.view.mixin"]
    _auto = False
    _rec_name = "event"
    _order = "operation_id desc, line"
    _depends = {
        "ekarte.issuer": ["code"],
        "ekarte.program": ["code", "issuer_id"],
    }

    # An integer: operation ids outgrow what a many2one column can hold.
    operation_id = fields.Integer("Operation Key", readonly=True)
    line = fields.Integer(readonly=True)
    purse_id = fields.Many2one("ekarte.purse", "Purse", readonly=True)
    card_id = fields.Many2one("ekarte.card", "Card", readonly=True)
    account = fields.Char("Counter Account", readonly=True)
    event = fields.Char(readonly=True)
    program_code = fields.Char(readonly=True)
    program_id = fields.Many2one("ekarte.program", "Program", readonly=True)
    issuer_id = fields.Many2one("ekarte.issuer", "Issuer", readonly=True)
    unit = fields.Char(readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    posted = fields.Monetary("Booked", readonly=True)
    held = fields.Monetary("Reserved", readonly=True)
    posted_after = fields.Monetary("Balance After", readonly=True)
    held_after = fields.Monetary("Reserved After", readonly=True)
    carry = fields.Monetary("Liability", readonly=True)

    def _search(self, domain, *args, **kwargs):
        # The id is calculated: name the indexed operation too, or every row is read.
        domain = Domain(domain).map_conditions(_with_operation)
        return super()._search(domain, *args, **kwargs)


def _with_operation(condition):
    if condition.field_expr == "id" and condition.operator == "in":
        operations = {key // LINES_MAX for key in condition.value if key}
        return condition & Domain("operation_id", "in", list(operations))
    return condition
