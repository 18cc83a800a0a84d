from datetime import date

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import email_normalize

TEXT_MAX = 1000
OLDEST_BIRTHDAY = date(1900, 1, 1)
YES_NO = {"yes": True, "no": False, True: True, False: False}
WITH_CHOICES = ("choice", "choices")
# What a special question is, whatever the issuer would like.
SPECIAL_KINDS = {
    "birthday": "date",
    "email": "text",
    "phone": "text",
    "language": "language",
}
SPECIAL_CHARS = {"email": 128, "phone": 32, "profession": 128}


class EkarteQuestionnaireField(models.Model):
    """One question: its kind says what an answer may be."""

    _name = "ekarte.questionnaire.field"
    _description = "Question of a questionnaire"
    _order = "sequence, id"

    questionnaire_id = fields.Many2one(
        "ekarte.questionnaire", required=True, ondelete="cascade", index=True
    )
    sequence = fields.Integer(default=10)
    name = fields.Char("Question", required=True, translate=True)
    help = fields.Char("Explanation", translate=True)
    special = fields.Selection(
        [
            ("birthday", "Birthday"),
            ("profession", "Profession"),
            ("email", "E-mail"),
            ("phone", "Phone"),
            ("language", "Language"),
        ],
        "Goes to the Contact As",
        help="The answer is also kept at the customer, for greetings and mailings.",
    )
    kind = fields.Selection(
        [
            ("text", "Text"),
            ("number", "Whole number"),
            ("date", "Date"),
            ("choice", "One of several"),
            ("choices", "Several of several"),
            ("yes_no", "Yes or no"),
            ("language", "Language"),
        ],
        required=True,
        compute="_compute_kind",
        store=True,
        readonly=False,
        precompute=True,
    )
    required = fields.Boolean()
    chars_max = fields.Integer("At Most Characters", default=128)
    number_min = fields.Integer("From", aggregator=None)
    number_max = fields.Integer("To", default=1000000, aggregator=None)
    date_when = fields.Selection(
        [("any", "Any day"), ("past", "Until today"), ("future", "From today on")],
        "Days",
        required=True,
        default="any",
    )
    choices_max = fields.Integer("At Most Choices", help="0: all of them.")
    choice_ids = fields.One2many(
        "ekarte.questionnaire.choice", "field_id", "Choices", copy=True
    )
    active = fields.Boolean(default=True)

    _special_uniq = models.UniqueIndex(
        "(questionnaire_id, special) WHERE special IS NOT NULL AND active",
        "A questionnaire asks for the same data of the contact only once.",
    )
    _limits = models.Constraint(
        "CHECK (number_min <= number_max AND chars_max > 0 AND choices_max >= 0)",
        "The limits of an answer leave no room for any.",
    )

    @api.depends("special")
    def _compute_kind(self):
        for field in self:
            kind = SPECIAL_KINDS.get(field.special) or field.kind or "text"
            if kind == "language" and field.special != "language":
                kind = "text"
            field.kind = kind

    @api.constrains("special", "kind")
    def _check_special(self):
        for field in self:
            fixed = SPECIAL_KINDS.get(field.special)
            language = field.kind == "language" and field.special != "language"
            profession = field.special == "profession"
            odd = profession and field.kind not in ("text", "choice")
            if (fixed and field.kind != fixed) or language or odd:
                raise ValidationError(
                    self.env._(
                        "%(question)s: an answer of this kind cannot go to the contact"
                        " as chosen.",
                        question=field.name,
                    )
                )

    def _check_complete(self):
        for field in self:
            if field.kind in WITH_CHOICES and not field.choice_ids:
                raise ValidationError(
                    self.env._("%(question)s: add choices.", question=field.name)
                )

    # Versions

    @api.model_create_multi
    def create(self, vals_list):
        created = super().create(vals_list)
        created.questionnaire_id._before_change()
        return created

    def write(self, vals):
        self.questionnaire_id._before_change()
        return super().write(vals)

    def unlink(self):
        """Forget questions that nobody answered; archive the others."""
        self.questionnaire_id._before_change()
        lines = self.env["ekarte.questionnaire.answer.line"].sudo()
        answered = lines.search([("field_id", "in", self.ids)]).field_id
        answered.write({"active": False})
        return super(EkarteQuestionnaireField, self - answered).unlink()

    # What is asked

    def _as_asked(self):
        """Return the question in the language at hand, for forms and versions."""
        self.ensure_one()
        return {
            "id": self.id,
            "label": self.name,
            "help": self.help or "",
            "kind": self.kind,
            "special": self.special or "",
            "required": self.required,
            "chars_max": self._chars_max(),
            "number_min": self.number_min,
            "number_max": self.number_max,
            "date_when": "past" if self.special == "birthday" else self.date_when,
            "choices_max": self.choices_max or len(self.choice_ids),
            "options": self._options(),
        }

    def _options(self):
        """Return what may be chosen: [{value, label}], values as text."""
        if self.kind == "language":
            return [
                {"value": code, "label": name.split(" / ")[-1]}
                for code, name in self.env["res.lang"].get_installed()
            ]
        if self.kind not in WITH_CHOICES:
            return []
        return [{"value": str(one.id), "label": one.name} for one in self.choice_ids]

    def _chars_max(self):
        return SPECIAL_CHARS.get(self.special) or min(self.chars_max, TEXT_MAX)

    def _known(self, partner):
        """Return what the contact says already, as a form takes it."""
        if not partner or not self.special:
            return [] if self.kind == "choices" else ""
        company = self.questionnaire_id.company_id
        known = partner.with_company(company)._ekarte_special(self.special)
        if self.kind == "choice":
            same = self.choice_ids.filtered(lambda choice: choice.name == known)
            return str(same.id) if same else ""
        return known

    # What is answered

    def _read_value(self, raw):
        """Return (what a line keeps, what is wrong with it): one of both is empty."""
        self.ensure_one()
        raw = raw.strip() if isinstance(raw, str) else raw
        if raw is None or raw in ("", []) or (raw is False and self.kind != "yes_no"):
            problem = self.env._("Please answer this question.")
            return {}, problem if self.required else ""
        return getattr(self, f"_read_{self.kind}")(raw)

    def _read_text(self, raw):
        if not isinstance(raw, str):
            return {}, self.env._("Please write a text.")
        text = " ".join(raw.split())
        most = self._chars_max()
        if len(text) > most:
            return {}, self.env._("At most %(most)s characters, please.", most=most)
        if self.special == "email" and not email_normalize(text):
            return {}, self.env._("This is no e-mail address.")
        if self.special == "phone" and sum(map(str.isdigit, text)) < 5:
            return {}, self.env._("This is no phone number.")
        return {"value_text": text}, ""

    def _read_number(self, raw):
        text = str(raw)
        if isinstance(raw, bool) or not text.removeprefix("-").isdecimal():
            return {}, self.env._("Please write a whole number.")
        number = int(text)
        if not self.number_min <= number <= self.number_max:
            return {}, self.env._(
                "From %(least)s to %(most)s, please.",
                least=self.number_min,
                most=self.number_max,
            )
        # A number of its own column: nought is an answer, too.
        return {"value_number": number, "value_text": str(number)}, ""

    def _read_date(self, raw):
        try:
            day = fields.Date.to_date(raw)
        except (TypeError, ValueError):
            return {}, self.env._("Please write a date.")
        today = fields.Date.context_today(self)
        when = "past" if self.special == "birthday" else self.date_when
        if when == "past" and day > today:
            return {}, self.env._("This day is still to come.")
        if when == "future" and day < today:
            return {}, self.env._("This day is over.")
        if self.special == "birthday" and day < OLDEST_BIRTHDAY:
            return {}, self.env._("Please check the year.")
        return {"value_date": day}, ""

    def _read_yes_no(self, raw):
        if isinstance(raw, (bool, str)) and raw in YES_NO:
            return {"value_text": "yes" if YES_NO[raw] else "no"}, ""
        return {}, self.env._("Please choose yes or no.")

    def _read_language(self, raw):
        if raw in [one["value"] for one in self._options()]:
            return {"value_text": raw}, ""
        return {}, self._not_offered()

    def _read_choice(self, raw):
        return self._read_choices([raw])

    def _read_choices(self, raw):
        if not isinstance(raw, (list, tuple)):
            return {}, self._not_offered()
        offered = {str(choice.id): choice.id for choice in self.choice_ids}
        chosen = list(dict.fromkeys(map(str, raw)))
        if not set(chosen) <= offered.keys():
            return {}, self._not_offered()
        most = 1 if self.kind == "choice" else self.choices_max or len(offered)
        if len(chosen) > most:
            return {}, self.env._("At most %(most)s choices, please.", most=most)
        return {"choice_ids": [offered[one] for one in chosen]}, ""

    def _not_offered(self):
        return self.env._("Please choose one of the answers that are offered.")
