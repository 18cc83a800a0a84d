from odoo import fields, models

from ..units import to_basis_points


class EkarteCoalition(models.Model):
    _name = "ekarte.coalition"
    _description = "Coalition"
    _inherit = ["ekarte.network.part.mixin", "ekarte.scope.mixin"]
    _order = "code"
    _scope_sources = (
        """
        SELECT member.ekarte_coalition_id AS id, issuer.code AS issuer
        FROM ekarte_coalition_ekarte_issuer_rel AS member
        INNER JOIN ekarte_issuer AS issuer ON issuer.id = member.ekarte_issuer_id
        """,
        """
        SELECT coalition.id, issuer.code AS issuer
        FROM ekarte_coalition AS coalition
        INNER JOIN ekarte_issuer AS issuer ON issuer.id = coalition.operator_id
        """,
    )

    _network_room = "coalitions"
    _network_field_names = {
        "issuers": "issuer_ids",
        "operator": "operator_id",
        "model": "liability_model",
        "issue_price_bp": "issue_price",
        "breakage_share_bp": "breakage_share",
        "service_tax_rate_bp": "service_tax_rate",
        "terms": "term_ids",
    }

    code = fields.Char(required=True, help="Short name in the network: A-Z, 0-9, - _")
    name = fields.Char(required=True)
    issuer_ids = fields.Many2many(
        "ekarte.issuer",
        string="Issuers",
        help="They accept each other's gift cards and bonuses.",
    )
    active = fields.Boolean(default=True)

    # Who owes what, and at what price
    liability_model = fields.Selection(
        [
            ("issuer", "Each issuer for its own"),
            ("pool", "The operator's pool for all"),
        ],
        "Bonuses Are Owed By",
        default="issuer",
        required=True,
        help="Can change only while no card holds bonuses of these issuers.",
    )
    issue_price = fields.Float(
        "Issuer Pays In, %",
        digits=(5, 2),
        default=100,
        help="What an issuer pays into the pool for bonuses, of their nominal value.",
    )
    breakage_share = fields.Float(
        "Issuer's Share of Breakage, %",
        digits=(5, 2),
        help="What an issuer gets of bonuses that ended unused in the pool.",
    )
    term_ids = fields.One2many("ekarte.coalition.terms", "coalition_id", "Prices")
    service_tax_rate = fields.Float(
        "Tax on Services, %",
        digits=(5, 2),
        help="0: what an issuer pays for its bonuses used elsewhere is a part of the"
        " price of the goods. Else a service, invoiced with this tax, which the"
        " issuer deducts.",
    )

    _code_uniq = models.UniqueIndex("(code)", "This coalition code is taken.")

    def _network_part(self):
        # Not by term_ids: what was read as superuser would stay in the reader's cache.
        terms = self.env["ekarte.coalition.terms"].sudo()
        return {
            "code": self.code,
            "name": self.name,
            "issuers": self.issuer_ids.sorted("id").mapped("code"),
            "operator": self.sudo().operator_id.code or "",
            "model": self.liability_model,
            "issue_price_bp": to_basis_points(self.issue_price),
            "breakage_share_bp": to_basis_points(self.breakage_share),
            "terms": terms.search([("coalition_id", "=", self.id)])._as_part(),
            "service_tax_rate_bp": to_basis_points(self.service_tax_rate),
        }
