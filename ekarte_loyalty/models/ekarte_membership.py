from odoo import fields, models


class EkarteMembership(models.Model):
    _name = "ekarte.membership"
    _description = "Card in an issuer's programs"
    _inherit = ["ekarte.ledger.view.mixin"]
    _auto = False
    _ledger_key = ("card_id", 1 << 20)
    _rec_name = "card_type_code"
    _order = "since desc, id desc"
    _depends = {
        "ekarte.card.type": ["code"],
        "ekarte.issuer": ["code"],
    }

    card_id = fields.Many2one("ekarte.card", readonly=True)
    card_type_code = fields.Char(readonly=True)
    card_type_id = fields.Many2one("ekarte.card.type", readonly=True)
    issuer_code = fields.Char(readonly=True)
    issuer_id = fields.Many2one("ekarte.issuer", readonly=True)
    since = fields.Datetime(readonly=True)
    questionnaire = fields.Boolean("Questionnaire Filled", readonly=True)
    consents = fields.Char(
        readonly=True, help="Purposes that the holder consented to at this issuer."
    )
