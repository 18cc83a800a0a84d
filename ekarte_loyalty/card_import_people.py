"""Whom an import gives cards to: customers of the issuer, known or new ones."""

from odoo.fields import Domain
from odoo.tools import email_normalize

PEOPLE = ("holder", "email", "phone")
PERSON_CHARS = {"holder": 128, "email": 128, "phone": 32}


class People:
    """The holders that rows name: found among the issuer's customers, or to be made.

    By e-mail, else by phone: a name alone says nothing about who it is.
    """

    def __init__(self, env, issuer):
        self.env = env
        self.issuer = issuer
        self.found = {}
        self.held = {}

    def expect(self, persons):
        """Look up who has these e-mails and phones."""
        keys = {key for person in persons for key in self._keys(person)}
        missing = keys - self.found.keys()
        self.found.update(dict.fromkeys(missing, self.env["res.partner"]))
        if not missing:
            return
        mails = [value for name, value in missing if name == "email"]
        phones = [value for name, value in missing if name == "phone"]
        mine = Domain("company_id", "=", self.issuer.company_id.id) | Domain(
            "ekarte_holder_ids.issuer_id", "=", self.issuer.id
        )
        same = Domain("email_normalized", "in", mails)
        same |= Domain("phone_sanitized", "in", phones)
        for partner in self.env["res.partner"].sudo().search(same & mine):
            for key in (
                ("email", partner.email_normalized),
                ("phone", partner.phone_sanitized),
            ):
                if key in self.found:
                    self.found[key] |= partner

    def expect_cards(self, cards):
        """Look up who holds these cards."""
        ids = [card.id for card in cards if card is not None]
        self.held |= self.env["ekarte.holder"].sudo()._of(ids, self.issuer)

    def told(self, person, card):
        """Return (what a line keeps, column, problem) of a row's holder."""
        column, problem = self._problem(person)
        if problem or not any(person.values()):
            return {}, column, problem
        for key in self._keys(person):
            partners = self.found[key]
            if len(partners) > 1:
                return {}, key[0], self.env._("Several customers of yours have this.")
            if partners:
                return self._given(partners, card)
        if not person["holder"]:
            return {}, "holder", self.env._("A customer has a name.")
        if card.id in self.held:
            return {}, "holder", self.env._("The card has another holder already.")
        read = {name: " ".join(person[name].split()) for name in PEOPLE}
        return {f"person_{name}": value for name, value in read.items()}, "", ""

    def _given(self, partner, card):
        if self.held.get(card.id, partner) != partner:
            return {}, "holder", self.env._("The card has another holder already.")
        return {"partner_id": partner.id}, "", ""

    def partner_problem(self, partner, card):
        """Say why a card cannot be this customer's; '' where it can."""
        if partner.company_id and partner.company_id != self.issuer.company_id:
            return self.env._("The holder is a customer of another company.")
        return self._given(partner, card)[2]

    def _problem(self, person):
        for name, most in PERSON_CHARS.items():
            if len(person[name]) > most:
                return name, self.env._("This is too long.")
        if person["email"] and not email_normalize(person["email"]):
            return "email", self.env._("This is no e-mail address.")
        return "", ""

    def _keys(self, person):
        """Return what a person may be found by, the surest first."""
        mail = email_normalize(person["email"])
        company = self.issuer.company_id.partner_id
        phone = person["phone"] and company._phone_format(
            number=person["phone"], country=company.country_id
        )
        keys = (("email", mail), ("phone", phone))
        return [key for key in keys if key[1]]


def give(env, issuer, lines):
    """Make the holders of booked lines, each contact once; what named them is gone."""
    first = {line.card_id.id: line for line in reversed(lines)}
    made = {}
    for line in first.values():
        if line.person_holder and _same(line) not in made:
            made[_same(line)] = {
                "name": line.person_holder,
                "email": line.person_email,
                "phone": line.person_phone,
                # Each issuer keeps its own customers.
                "company_id": issuer.company_id.id,
            }
    partners = env["res.partner"].create(list(made.values()))
    new = dict(zip(made, partners, strict=True))
    wanted = {
        card: partner
        for card, line in first.items()
        if (partner := line.partner_id or new.get(_same(line)))
    }
    holders = env["ekarte.holder"]
    at_issuer = [("card_id", "in", list(wanted)), ("issuer_id", "=", issuer.id)]
    known = holders.with_context(active_test=False).search(at_issuer).card_id.ids
    for card in known:
        holders._give(card, issuer, wanted.pop(card))
    holders.create(
        [
            {"card_id": card, "issuer_id": issuer.id, "partner_id": partner.id}
            for card, partner in wanted.items()
        ]
    )
    told = lines.filtered("person_holder")
    for line in told:
        line.partner_id = new[_same(line)]
    told.write({"person_holder": False, "person_email": False, "person_phone": False})


def _same(line):
    """Return what makes two rows of a file one customer; a name alone does not."""
    mail = email_normalize(line.person_email or "")
    return mail or line.person_phone or line.card_id.id
