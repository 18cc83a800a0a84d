from odoo import fields, models


class EkarteBranchCustomer(models.Model):
    """A card at a branch: how often it comes, and what it has bought there so far."""

    _name = "ekarte.branch.customer"
    _description = "Regular Customers by Branch"
    _log_access = False
    _order = "amount desc, id"
    _rec_name = "card_id"

    issuer_id = fields.Many2one(
        "ekarte.issuer", required=True, readonly=True, ondelete="cascade"
    )
    branch_id = fields.Many2one(
        "ekarte.branch", required=True, readonly=True, ondelete="cascade"
    )
    card_id = fields.Many2one("ekarte.card", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    days = fields.Integer(
        "Days Here", readonly=True, help="Days with a purchase or a visit."
    )
    purchases = fields.Integer(readonly=True)
    refunds = fields.Integer(readonly=True)
    visits = fields.Integer(readonly=True)
    amount = fields.Monetary("Sold", readonly=True)
    discount = fields.Monetary("Discount Given", readonly=True)
    first_day = fields.Date("First Time", readonly=True)
    last_day = fields.Date("Last Time", readonly=True)

    _card_idx = models.Index("(card_id, branch_id)")
    _amount_idx = models.Index("(issuer_id, amount DESC, id)")
    _branch_idx = models.Index("(branch_id, last_day)")

    def action_open_purchases(self):
        """List what the card bought at the branch, day by day."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ekarte_loyalty.ekarte_daily_sale_action"
        )
        action["domain"] = [
            ("card_id", "=", self.card_id.id),
            ("branch_id", "=", self.branch_id.id),
        ]
        action["context"] = {}
        return action
