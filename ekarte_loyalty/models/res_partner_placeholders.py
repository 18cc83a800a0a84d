"""What letters may say of a customer's cards: balance, and what is missing to more."""

from odoo import api, fields, models

from .res_partner import SEES_CARDS

SHOWN = ("money", "points", "visits", "credit")


class ResPartner(models.Model):
    _inherit = "res.partner"

    ekarte_balance_text = fields.Char(
        "Balance of the Cards",
        compute="_compute_ekarte_placeholders",
        groups=SEES_CARDS,
        help="At the issuer that writes, in the customer's language.",
    )
    ekarte_next_step_text = fields.Char(
        "Next Step of the Cards",
        compute="_compute_ekarte_placeholders",
        groups=SEES_CARDS,
        help="What is missing to the next step of each program, in the customer's"
        " language.",
    )

    @api.depends_context("ekarte_issuer_id", "company", "uid")
    def _compute_ekarte_placeholders(self):
        issuer = self._ekarte_writing_issuer()
        for partner in self:
            spoken = partner.with_context(lang=partner.lang or self.env.lang)
            partner.ekarte_balance_text = ", ".join(spoken._ekarte_balances(issuer))
            partner.ekarte_next_step_text = "; ".join(spoken._ekarte_steps(issuer))

    @api.model
    def _ekarte_writing_issuer(self):
        """Return the issuer whose letter it is; of another one nobody learns."""
        issuers = self.env["ekarte.issuer"]
        asked = self.env.context.get("ekarte_issuer_id")
        if not asked:
            return issuers._default_issuer()
        return issuers.search([("id", "=", asked)])

    def _ekarte_cards_in_use(self, issuer):
        cards = self.env["ekarte.holder"].sudo()._cards_of(self, issuer)
        return cards.filtered(lambda card: card.state in ("new", "active"))

    def _ekarte_balances(self, issuer):
        """Return what the cards hold at an issuer, in the language at hand."""
        self.ensure_one()
        accounts = self._ekarte_cards_in_use(issuer).account_id
        purses = accounts.purse_ids.filtered(
            lambda purse: (
                purse.issuer_id.id == issuer.id
                and purse.measure in SHOWN
                and (purse.balance or purse.measure in ("money", "points"))
            )
        )
        balances = [purse.card_id._page_balance(purse) for purse in purses]
        return [f"{one.amount} {one.unit}".strip() for one in balances]

    def _ekarte_steps(self, issuer):
        """Return what is missing to the next steps at an issuer."""
        self.ensure_one()
        said = []
        for card in self._ekarte_cards_in_use(issuer):
            said += [step.ahead for step in card._page_steps(issuer) if step.gives]
        return list(dict.fromkeys(said))

    @api.model
    def mail_allowed_qweb_expressions(self):
        """Let everybody who writes letters use our placeholders."""
        return (
            *super().mail_allowed_qweb_expressions(),
            "object.ekarte_balance_text",
            "object.ekarte_next_step_text",
        )
