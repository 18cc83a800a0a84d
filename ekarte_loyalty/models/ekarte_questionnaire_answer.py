from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, UserError

from ekarte_core import Rc

WAYS = [
    ("desk", "Service Desk"),
    ("till", "Till"),
    ("portal", "Own Pages"),
    ("paper", "Paper"),
    ("import", "Import"),
]


class EkarteQuestionnaireAnswer(models.Model):
    """What a holder told one issuer. Its effects on the card come once.

    The card ledger knows that a questionnaire was filled in, and gives what is
    promised for it, once for each card; here it is once for each customer.
    """

    _name = "ekarte.questionnaire.answer"
    _description = "Answered questionnaire"
    _rec_name = "partner_id"
    _order = "answered_at desc, id desc"

    questionnaire_id = fields.Many2one(
        "ekarte.questionnaire", required=True, ondelete="restrict", readonly=True
    )
    issuer_id = fields.Many2one(
        "ekarte.issuer", required=True, ondelete="cascade", index=True, readonly=True
    )
    company_id = fields.Many2one(related="issuer_id.company_id", store=True)
    partner_id = fields.Many2one(
        "res.partner", "Holder", ondelete="restrict", index=True, readonly=True
    )
    version = fields.Integer(readonly=True, required=True, aggregator=None)
    language = fields.Char(readonly=True, help="In which the questions were read.")
    way = fields.Selection(WAYS, required=True, readonly=True)
    answered_at = fields.Datetime("Answered", required=True, readonly=True)
    first_at = fields.Datetime("First Answered", required=True, readonly=True)
    line_ids = fields.One2many(
        "ekarte.questionnaire.answer.line", "answer_id", "Answers", readonly=True
    )
    card_id = fields.Many2one(
        "ekarte.card", "Rewarded Card", readonly=True, help="Which got the effects."
    )
    effects_at = fields.Datetime("Rewarded", readonly=True)
    effects = fields.Text("What It Gave", readonly=True)
    erased_at = fields.Datetime("Erased", readonly=True)

    _partner_uniq = models.UniqueIndex(
        "(issuer_id, partner_id) WHERE partner_id IS NOT NULL",
        "This customer has answered already: change that answer.",
    )

    @api.model
    def _of(self, issuer, partner):
        """Return what a partner has answered an issuer, or nothing."""
        if not partner:
            return self.browse()
        return self.search(
            [("issuer_id", "=", issuer.id), ("partner_id", "=", partner.id)]
        )

    @api.model
    def _answer(self, questionnaire, partner, values, way="desk", card=None):
        """Keep what a partner answers and give what is promised for it, once.

        Args:
            questionnaire: the one in use of the issuer, read with the lang of the form.
            values: {question id: value}; text as text, numbers and dates as text too,
                choices by id (several: a list), `yes` or `no`.
            way: how the answers came.
            card: which card gets the effects; the partner holds it at the issuer.

        Returns:
            (answer, {question id: what is wrong with it}): one of both is empty.
        """
        if questionnaire.state != "open":
            raise UserError(self.env._("This questionnaire is not in use."))
        read, problems = questionnaire._read_values(values)
        if problems:
            return self.browse(), problems
        answer = self._keep(questionnaire, partner, read, way)
        partner = partner.with_company(questionnaire.company_id)
        partner._ekarte_feed(
            {field.special: line for field, line in read.items() if field.special}
        )
        if card:
            answer._reward(card)
        return answer, {}

    def _keep(self, questionnaire, partner, read, way):
        now = fields.Datetime.now()
        vals = {
            "questionnaire_id": questionnaire.id,
            "version": questionnaire._keep_version(),
            "language": self.env.lang,
            "way": way,
            "answered_at": now,
            "line_ids": [
                fields.Command.clear(),
                *(
                    fields.Command.create({"field_id": field.id, **kept})
                    for field, kept in read.items()
                ),
            ],
        }
        answer = self._of(questionnaire.issuer_id, partner)
        if answer:
            answer.write(vals)
            return answer
        first = {
            "issuer_id": questionnaire.issuer_id.id,
            "partner_id": partner.id,
            "first_at": now,
        }
        try:
            with self.env.cr.savepoint():
                return self.create({**vals, **first})
        except UniqueViolation as fault:
            # Somebody else was quicker; that row is not in this snapshot.
            raise ConcurrencyError(str(fault)) from fault

    def _reward(self, card):
        """Tell the ledger, once, that the questionnaire is filled in."""
        self.ensure_one()
        if self.effects_at:
            return
        held = self.env["ekarte.holder"].sudo()._of(card.ids, self.issuer_id)
        if held.get(card.id) != self.partner_id:
            raise UserError(self.env._("Another customer holds this card."))
        answer = self.issuer_id.sudo()._enroll(card)
        if answer.rc != Rc.OK.value:
            raise UserError(self.env._("Refused: %(why)s", why=answer.message))
        self._rewarded(card, answer)

    def _reward_given(self, card):
        """Reward answers that are older than the card; a refusal stops no giving."""
        fits = card.state == "active" and card._collects_at(self.issuer_id)
        if self.effects_at or not fits:
            return
        answer = self.issuer_id.sudo()._enroll(card)
        if answer.rc == Rc.OK.value:
            self._rewarded(card, answer)

    def _rewarded(self, card, answer):
        self.write(
            {
                "card_id": card.id,
                "effects_at": fields.Datetime.now(),
                "effects": "\n".join(answer.explain),
            }
        )

    def _erase(self):
        """Forget what was told and by whom; that something was given stays."""
        self.line_ids.unlink()
        self.write({"partner_id": False, "erased_at": fields.Datetime.now()})
