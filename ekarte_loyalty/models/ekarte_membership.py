from odoo import fields, models
from odoo.fields import Domain

CARD_TYPE_ID_MAX = 1 << 20


class EkarteMembership(models.Model):
    _name = "ekarte.membership"
    _description = "Card in an issuer's programs"
    _inherit = ["ekarte.ledger.view.mixin"]
    _auto = False
    _rec_name = "card_type_code"
    _order = "since desc, id desc"
    _depends = {
        "ekarte.card.type": ["code"],
        "ekarte.issuer": ["code"],
    }

    card_id = fields.Many2one("ekarte.card", readonly=True)
    card_type_code = fields.Char(readonly=True)
    card_type_id = fields.Many2one("ekarte.card.type", "Card Type", readonly=True)
    issuer_code = fields.Char(readonly=True)
    issuer_id = fields.Many2one("ekarte.issuer", "Issuer", readonly=True)
    since = fields.Datetime(readonly=True)

    def _search(self, domain, *args, **kwargs):
        # The id is calculated: name the indexed card too, or every row is looked at.
        domain = Domain(domain).map_conditions(_with_card)
        return super()._search(domain, *args, **kwargs)


def _with_card(condition):
    if condition.field_expr == "id" and condition.operator == "in":
        cards = {key // CARD_TYPE_ID_MAX for key in condition.value if key}
        return condition & Domain("card_id", "in", list(cards))
    return condition
