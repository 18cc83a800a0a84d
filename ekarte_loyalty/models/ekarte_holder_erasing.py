"""Forget me: what an issuer knows of a customer goes, what the card holds stays."""

from odoo import api, models
from odoo.exceptions import UserError

# What tells of a person, beside the name.
PERSONAL = (
    *("email", "phone", "street", "street2", "city", "zip", "function", "comment"),
    *("website", "ref", "vat", "barcode", "image_1920", "ekarte_birthday"),
    "ekarte_profession",
)
# Documents that the law of bookkeeping keeps, with the name that stands on them.
KEPT_TYPES = ("out_invoice", "out_refund", "out_receipt")


class EkarteHolder(models.Model):
    _inherit = "ekarte.holder"

    @api.model
    def _erase(self, issuer, partner, way="desk"):
        """Forget a partner at one issuer; return why the contact stays, or "".

        Cards become anonymous and keep all they hold: no operation of theirs changes,
        and none that moves value is made. Consents end, in the ledger too. Their
        words and moments stay as evidence, without a name; answers are deleted.
        Other issuers, and what they know, are not touched.
        """
        own = [("issuer_id", "=", issuer.id), ("partner_id", "=", partner.id)]
        hindrance = self._why_not_erased(issuer, partner)
        if hindrance:
            raise UserError(hindrance)
        consents = self.env["ekarte.consent"].sudo()
        in_force = consents._in_force(issuer, partner)
        ended = dict.fromkeys(in_force.purpose_id.mapped("code"), False)
        consents._set(issuer.sudo(), partner, ended, way)
        consents.search(own)._erase(way)
        self.env["ekarte.questionnaire.answer"].sudo().search(own)._erase()
        self.env["ekarte.campaign.member"].sudo()._forget(issuer, partner)
        self.env["ekarte.greeting.sent"].sudo()._forget(issuer, partner)
        self.sudo().with_context(active_test=False).search(own).unlink()
        return self._erase_contact(issuer, partner)

    def _why_not_erased(self, issuer, partner):
        cards = self.sudo()._cards_of(partner, issuer)
        owed = cards.purse_ids.filtered(
            lambda purse: (
                purse.issuer_id == issuer
                and purse.measure == "credit"
                and purse.balance < 0
            )
        )
        if owed:
            return self.env._("A card still owes money: it is to be paid first.")
        return ""

    def _erase_contact(self, issuer, partner):
        """Make the contact nobody's, where it is the issuer's alone."""
        contact = partner.sudo().with_company(issuer.company_id)
        contact.write({"ekarte_birthday": False, "ekarte_profession": False})
        kept = self._why_kept(issuer, contact)
        if kept:
            return kept
        everyone = contact | self._addresses(contact)
        for one in everyone.with_context(tracking_disable=True):
            name = self.env._("Forgotten customer %(number)s", number=one.id)
            one.write({**dict.fromkeys(PERSONAL, False), "name": name, "active": False})
        # What was said with, and of, this person.
        everyone.message_ids.unlink()
        followers = self.env["mail.followers"].sudo()
        followers.search([("partner_id", "in", everyone.ids)]).unlink()
        return ""

    def _addresses(self, contact):
        """Return where a contact gets goods and bills, not the people it works with.

        Who has an e-mail, a name or a login of its own may be somebody else: what
        is one's own is not erased because another asked for it.
        """
        below = contact.with_context(active_test=False).child_ids
        return below.filtered(
            lambda one: (
                one.type != "contact"
                and not one.user_ids
                and (one.name or contact.name) == contact.name
                and (one.email or contact.email) == contact.email
            )
        )

    def _why_kept(self, issuer, contact):
        if contact.company_id != issuer.company_id:
            return self.env._("Other companies have this contact, too: it stays.")
        if contact.with_context(active_test=False).user_ids:
            return self.env._("The contact has a login: close that first.")
        invoices = (
            self.env["account.move"]
            .sudo()
            .search_count(
                [
                    ("partner_id", "child_of", contact.id),
                    ("move_type", "in", KEPT_TYPES),
                    ("state", "=", "posted"),
                ],
                limit=1,
            )
        )
        if invoices:
            return self.env._("The law keeps the contact's invoices, and it with them.")
        return ""

    def action_erase(self):
        """Ask whether the issuer shall forget this customer."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Forget the Customer"),
            "res_model": "ekarte.customer.erase",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_partner_id": self.partner_id.id},
        }
