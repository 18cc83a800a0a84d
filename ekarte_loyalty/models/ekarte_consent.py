"""Consents: the words that were read, when, by which way; and when it ended."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ekarte_core import Rc, is_copy

from ..own_hand import by_own_hand, is_own_hand
from .ekarte_questionnaire_answer import WAYS


class EkarteConsent(models.Model):
    """That a holder allows an issuer to use data for a purpose.

    Programs go by what the card ledger knows; here is the evidence, written in the
    same transaction. A consent that is given again is a new row: history only grows.
    """

    _name = "ekarte.consent"
    _description = "Consent"
    _rec_name = "purpose_id"
    _order = "given_at desc, id desc"

    purpose_id = fields.Many2one(
        "ekarte.consent.purpose", required=True, ondelete="restrict", index=True
    )
    issuer_id = fields.Many2one(related="purpose_id.issuer_id", store=True, index=True)
    company_id = fields.Many2one(related="purpose_id.company_id", store=True)
    partner_id = fields.Many2one(
        "res.partner", "Holder", ondelete="restrict", index=True
    )
    text = fields.Text("As Shown", required=True)
    language = fields.Char(required=True)
    given_at = fields.Datetime("Given", required=True)
    given_way = fields.Selection(WAYS, "Given By Way Of", required=True)
    given_by = fields.Many2one("res.users", "Taken By", ondelete="restrict")
    withdrawn_at = fields.Datetime("Withdrawn")
    withdrawn_way = fields.Selection(WAYS, "Withdrawn By Way Of")
    told = fields.Boolean(
        "Known to All Cards",
        help="Cards that are blocked now are told as soon as they work again.",
    )
    in_force = fields.Boolean(compute="_compute_in_force", search="_search_in_force")

    _ends_later = models.Constraint(
        "CHECK (withdrawn_at IS NULL OR withdrawn_at >= given_at)",
        "A consent ends after it was given.",
    )

    @api.depends("withdrawn_at", "partner_id")
    def _compute_in_force(self):
        for consent in self:
            consent.in_force = bool(consent.partner_id and not consent.withdrawn_at)

    def _search_in_force(self, operator, value):
        if operator != "in":
            return NotImplemented
        holds = [("withdrawn_at", "=", False), ("partner_id", "!=", False)]
        if set(value) == {True}:
            return holds
        if set(value) == {False}:
            return ["!", "&", *holds]
        return [(1, "=", len(value) and 1)]

    # Append-only

    @api.model_create_multi
    def create(self, vals_list):
        self._check_own_hand()
        return super().create(vals_list)

    def write(self, vals):
        self._check_own_hand()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Consents are kept: withdraw one instead."))

    def _check_own_hand(self):
        if not is_own_hand(self.env):
            raise UserError(
                self.env._("Consents are given and withdrawn, never written over.")
            )

    # Giving and withdrawing

    @api.model
    def _form(self, issuer, partner=None):
        """Return what the issuer asks consent for, in the language at hand.

        What was given can be withdrawn, though nobody is asked for it any more.
        """
        asked = self.env["ekarte.consent.purpose"].search(
            [("issuer_id", "=", issuer.id)]
        )
        given = self._in_force(issuer, partner).purpose_id
        purposes = asked | given
        return [
            {
                "id": purpose.id,
                "code": purpose.code,
                "name": purpose.name,
                "text": purpose.text,
                "given": purpose in given,
            }
            for purpose in purposes
        ]

    @api.model
    def _in_force(self, issuer, partner):
        """Return a partner's consents to an issuer that have not been withdrawn."""
        if not partner:
            return self.browse()
        return self.search(
            [
                ("issuer_id", "=", issuer.id),
                ("partner_id", "=", partner.id),
                ("withdrawn_at", "=", False),
            ]
        )

    @api.model
    def _set(self, issuer, partner, wanted, way="desk"):
        """Give and withdraw consents of a partner, and tell the ledger of its cards.

        The ledger may refuse what is given. It never stops a withdrawal (GDPR, article
        7(3)): a card that could not be told now is told by night.

        Args:
            wanted: {code of a purpose: bool}, as the partner wants it from now on;
                purposes that are left out stay as they are. The texts are those of the
                language at hand.
            way: how it was said.
        """
        purposes = self.env["ekarte.consent.purpose"].search(
            [("issuer_id", "=", issuer.id)]
        )
        by_code = {purpose.code: purpose for purpose in purposes}
        given = self._in_force(issuer, partner).grouped(lambda one: one.purpose_id.code)
        anew = {code for code, yes in wanted.items() if yes} - given.keys()
        if anew - by_code.keys():
            raise UserError(self.env._("This purpose is not asked for any more."))
        for code, yes in wanted.items():
            if code in anew:
                self._give(by_code[code], partner, way)
            elif code in given and not yes:
                given[code]._withdraw(way)
        self._tell_ledger(issuer, partner, strict=bool(anew))

    @api.model
    def _set_apart(self, issuer, partner, wanted, way, before=None):
        """Withdraw, whatever comes; then give what is wanted anew, if that can be.

        A form says both at once. What is refused of it must not hold a withdrawal up.

        Args:
            issuer, partner, wanted, way: as of `_set`.
            before: what has to be done before anything is given; may refuse, too.

        Returns:
            Why nothing was given, or "".
        """
        ends = {code: False for code, yes in wanted.items() if not yes}
        self._set(issuer, partner, ends, way)
        given = self._in_force(issuer, partner).purpose_id.mapped("code")
        anew = {code: True for code, yes in wanted.items() if yes and code not in given}
        if not anew:
            return ""
        try:
            with self.env.cr.savepoint():
                if before:
                    before()
                self._set(issuer, partner, anew, way)
        except UserError as refusal:
            return str(refusal)
        return ""

    def _give(self, purpose, partner, way):
        by_own_hand(self).create(
            {
                "purpose_id": purpose.id,
                "partner_id": partner.id,
                "text": purpose.text,
                "language": self.env.lang or "en_US",
                "given_at": fields.Datetime.now(),
                "given_way": way,
                "given_by": self.env.uid,
            }
        )

    def _withdraw(self, way):
        by_own_hand(self).write(
            {
                "withdrawn_at": fields.Datetime.now(),
                "withdrawn_way": way,
                "told": False,
            }
        )

    def _erase(self, way):
        """End what is in force, and forget who it was."""
        self.filtered("in_force")._withdraw(way)
        by_own_hand(self).write({"partner_id": False, "given_by": False})

    # What the ledger knows

    @api.model
    def _tell_ledger(self, issuer, partner, *, strict=True):
        """Let each card that the partner uses know what was consented to.

        The ledger changes nothing at a card that is not in use; such a card gives
        nothing either, and is told by the next night when it works again. So is one
        that the ledger refuses, where that shall not stop what is done (not strict).
        """
        cards = self.env["ekarte.holder"].sudo()._cards_of(partner, issuer)
        said = self._said(issuer, partner)
        in_use = cards.filtered(lambda card: card.state == "active")
        told = [self._tell_card(issuer, card, said, strict=strict) for card in in_use]
        own = [("issuer_id", "=", issuer.id), ("partner_id", "=", partner.id)]
        by_own_hand(self.search(own)).write({"told": in_use == cards and all(told)})

    @api.model
    def _tell_change(self, issuer, card, ends, partner):
        """Let a card know that it has another holder; return whether it does."""
        if card.state != "active":
            return False
        said = self._said(issuer, partner) if partner else {}
        said = {**dict.fromkeys(ends, False), **said}
        return self._tell_card(issuer, card, said, strict=False)

    @api.model
    def _cron_tell_ledger(self):
        """Tell cards that could not be told before."""
        waiting = self.search([("told", "=", False), ("partner_id", "!=", False)])
        for (issuer, partner), _rows in waiting.grouped(
            lambda row: (row.issuer_id, row.partner_id)
        ).items():
            self._tell_ledger(issuer, partner, strict=False)
        self.env["ekarte.holder"]._end_former()

    def _said(self, issuer, partner):
        """Return {code: whether it is consented to} of what was ever asked."""
        rows = self.search(
            [("issuer_id", "=", issuer.id), ("partner_id", "=", partner.id)]
        )
        return {
            purpose.code: any(row.in_force for row in of_purpose)
            for purpose, of_purpose in rows.grouped("purpose_id").items()
        }

    @api.model
    def _tell_card(self, issuer, card, said, *, strict):
        """Send what the card's facts do not say yet; no questionnaire by that.

        Return whether the card knows it now.
        """
        memberships = card.sudo().membership_ids
        known = ", ".join(
            one.consents or "" for one in memberships if one.issuer_id == issuer
        ).split(", ")
        change = {code: yes for code, yes in said.items() if yes != (code in known)}
        if not change:
            return True
        if not strict and is_copy(self.env.cr):
            return False  # the ledger is elsewhere: what is said holds here
        answer = issuer.sudo()._enroll(card, {**change, "questionnaire": False})
        approved = answer.rc == Rc.OK.value
        if strict and not approved:
            raise UserError(self.env._("Refused: %(why)s", why=answer.message))
        return approved
