from odoo import fields


class LedgerKey(fields.Integer):
    """The key of an operation: the ledger counts further than Odoo's integers."""

    _column_type = ("int8", "int8")
