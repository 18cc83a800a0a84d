from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import OrderedSet

from .own import check_still_own


class EkarteQuestionnaire(models.Model):
    """What an issuer asks its customers. Changed questions make a new version.

    A version is kept word by word, in all languages, once somebody has answered it:
    nobody can later be said to have answered what was never asked.
    """

    _name = "ekarte.questionnaire"
    _description = "Questionnaire"
    _inherit = ["mail.thread"]
    _order = "issuer_id, id desc"

    name = fields.Char(
        required=True, translate=True, default=lambda self: self.env._("Questionnaire")
    )
    issuer_id = fields.Many2one(
        "ekarte.issuer",
        required=True,
        ondelete="cascade",
        index=True,
        default=lambda self: self.env["ekarte.issuer"]._default_issuer(),
    )
    company_id = fields.Many2one(related="issuer_id.company_id", store=True)
    intro = fields.Text(
        "Introduction",
        translate=True,
        help="Shown above the questions: what it is for, and what is given for it.",
    )
    state = fields.Selection(
        [("draft", "Draft"), ("open", "In Use"), ("closed", "Closed")],
        required=True,
        default="draft",
        copy=False,
        tracking=True,
    )
    version = fields.Integer(default=1, readonly=True, copy=False)
    field_ids = fields.One2many(
        "ekarte.questionnaire.field", "questionnaire_id", "Questions", copy=True
    )
    version_ids = fields.One2many(
        "ekarte.questionnaire.version", "questionnaire_id", "Versions"
    )
    answer_count = fields.Integer("Answers", compute="_compute_answer_count")
    active = fields.Boolean(default=True)

    _one_open = models.UniqueIndex(
        "(issuer_id) WHERE state = 'open'",
        "The issuer has a questionnaire in use already: close that one first.",
    )

    def write(self, vals):
        done = super().write(vals)
        check_still_own(self)
        return done

    def _compute_answer_count(self):
        counts = dict(
            self.env["ekarte.questionnaire.answer"]._read_group(
                [("questionnaire_id", "in", self.ids)],
                ["questionnaire_id"],
                ["__count"],
            )
        )
        for questionnaire in self:
            questionnaire.answer_count = counts.get(questionnaire, 0)

    def action_open(self):
        """Ask it from now on: at the desk and on the subscribers' pages."""
        for questionnaire in self:
            if not questionnaire.field_ids:
                raise UserError(self.env._("Add the questions first."))
            questionnaire.field_ids._check_complete()
            questionnaire.state = "open"

    def action_close(self):
        self.state = "closed"

    def action_open_answers(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ekarte_loyalty.ekarte_questionnaire_answer_action"
        )
        return {**action, "domain": [("questionnaire_id", "=", self.id)]}

    @api.model
    def _of(self, issuer):
        """Return the questionnaire that the issuer asks now, or none."""
        return self.search([("issuer_id", "=", issuer.id), ("state", "=", "open")])

    # Versions

    def _before_change(self):
        """Begin a new version of those whose present one was answered."""
        for questionnaire in self:
            kept = questionnaire.sudo().version_ids.mapped("number")
            if questionnaire.version in kept:
                questionnaire.sudo().version += 1

    def _keep_version(self):
        """Keep the present version as it stands; return its number."""
        self.ensure_one()
        versions = self.env["ekarte.questionnaire.version"].sudo()
        kept = [("questionnaire_id", "=", self.id), ("number", "=", self.version)]
        if not versions.search_count(kept, limit=1):
            versions.create(
                {
                    "questionnaire_id": self.id,
                    "number": self.version,
                    "content": self._content(),
                }
            )
        return self.version

    def _content(self):
        """Return the questions in each language: what a version keeps."""
        languages = OrderedSet(
            ["en_US", *(code for code, _name in self.env["res.lang"].get_installed())]
        )
        return {
            lang: [
                field._as_asked() for field in self.with_context(lang=lang).field_ids
            ]
            for lang in languages
        }

    # What a form shows and takes

    def _form(self, partner=None):
        """Return the questions in the language at hand, with what was answered.

        Returns:
            a list of {id, label, help, kind, special, required, options, value …}, the
            value as `_answer` takes it.
        """
        self.ensure_one()
        answer = self.env["ekarte.questionnaire.answer"]._of(self.issuer_id, partner)
        given = {line.field_id: line._raw() for line in answer.line_ids}
        return [
            {
                **field._as_asked(),
                "value": given.get(field, field._known(partner)),
            }
            for field in self.field_ids
        ]

    def _read_values(self, values):
        """Return (what lines keep by question, {question id: what is wrong with it}).

        Args:
            values: {question id: value}, ids as numbers or text. What is not one of
                the questions is refused, not ignored.
        """
        self.ensure_one()
        given = {str(key): value for key, value in values.items()}
        strange = given.keys() - {str(one) for one in self.field_ids.ids}
        if strange:
            raise UserError(
                self.env._("The questions have changed: please answer once more.")
            )
        read, problems = {}, {}
        for field in self.field_ids:
            kept, problem = field._read_value(given.get(str(field.id)))
            if problem:
                problems[field.id] = problem
            elif kept:
                read[field] = kept
        return read, problems
