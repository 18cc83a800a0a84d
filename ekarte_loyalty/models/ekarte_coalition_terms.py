from odoo import fields, models

from ..units import to_basis_points


class EkarteCoalitionTerms(models.Model):
    _name = "ekarte.coalition.terms"
    _description = "Price between two issuers"
    _inherit = ["ekarte.published.mixin"]
    _order = "coalition_id, issuer_id, seller_id"
    _rec_name = "issuer_id"

    coalition_id = fields.Many2one(
        "ekarte.coalition", required=True, ondelete="cascade", index=True
    )
    issuer_id = fields.Many2one(
        "ekarte.issuer", "Bonuses Of", required=True, ondelete="cascade", index=True
    )
    seller_id = fields.Many2one(
        "ekarte.issuer", "Used At", required=True, ondelete="cascade", index=True
    )
    price = fields.Float(
        "Paid, %",
        digits=(5, 2),
        default=100,
        required=True,
        help="What the issuer pays the seller, of the bonus money used. Gift money,"
        " credit and goods for points are always paid in full.",
    )

    _pair_uniq = models.Constraint(
        "UNIQUE(coalition_id, issuer_id, seller_id)",
        "These two issuers have a price already.",
    )
    _two_issuers = models.Constraint(
        "CHECK(issuer_id <> seller_id)", "A price is agreed between two issuers."
    )

    def _as_part(self):
        """Return the prices as the network document shows them."""
        return [
            {
                "issuer": terms.issuer_id.code,
                "seller": terms.seller_id.code,
                "price_bp": to_basis_points(terms.price),
            }
            for terms in self.sorted("id")
        ]
