from odoo import fields, models


class EkarteClearingPosition(models.Model):
    """One cell of a cycle's matrix: what one issuer owes another, before netting."""

    _name = "ekarte.clearing.position"
    _description = "Clearing Position"
    _order = "cycle_id desc, debtor_id, creditor_id"

    cycle_id = fields.Many2one(
        "ekarte.clearing.cycle",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    debtor_id = fields.Many2one(
        "ekarte.issuer",
        string="Owes",
        required=True,
        readonly=True,
        ondelete="restrict",
    )
    creditor_id = fields.Many2one(
        "ekarte.issuer",
        string="Is to Receive",
        required=True,
        readonly=True,
        ondelete="restrict",
    )
    currency_id = fields.Many2one(related="cycle_id.currency_id")
    amount = fields.Monetary(required=True, readonly=True)

    _pair_uq = models.UniqueIndex(
        "(cycle_id, debtor_id, creditor_id)",
        "Two issuers have one position in each direction.",
    )
