"""What a subscriber does: each act on a card is an operation of the core."""

import json

from odoo import api, fields, models
from odoo.exceptions import UserError

from ekarte_core import Rc

SITE = "subscriber's site"
"""The reference of operations that subscribers ask for themselves."""

WHYS = ("until", "lost", "stolen")


class EkarteSubscriber(models.AbstractModel):
    """Called in sudo on cards that were found to be the reader's own.

    Each method returns what is in the way, in words, or nothing.
    """

    _name = "ekarte.subscriber"
    _description = "A subscriber's acts on own cards"

    @api.model
    def _act(self, card, command, issuer=None, **more):
        """Ask the ledger, as the back office of the card's issuer."""
        issuer = issuer or card._page_issuers()[:1]
        if not issuer:
            return self.env._("Use the card once, then come back.")
        reference = self.env["ekarte.desk"]._by_id(card.id)
        answer = issuer._act(command, reference, SITE, **more)
        if answer.rc == Rc.OK.value:
            return ""
        return self.env._("Refused: %(why)s", why=answer.message)

    @api.model
    def _block(self, card, why):
        """Stop a card: until it is found, or for good."""
        if why not in WHYS:
            return self.env._("Say what happened to the card.")
        return self._act(card, "block", **({} if why == "until" else {"reason": why}))

    @api.model
    def _unblock(self, card):
        """Let the card work again that its holder stopped; no other."""
        if not self._may_unblock(card):
            return self.env._("Its issuer has stopped this card. Ask there.")
        return self._act(card, "unblock")

    @api.model
    def _may_unblock(self, card):
        if card.state != "blocked":
            return False
        last = self.env["ekarte.operation"].search(
            [
                ("card_id", "=", card.id),
                ("command", "=", "block"),
                ("rc", "=", Rc.OK.value),
            ],
            order="id desc",
            limit=1,
        )
        return last.reference == SITE

    @api.model
    def _pool_partners(self, card, cards):
        """Return which of the reader's cards this one may share its purses with."""
        if card.account_id != card:
            return cards.browse()
        issuers = self._pooling(card)
        return cards.filtered(
            lambda other: (
                other != card
                and other.state == "active"
                and other.account_id != card.account_id
                and issuers & self._pooling(other)
            )
        )

    def _pooling(self, card):
        types = card.membership_ids.card_type_id
        return types.filtered("may_pool").issuer_id

    @api.model
    def _pool(self, card, other):
        """Let a card use the purses of another own one; what it has moves there."""
        issuer = (self._pooling(card) & self._pooling(other))[:1]
        if not issuer:
            return self.env._("These cards cannot share their balances.")
        reference = self.env["ekarte.desk"]._by_id(other.id)
        return self._act(card, "pool", issuer, other=reference)

    @api.model
    def _leave(self, card):
        """Give the card purses of its own again."""
        if card.account_id != card and not card.may_leave:
            return self.env._(
                "This card took the balance over from the one it replaced:"
                " it is its own."
            )
        return self._act(card, "pool", self._pooling(card)[:1])

    # Telling an issuer

    @api.model
    def _consent(self, issuer, partner, wanted):
        """Keep what the reader wants of an issuer; return what was refused, or ""."""
        return self.env["ekarte.consent"]._set_apart(
            issuer,
            partner,
            wanted,
            "portal",
            before=lambda: self.env["ekarte.holder"]._join(issuer, partner),
        )

    @api.model
    def _answer(self, asked, partner, values):
        """Keep answers to an issuer's questions, and give what is promised for them.

        Returns:
            (the answer that was kept, or none; {question id: what is wrong with it};
            what else is in the way). Answers stay though their reward is refused.
        """
        answers = self.env["ekarte.questionnaire.answer"]
        try:
            with self.env.cr.savepoint():
                answer, problems = answers._answer(asked, partner, values, "portal")
                if problems:
                    return answers, problems, ""
                cards = self.env["ekarte.holder"]._join(asked.issuer_id, partner)
        except UserError as refusal:
            return answers, {}, str(refusal)
        return answer, {}, self._reward(answer, cards)

    def _reward(self, answer, cards):
        collecting = cards.filtered(
            lambda card: card.state == "active" and card._collects_at(answer.issuer_id)
        )
        try:
            with self.env.cr.savepoint():
                for card in collecting[:1]:
                    answer._reward(card)
        except UserError as refusal:
            return str(refusal)
        return ""

    # Forgetting

    @api.model
    def _take_off(self, card, partner):
        """Make the card a bearer's again; its balances and history stay on it."""
        before = self.env["ekarte.holder"]._taken_over(card)
        self.env["ekarte.holder"].search(
            [("card_id", "in", (card | before).ids), ("partner_id", "=", partner.id)]
        ).unlink()
        return ""

    @api.model
    def _forget(self, issuer, partner):
        """Let an issuer forget who somebody is; the ledger changes in consents only.

        The contact has the login of who asks: it stays, and needs no word of that.
        """
        holders = self.env["ekarte.holder"]
        hindrance = holders._why_not_erased(issuer, partner)
        if not hindrance:
            holders._erase(issuer, partner, "portal")
        return hindrance

    # What is known

    @api.model
    def _export(self, partner):
        """Return all that is known of a subscriber's cards and person, as JSON."""
        cards = self.env["ekarte.card"]._of_subscriber(partner)
        told = {
            "made_at": fields.Datetime.now().isoformat(),
            "person": {
                "name": partner.name,
                "email": partner.email or "",
                "phone": partner.phone or "",
                "language": partner.lang or "",
            },
            "cards": [self._export_card(card) for card in cards],
            "consents": self._export_consents(partner),
            "questionnaires": self._export_answers(partner),
        }
        return json.dumps(told, ensure_ascii=False, indent=2)

    def _export_card(self, card):
        operations = self.env["ekarte.operation"].search([("card_id", "=", card.id)])
        return {
            "number": card.number,
            "kind": card.kind,
            "state": card.state,
            "registered_at": _moment(card.registered_at),
            "issuers": card._page_issuers().mapped("name"),
            "balances": [
                {
                    "program": purse.program_id.name or purse.program_code,
                    "unit": purse.unit,
                    "balance": purse.balance_text,
                }
                for purse in card._page_purses()
            ],
            "vouchers": [
                {"code": one.code, "state": one.state, "what": one.display_name}
                for one in card._page_vouchers()
            ],
            "operations": [self._export_operation(one) for one in operations],
        }

    def _export_operation(self, operation):
        return {
            "name": operation.name,
            "at": _moment(operation.at),
            "command": operation.command,
            "answer": operation.rc,
            "seller": operation.issuer_id.name or "",
            "branch": operation.branch_id.name or "",
            "amount": f"{operation.amount:.2f}",
            "discount": f"{operation.discount:.2f}",
            "explanation": (operation.explanation or "").splitlines(),
            "entries": [
                {
                    "event": entry.event,
                    "program": entry.program_id.name or "",
                    "unit": entry.unit,
                    "moved": f"{entry.posted:.2f}",
                    "after": f"{entry.posted_after:.2f}",
                }
                for entry in operation.entry_ids
                if entry.purse_id
            ],
        }

    def _export_consents(self, partner):
        consents = self.env["ekarte.consent"].search([("partner_id", "=", partner.id)])
        return [
            {
                "issuer": one.issuer_id.name,
                "purpose": one.purpose_id.name,
                "text": one.text,
                "given_at": _moment(one.given_at),
                "withdrawn_at": _moment(one.withdrawn_at),
            }
            for one in consents
        ]

    def _export_answers(self, partner):
        answers = self.env["ekarte.questionnaire.answer"].search(
            [("partner_id", "=", partner.id)]
        )
        return [
            {
                "issuer": one.issuer_id.name,
                "answered_at": _moment(one.answered_at),
                "answers": {
                    line.field_id.name: str(line._raw()) for line in one.line_ids
                },
            }
            for one in answers
        ]


def _moment(moment):
    return f"{moment.isoformat()}Z" if moment else ""
