"""A subscriber adds a card: only whoever can show to hold it may."""

import json
import re
from decimal import Decimal, InvalidOperation

from odoo import api, fields, models

from ekarte_core import Rc, find_card

from ..keyring import server_keyring
from ..units import to_minor
from ..wizards.ekarte_card_find import card_reference

KINDS = ("keyed", "phone", "document", "bank")
"""Identifiers that people can read off and type."""

SLIP_DAYS = 90
"""So old may a slip be that shows who holds a card."""

SLIP_COMMANDS = ("sale", "confirm", "accrue", "activate", "top_up", "refund")
_ACCESS_CODE = re.compile(r"\d{4,12}")
_SLIP_CODE = re.compile(r"\d{6}")
_SLIP_QR = re.compile(r"EKARTE:(\d+):[^:]+:\d+:\d+")


class EkarteRegistration(models.AbstractModel):
    """What is typed lives as long as one call, and reaches neither disk nor log.

    A card that is not there, another's, and a wrong code are answered alike: the page
    tells nobody which numbers are cards.
    """

    _name = "ekarte.registration"
    _description = "Registration of a card by its holder"

    @api.model
    def _add_card(self, user, address, kind, number, *, access_code="", slip=None):
        """Make a user the holder of a card; return (card, what is in the way).

        Args:
            user: who is logged in.
            address: where the request comes from.
            kind, number: the identifier, as on a till's screen.
            access_code: the card's secret digits, as evidence; or else
            slip: (code, sum) of a slip that was printed for the card.
        """
        none = self.env["ekarte.card"]
        tries = {"user": user.id, "address": address}
        card = self._found(kind, number)
        if card:
            tries["card"] = card.id
        guesses = self.env["ekarte.guess"]
        if not guesses._may_try(**tries):
            return none, self._too_often()
        if not (card and self._proven(card, access_code, slip)):
            guesses._was_wrong(**tries)
            return none, self.env._(
                "This does not fit together. Check the number and the code, or use a"
                " newer slip."
            )
        tries.pop("address")
        guesses._was_right(**tries)
        problem = self._hindrance(card, user.partner_id)
        if problem:
            return none, problem
        self._give(card, user.partner_id)
        return card, ""

    @api.model
    def _recognized(self, user, address, card, number):
        """Say whether a number is that of the user's own card; tries count."""
        tries = {"user": user.id, "address": address, "card": card.id}
        guesses = self.env["ekarte.guess"]
        if not guesses._may_try(**tries):
            return self._too_often()
        if self._found("keyed", number) != card:
            guesses._was_wrong(**tries)
            return self.env._("This is not the number of this card.")
        tries.pop("address")
        guesses._was_right(**tries)
        return ""

    def _too_often(self):
        return self.env._("Too many wrong tries. Wait an hour, or ask at the shop.")

    def _found(self, kind, number):
        cards = self.env["ekarte.card"].sudo()
        if kind not in KINDS or not number.strip():
            return cards
        reference = card_reference(kind, number)
        found = find_card(self.env.cr, server_keyring(self.env), reference)
        return cards.browse(found or ()).exists()

    def _proven(self, card, access_code, slip):
        if access_code:
            return self._proven_by_code(card, access_code.strip())
        return bool(slip) and self._proven_by_slip(card, *slip)

    def _proven_by_code(self, card, access_code):
        """Let the ledger look at the code: it counts and locks as at a till."""
        issuer = card.membership_ids.issuer_id[:1]
        if not (
            card.has_access_code and issuer and _ACCESS_CODE.fullmatch(access_code)
        ):
            return False
        _number, answer = self.env["ekarte.desk"]._execute(
            "inquire",
            issuer._back_office_id(),
            card=self.env["ekarte.desk"]._by_id(card.id),
            access_code=access_code,
        )
        return answer.rc == Rc.OK.value

    def _proven_by_slip(self, card, code, amount):
        """Say whether an operation of the card was printed with this code and sum."""
        code, minor = _slip_code(code), _minor(amount)
        if not code or minor is None:
            return False
        since = fields.Datetime.subtract(fields.Datetime.now(), days=SLIP_DAYS)
        operations = (
            self.env["ekarte.operation"]
            .sudo()
            .search(
                [
                    ("card_id", "=", card.id),
                    ("command", "in", SLIP_COMMANDS),
                    ("rc", "in", (Rc.OK.value, Rc.PARTIAL.value)),
                    ("at", ">=", since),
                    ("amount", "!=", 0),
                ]
            )
        )
        return any(
            minor in (to_minor(one.amount), to_minor(one.amount_due))
            and json.loads(one.answer).get("auth_code") == code
            for one in operations
        )

    def _hindrance(self, card, partner):
        if card.state not in ("new", "active", "blocked"):
            return self.env._("This card is not in use any more.")
        if self.env["ekarte.holder"].sudo()._of_any(card) - partner:
            return self.env._(
                "This card is registered for somebody else. Ask at the service desk of"
                " its issuer."
            )
        if not card.membership_ids.issuer_id:
            return self.env._("Use the card once, then add it here.")
        if not self._open_to(card, partner):
            return self.env["ekarte.holder"]._no_contact(card._page_issuers()[:1])
        return ""

    def _open_to(self, card, partner):
        """Return the card's issuers whose customer a contact can be."""
        return card.membership_ids.issuer_id.filtered(
            lambda issuer: partner.company_id <= issuer.company_id
        )

    def _give(self, card, partner):
        """Tell each issuer of the card who holds it, but not of others' contacts."""
        for issuer in self._open_to(card, partner):
            self.env["ekarte.holder"].sudo()._give(card.id, issuer, partner)


def _slip_code(text):
    """Return the six digits of a slip, typed or read from its QR code; '' if none."""
    text = text.strip()
    scanned = _SLIP_QR.fullmatch(text)
    if scanned:
        return scanned.group(1)[-6:].rjust(6, "0")
    return text if _SLIP_CODE.fullmatch(text) else ""


def _minor(text):
    try:
        amount = Decimal(text.strip().replace(" ", "").replace(",", "."))
    except InvalidOperation:
        return None
    return to_minor(amount) if amount.is_finite() and 0 < amount < 10**8 else None
