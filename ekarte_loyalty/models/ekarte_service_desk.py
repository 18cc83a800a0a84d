"""The operator's screen: find a card, know the customer, and nothing else."""

import re
from decimal import Decimal, InvalidOperation

from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import email_normalize

from ..units import from_minor, to_minor

OPERATOR = "ekarte_loyalty.ekarte_loyalty_group_operator"
FOUND_MAX = 8
SEARCH_LEAST = 3
CARD_DIGITS_LEAST = 8
CUSTOMER_CHARS = {"name": 128, "phone": 32, "email": 128, "lang": 8}
CODE = re.compile(r"\d{4,12}")


class EkarteServiceDesk(models.AbstractModel):
    """What the screen asks of the server. Each call checks whose customer it is.

    A number that is typed or scanned lives as long as one call.
    """

    _name = "ekarte.service.desk"
    _description = "Service desk"

    def _door(self):
        """Return the issuer at whose desk the operator sits; refuse anybody else."""
        if not self.env.user.has_group(OPERATOR):
            raise AccessError(self.env._("Only operators of an issuer work here."))
        issuer = self.env["ekarte.issuer"]._default_issuer()
        if not issuer:
            raise UserError(self.env._("Choose a company that is an issuer."))
        return issuer

    # Finding

    @api.model
    def find(self, text):
        """Find a card by its number, else customers by name, phone or e-mail.

        Returns:
            {"card": id} of a card that may be seen, {"unknown": True} for a number
            that may be a card nobody has yet, {"customers": [...]} otherwise.
        """
        issuer = self._door()
        text = " ".join((text or "").split())[:128]
        digits = sum(map(str.isdigit, text))
        is_number = digits >= CARD_DIGITS_LEAST and not text.startswith("+")
        if is_number and "@" not in text:
            card = self.env["ekarte.card.find"]._find("keyed", text.replace(" ", ""))
            if card:
                return {"card": card.id}
        found = self._customers(issuer, text)
        if not found and is_number:
            return {"unknown": True, "customers": []}
        return {
            "customers": [self._customer_told(issuer, partner) for partner in found]
        }

    def _customers(self, issuer, text):
        """Return contacts who are customers of the issuer, or of its company only."""
        partners = self.env["res.partner"]
        if len(text) < SEARCH_LEAST:
            return partners
        said = Domain("complete_name", "ilike", text) | Domain("email", "ilike", text)
        phone = self._phone(issuer, text)
        for number in filter(None, {text, phone}):
            said |= Domain("phone", "ilike", number)
        # Two searches: PostgreSQL would make a list of all holders for the one with OR.
        own = Domain("company_id", "=", issuer.company_id.id)
        held = Domain("ekarte_holder_ids.issuer_id", "=", issuer.id)
        found = partners
        for mine in (own, ~own & held):
            found |= partners.search(said & mine, limit=FOUND_MAX, order="name, id")
        return found.sorted(lambda one: (one.name or "", one.id))[:FOUND_MAX]

    def _phone(self, issuer, text):
        own = issuer.company_id.partner_id
        country = issuer.company_id.country_id
        return own._phone_format(number=text, country=country) if text else False

    def _customer_told(self, issuer, partner):
        cards = self.env["ekarte.holder"]._cards_of(partner, issuer)
        return {
            "id": partner.id,
            "name": partner.name,
            "phone": partner.phone or "",
            "email": partner.email or "",
            "lang": dict(self.env["res.lang"].get_installed()).get(partner.lang, ""),
            "cards": [{"id": card.id, "number": card.number} for card in cards],
        }

    # Looking

    @api.model
    def start(self):
        """Return what the screen needs to know once."""
        issuer = self._door()
        return {
            "issuer": issuer.name,
            "languages": [
                {"value": code, "label": name.split(" / ")[-1]}
                for code, name in self.env["res.lang"].get_installed()
            ],
            "lang": self.env.lang or "en_US",
            "consents": self.env["ekarte.consent"]._form(issuer),
            "code": any(kind.access_code != "none" for kind in issuer.card_type_ids),
        }

    @api.model
    def show(self, card_id=None, partner_id=None):
        """Return all that the desk shows of a card and of who holds it."""
        issuer = self._door()
        card = self._card(card_id)
        partner = self._holder(issuer, card) or self._customer(issuer, partner_id)
        if not card and partner:
            cards = self.env["ekarte.holder"]._cards_of(partner, issuer)
            card = cards if len(cards) == 1 else card
        return {
            "card": bool(card) and self._card_told(issuer, card),
            "customer": bool(partner) and self._customer_told(issuer, partner),
            "questionnaire": bool(partner)
            and self._questionnaire_told(issuer, partner),
            "consents": self.env["ekarte.consent"]._form(issuer, partner),
        }

    def _card(self, card_id):
        """Return a card that the operator may see."""
        if not card_id:
            return self.env["ekarte.card"]
        card = self.env["ekarte.card"].search([("id", "=", int(card_id))])
        if not card:
            raise AccessError(self.env._("This card takes no part in your programs."))
        return card

    def _holder(self, issuer, card):
        held = self.env["ekarte.holder"]._of(card.ids, issuer)
        return held.get(card.id, self.env["res.partner"])

    def _customer(self, issuer, partner_id):
        """Return a customer of the issuer; contacts of others are refused."""
        partner = self.env["res.partner"].browse(int(partner_id or 0)).exists()
        if not partner:
            return self.env["res.partner"]
        partner.check_access("read")
        holders = self.env["ekarte.holder"]
        own = partner.company_id == issuer.company_id or holders.search_count(
            [("partner_id", "=", partner.id), ("issuer_id", "=", issuer.id)], limit=1
        )
        if not own:
            raise AccessError(self.env._("This contact is no customer of yours."))
        return partner

    def _card_told(self, issuer, card):
        purses = card.purse_ids.filtered(
            lambda purse: purse.issuer_id == issuer and purse.measure != "billed"
        )
        states = dict(card._fields["state"]._description_selection(self.env))
        measures = dict(purses._fields["measure"]._description_selection(self.env))
        return {
            "id": card.id,
            "number": card.number,
            "state": card.state,
            "state_name": states.get(card.state, ""),
            "types": card.membership_ids.card_type_id.mapped("name"),
            "owes": card.owes,
            "balances": [
                {
                    # Its name is shown; how it is set is the issuer's affair.
                    "name": purse.sudo().program_id.name or purse.program_code,
                    "text": purse.balance_text,
                    "what": measures[purse.measure],
                }
                for purse in purses
            ],
            "vouchers": len(card.voucher_ids),
        }

    def _questionnaire_told(self, issuer, partner):
        asked = self.env["ekarte.questionnaire"]._of(issuer)
        if not asked:
            return False
        answer = self.env["ekarte.questionnaire.answer"]._of(issuer, partner)
        return {
            "name": asked.name,
            "intro": asked.intro or "",
            "fields": asked._form(partner),
            "answered": answer.answered_at or False,
            "effects": (answer.effects or "").splitlines(),
        }

    # Doing

    @api.model
    def register(self, customer, sure=False):
        """Make a contact of a new customer, unless it is known already.

        Args:
            customer: {"name", "phone", "email", "lang"}.
            sure: the ones that are known under the same data are other people.

        Returns:
            {"known": [customers]} or {"id": the new contact}.
        """
        issuer = self._door()
        read = self._read_customer(customer)
        known = self._same(issuer, read)
        if known and not sure:
            return {"known": [self._customer_told(issuer, one) for one in known]}
        # Each issuer keeps its own customers: the contact is of its company.
        partner = (
            self.env["res.partner"]
            .sudo()
            .create({**read, "company_id": issuer.company_id.id})
        )
        return {"id": partner.id}

    def _read_customer(self, customer):
        read = {}
        for name, most in CUSTOMER_CHARS.items():
            value = customer.get(name) or ""
            if not isinstance(value, str) or len(value) > most:
                raise UserError(self.env._("Please check what was entered."))
            read[name] = " ".join(value.split()) or False
        if not read["name"]:
            raise UserError(self.env._("A customer has a name."))
        if read["email"] and not email_normalize(read["email"]):
            raise UserError(self.env._("This is no e-mail address."))
        if read["lang"] not in dict(self.env["res.lang"].get_installed()):
            read["lang"] = self.env.lang
        return read

    def _same(self, issuer, read):
        """Return the issuer's customers with the same phone, e-mail or name."""
        email, phone = email_normalize(read["email"] or ""), read["phone"]
        same = Domain("name", "=ilike", read["name"])
        if email:
            same |= Domain("email_normalized", "=", email)
        for number in filter(None, {phone, phone and self._phone(issuer, phone)}):
            same |= Domain("phone", "=", number)
            same |= Domain("phone_sanitized", "=", number)
        mine = Domain("company_id", "=", issuer.company_id.id) | Domain(
            "ekarte_holder_ids.issuer_id", "=", issuer.id
        )
        return self.env["res.partner"].search(same & mine, limit=FOUND_MAX)

    @api.model
    def hand_out(self, partner_id, number, code=None):
        """Give the card with this number to a customer; return its id."""
        issuer = self._door()
        partner = self._customer(issuer, partner_id)
        if not partner:
            raise UserError(self.env._("Choose the customer first."))
        if code and not CODE.fullmatch(str(code)):
            raise UserError(self.env._("An access code has 4 to 12 digits."))
        return {"card": issuer._hand_out(partner, str(number or ""), code).id}

    @api.model
    def answer(self, partner_id, values, card_id=None):
        """Keep a questionnaire; return {"problems"} or {"effects"}."""
        issuer = self._door()
        partner = self._customer(issuer, partner_id)
        asked = self.env["ekarte.questionnaire"]._of(issuer)
        answers = self.env["ekarte.questionnaire.answer"].sudo()
        answer, problems = answers._answer(
            asked.sudo(), partner, values, "desk", self._card(card_id)
        )
        if problems:
            return {"problems": {str(key): said for key, said in problems.items()}}
        return {"effects": (answer.effects or "").splitlines()}

    @api.model
    def consent(self, partner_id, wanted):
        """Give and withdraw consents of a customer.

        Returns:
            {"consents": as they are now, "problem": why nothing was given, or ""}. A
            refusal is no fault here: what was withdrawn in the same call stays so.
        """
        issuer = self._door()
        partner = self._customer(issuer, partner_id)
        wanted = {str(code): yes is True for code, yes in wanted.items()}
        consents = self.env["ekarte.consent"].sudo()
        problem = consents._set_apart(issuer.sudo(), partner, wanted, "desk")
        shown = self.env["ekarte.consent"]._form(issuer, partner)
        return {"consents": shown, "problem": problem}

    # Payments of credit

    @api.model
    def payment(self, card_id):
        """Return what a payment of credit has to ask; its number books it once."""
        self._door()
        office = self._office(self._card(card_id))
        return {
            "number": office.number,
            "most": f"{office.most:.2f}",
            "currency": office.currency_id.symbol,
            "journals": [
                {"value": journal.id, "label": journal.name}
                for journal in self._journals(office)
            ],
        }

    @api.model
    def pay(self, card_id, number, amount, journal_id):
        """Take a payment of what a card owes; a repeat of the number books nothing."""
        self._door()
        card = self._card(card_id)
        try:
            exact = Decimal(str(amount).replace(",", ".").strip())
            amount = from_minor(to_minor(exact))
        except (InvalidOperation, ValueError) as fault:
            raise UserError(self.env._("Please write an amount.")) from fault
        office = self._office(card, number=int(number), amount=amount)
        journal = self._journals(office).browse(int(journal_id))
        if journal not in self._journals(office):
            raise UserError(self.env._("Choose where the money goes."))
        office.journal_id = journal
        office.action_do()
        return True

    def _office(self, card, **vals):
        """Return the dialog of the back office for a payment of this card."""
        return (
            self.env["ekarte.card.office"]
            .sudo()
            .create(
                {
                    "card_id": card.id,
                    "command": "pay",
                    "reason": self.env._("Paid at the service desk"),
                    **vals,
                }
            )
        )

    def _journals(self, office):
        return (
            self.env["account.journal"]
            .sudo()
            .search(
                [
                    ("type", "in", ("cash", "bank")),
                    ("company_id", "=", office.company_id.id),
                ]
            )
        )
