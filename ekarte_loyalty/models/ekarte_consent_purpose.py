import re

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .own import check_still_own

# As the core takes it; `questionnaire` is its word for another fact.
CODE = re.compile(r"(?!questionnaire$)[a-z][a-z0-9_]{0,31}")


class EkarteConsentPurpose(models.Model):
    """For what an issuer asks its customers' consent, in words they read."""

    _name = "ekarte.consent.purpose"
    _description = "Purpose of a consent"
    _order = "sequence, id"

    sequence = fields.Integer(default=10)
    name = fields.Char("Purpose", required=True, translate=True)
    code = fields.Char(
        required=True,
        help="The word that terminals and programs know it by: a-z, 0-9 and _.",
    )
    issuer_id = fields.Many2one(
        "ekarte.issuer",
        required=True,
        ondelete="cascade",
        index=True,
        default=lambda self: self.env["ekarte.issuer"]._default_issuer(),
    )
    company_id = fields.Many2one(related="issuer_id.company_id", store=True)
    text = fields.Text(
        "What Is Consented To",
        required=True,
        translate=True,
        help="Shown to the customer word by word, and kept with each consent.",
    )
    for_mailing = fields.Boolean(
        "Greetings and Mailings",
        help="Who has consented to this gets campaigns and greetings.",
    )
    active = fields.Boolean(default=True)

    _code_uniq = models.UniqueIndex(
        "(issuer_id, code)", "The issuer has a purpose of this code already."
    )

    @api.constrains("code")
    def _check_code(self):
        for purpose in self:
            if not CODE.fullmatch(purpose.code):
                raise ValidationError(
                    self.env._("A purpose's code has a-z, 0-9 and _ only.")
                )

    def write(self, vals):
        if "code" in vals or "issuer_id" in vals:
            given = self.env["ekarte.consent"].sudo()
            if given.search_count([("purpose_id", "in", self.ids)], limit=1):
                raise UserError(
                    self.env._("Customers have consented: the code stays as it is.")
                )
        done = super().write(vals)
        check_still_own(self)
        return done
