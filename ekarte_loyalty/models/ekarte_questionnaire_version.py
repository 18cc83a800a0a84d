from odoo import api, fields, models
from odoo.exceptions import UserError


class EkarteQuestionnaireVersion(models.Model):
    """The questions as somebody answered them. Never changed."""

    _name = "ekarte.questionnaire.version"
    _description = "Version of a questionnaire"
    _rec_name = "number"
    _order = "questionnaire_id, number desc"

    questionnaire_id = fields.Many2one(
        "ekarte.questionnaire", required=True, ondelete="cascade", index=True
    )
    number = fields.Integer("Version", required=True, aggregator=None)
    content = fields.Json(required=True)
    text = fields.Text("Questions", compute="_compute_text")

    _number_uniq = models.UniqueIndex(
        "(questionnaire_id, number)", "This version is kept already."
    )

    @api.depends("content")
    @api.depends_context("lang")
    def _compute_text(self):
        for version in self:
            asked = version.content.get(self.env.lang) or version.content["en_US"]
            version.text = "\n".join(
                f"{number}. {one['label']}" for number, one in enumerate(asked, 1)
            )

    def write(self, vals):
        if vals.keys() & {"questionnaire_id", "number", "content"}:
            raise UserError(self.env._("A version that was answered is never changed."))
        return super().write(vals)
