from odoo import fields, models


class MailingTrace(models.Model):
    _inherit = "mailing.trace"

    ekarte_company_id = fields.Many2one(
        related="mass_mailing_id.ekarte_company_id",
        store=True,
        index="btree_not_null",
        string="Issuer's Company",
    )
