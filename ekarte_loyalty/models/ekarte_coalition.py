from odoo import fields, models


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
    )

    _network_room = "coalitions"
    _network_field_names = {"issuers": "issuer_ids"}

    code = fields.Char(required=True, help="Short name in the network: A-Z, 0-9, - _")
    name = fields.Char(required=True)
    issuer_ids = fields.Many2many(
        "ekarte.issuer",
        string="Issuers",
        help="They accept each other's gift cards and bonuses.",
    )
    active = fields.Boolean(default=True)

    _code_uniq = models.UniqueIndex("(code)", "This coalition code is taken.")

    def _network_part(self):
        return {
            "code": self.code,
            "name": self.name,
            "issuers": self.issuer_ids.sorted("id").mapped("code"),
        }
