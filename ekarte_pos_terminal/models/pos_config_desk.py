from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import email_normalize

from ekarte_core import Rc, card_of

from ..till_lines import uuid
from .ekarte_checkout import approved
from .pos_config_card import _read_code

CUSTOMER_CHARS = {"name": 128, "phone": 32, "email": 128, "lang": 8}
PURPOSES_MAX = 20
VISIT_KINDS = ("attendance", "bonus_visit", "visit_pass")
ASK_AGAIN = "confirm"
"""Not an answer of the ledger: the till has to ask the customer something first."""


class PosConfigDesk(models.Model):
    """The doors of the card without a sale: visits, and giving cards to customers."""

    _inherit = "pos.config"

    ekarte_counts_visits = fields.Boolean(
        compute="_compute_ekarte_counts_visits",
        compute_sudo=True,
        help="Programs of the till's issuer count visits: it has a check-in.",
    )

    @api.depends("ekarte_branch_id.issuer_id.program_ids.state")
    def _compute_ekarte_counts_visits(self):
        for config in self:
            programs = config.ekarte_branch_id.issuer_id.program_ids
            config.ekarte_counts_visits = any(
                program.state == "active" and program.kind in VISIT_KINDS
                for program in programs
            )

    # 8. A visit

    def ekarte_check_in(self, key, identifier, access_code=None):
        """Count a visit of a card; a repeat of the key gets the same answer."""
        self._ekarte_door()
        key = self._ekarte_shaped(uuid, key, "key")
        access_code = _read_code(self, access_code)
        found, partner, refused = self._ekarte_desk_card(identifier)
        if refused:
            return refused

        def visit(row):
            answer = self._ekarte_do(
                "check_in", found.id, row.number, access_code=access_code
            )
            return self._ekarte_desk_told(found, partner, answer), partner

        rows = self.env["ekarte.desk.operation"].sudo()
        return rows._once(self, key, "check_in", found, [], visit)

    # 9. A card for a customer

    def ekarte_enrolment(self, identifier):
        """Return what the enrolment of a card has to ask; changes nothing."""
        self._ekarte_door()
        found, partner, refused = self._ekarte_desk_card(identifier)
        if refused:
            return refused
        issuer = self.sudo().ekarte_branch_id.issuer_id
        membership = (
            self.env["ekarte.membership"]
            .sudo()
            .search([("card_id", "=", found.id), ("issuer_id", "=", issuer.id)])
        )
        consents = ", ".join(one.consents or "" for one in membership)
        types = membership.card_type_id or issuer.card_type_ids
        return {
            "rc": Rc.OK.value,
            "message": "",
            "masked": found.masked,
            "state": found.state,
            "types": membership.card_type_id.mapped("name"),
            "partner_id": partner.id,
            "holder": partner.name or "",
            "filled": any(membership.mapped("questionnaire")),
            "consented": [one for one in consents.split(", ") if one],
            "purposes": self._ekarte_purposes(issuer),
            "code": any(one.access_code != "none" for one in types),
            "lang": self.env.lang or "",
            "languages": [
                {"code": code, "name": name.split(" / ")[-1]}
                for code, name in self.env["res.lang"].get_installed()
            ],
        }

    def _ekarte_purposes(self, issuer):
        """Return what a holder may consent to, and for the sake of which programs."""
        programs = issuer.program_ids.filtered(
            lambda program: program.state == "active" and program.consent
        )
        return [
            {
                "purpose": purpose,
                "programs": of_purpose.mapped("name"),
            }
            for purpose, of_purpose in programs.grouped("consent").items()
        ]

    def ekarte_enroll(self, key, identifier, customer, consents=None, new_code=None):
        """Give a card to a customer and keep the questionnaire, all or nothing.

        Args:
            key: made by the dialog; a repeat gets the same answer.
            identifier: as for `ekarte_identify`.
            customer: a contact's id, or {"name", "phone", "email", "lang"}.
            consents: {purpose: bool} of what was asked.
            new_code: access code that the holder has chosen, if any.
        """
        self._ekarte_door()
        key = self._ekarte_shaped(uuid, key, "key")
        new_code = _read_code(self, new_code)
        customer = self._ekarte_read_customer(customer)
        consents = self._ekarte_read_consents(consents or {})
        found, holder, refused = self._ekarte_desk_card(identifier)
        if refused:
            return refused
        rows = self.env["ekarte.desk.operation"].sudo()
        asked = [customer, sorted(consents.items())]
        if not rows.search_count([("key", "=", key)], limit=1):
            question = self._ekarte_question(customer, holder)
            if question:
                return question

        def enroll(row):
            return self._ekarte_give(row, found, customer, consents, new_code)

        return rows._once(self, key, "enroll", found, asked, enroll)

    def _ekarte_desk_card(self, identifier):
        """Return (card, holder, refusal): also the card of an order, by its key."""
        if not isinstance(identifier, dict) or "order_uuid" not in identifier:
            return self._ekarte_find(identifier)
        order_uuid = self._ekarte_shaped(uuid, identifier["order_uuid"], "order_uuid")
        row = self.env["ekarte.checkout"].sudo()._main(order_uuid)
        row._check_same_issuer(self)
        if not row:
            return None, row.partner_id, self._ekarte_unknown()
        card_id = row.card_id.id
        return card_of(self.env.cr, card_id), self._ekarte_holder(card_id), None

    def _ekarte_question(self, customer, holder):
        """Return what has to be cleared up before anything is done, or None."""
        known = self._ekarte_customer(customer)
        if holder and holder != known:
            message = self.env._("The card is held by %(name)s.", name=holder.name)
            return {"rc": Rc.RULE.value, "message": message}
        if isinstance(customer, int) or not known:
            return None
        if known.name.casefold() == customer["name"].casefold():
            return None
        return {
            "rc": ASK_AGAIN,
            "message": self.env._(
                "%(name)s is known by this phone number or e-mail address already.",
                name=known.name,
            ),
            "partner_id": known.id,
            "name": known.name,
        }

    def _ekarte_give(self, row, found, customer, consents, new_code):
        """Register the card, note its holder; nothing of it if the ledger refuses."""
        nobody = self.env["res.partner"].sudo()
        with self.env.cr.savepoint() as savepoint:
            partner = self._ekarte_customer(customer) or self._ekarte_new_customer(
                customer
            )
            answer = self._ekarte_register(row, found, consents, new_code)
            if not approved(answer):
                savepoint.rollback()
                return self._ekarte_desk_told(found, nobody, answer), nobody
            self._ekarte_note_holder(found.id, partner)
            self._ekarte_keep_consents(partner, consents)
        told = self._ekarte_desk_told(found, partner, answer)
        return {**told, "partner_id": partner.id}, partner

    def _ekarte_keep_consents(self, partner, consents):
        """Keep the words that were consented to, where the issuer has written any."""
        issuer = self.sudo().ekarte_branch_id.issuer_id
        rows = self.env["ekarte.consent"].sudo()
        written = {purpose["code"] for purpose in rows._form(issuer)}
        asked = {code: yes for code, yes in consents.items() if code in written}
        rows._set(issuer, partner, asked, "till")

    def _ekarte_note_holder(self, card_id, partner):
        """Make the partner the card's holder, at orders that show the card too."""
        issuer = self.sudo().ekarte_branch_id.issuer_id
        self.env["ekarte.holder"].sudo()._give(card_id, issuer, partner)
        shown = self.env["ekarte.checkout"].sudo()
        shown.search(
            [
                ("card_id", "=", card_id),
                ("state", "in", ("open", "held")),
                ("company_id", "=", self.company_id.id),
            ]
        ).partner_id = partner

    def _ekarte_register(self, row, found, consents, new_code):
        """Enrol the card; return the first refusal, else the enrolment's answer."""
        parts = {"consents": consents}
        answer = self._ekarte_do("enroll", found.id, row.number, **parts)
        code_set = False
        # Not in use yet, and no first purchase is waited for: it is put into use.
        if answer.rc == Rc.NOT_ACTIVE.value and not answer.explain:
            put = self._ekarte_do("activate", found.id, access_code=new_code)
            if not approved(put):
                return put
            code_set = bool(new_code)
            answer = self._ekarte_do("enroll", found.id, **parts)
        if approved(answer) and new_code and not code_set:
            chosen = self._ekarte_do("set_code", found.id, new_access_code=new_code)
            if not approved(chosen):
                return chosen
        return answer

    def _ekarte_do(self, command, card_id, number=None, **parts):
        """Execute one command of this till at a card; return the core's Answer."""
        desk = self.env["ekarte.desk"].sudo()
        _number, answer = desk._execute(
            command,
            self._ekarte_terminal(),
            batch=self.current_session_id._ekarte_batch(),
            operation=number,
            card=desk._by_id(card_id),
            **parts,
        )
        return answer

    def _ekarte_desk_told(self, found, partner, answer):
        """Return an answer as dialogs show it. It is kept: without names."""
        row = (
            self.env["ekarte.checkout"]
            .sudo()
            .new(
                {
                    "config_id": self.id,
                    "card_id": found.id,
                    "masked": found.masked,
                    "partner_id": partner.id,
                }
            )
        )
        quote = row._told(answer, [], [])
        kept = ("rc", "message", "code_asked", "next", "earned")
        shown = ("masked", "state", "types", "balances", "vouchers")
        return {
            **{name: quote[name] for name in kept},
            "explain": quote["explain"] or list(answer.explain),
            **{name: quote["card"][name] for name in shown},
        }

    # The customer

    def _ekarte_read_customer(self, customer):
        if isinstance(customer, int) and not isinstance(customer, bool):
            return self._ekarte_partner({"partner_id": customer}).id
        if not isinstance(customer, dict) or customer.keys() - CUSTOMER_CHARS.keys():
            raise self._ekarte_malformed("customer")
        read = {}
        for name, most in CUSTOMER_CHARS.items():
            value = customer.get(name) or ""
            if not isinstance(value, str) or len(value) > most:
                raise self._ekarte_malformed(f"customer.{name}")
            read[name] = " ".join(value.split())
        if not read["name"]:
            raise self._ekarte_malformed("customer.name")
        if read["email"] and not email_normalize(read["email"]):
            raise self._ekarte_malformed("customer.email")
        languages = [code for code, _name in self.env["res.lang"].get_installed()]
        if read["lang"] and read["lang"] not in languages:
            raise self._ekarte_malformed("customer.lang")
        return read

    def _ekarte_read_consents(self, consents):
        if not isinstance(consents, dict) or len(consents) > PURPOSES_MAX:
            raise self._ekarte_malformed("consents")
        issuer = self.sudo().ekarte_branch_id.issuer_id
        known = {one["purpose"] for one in self._ekarte_purposes(issuer)}
        for purpose, given in consents.items():
            if purpose not in known or not isinstance(given, bool):
                raise self._ekarte_malformed("consents")
        return consents

    def _ekarte_customer(self, customer):
        """Return the contact that is meant, empty where there is none yet."""
        partners = self.env["res.partner"].sudo()
        if isinstance(customer, int):
            return partners.browse(customer)
        same = Domain.OR(
            Domain(field, "=", value)
            for field, value in (
                ("email_normalized", email_normalize(customer["email"])),
                ("phone", customer["phone"]),
                ("phone_sanitized", self._ekarte_phone(customer["phone"])),
            )
            if value and field in partners._fields
        )
        own = Domain("company_id", "in", [False, self.company_id.id])
        return partners.search(same & own, limit=1)

    def _ekarte_phone(self, phone):
        own = self.company_id.partner_id
        return phone and own._phone_format(
            number=phone, country=self.company_id.country_id
        )

    def _ekarte_new_customer(self, customer):
        # Each issuer keeps its own customers: the contact is of its company.
        return (
            self.env["res.partner"]
            .sudo()
            .create(
                {
                    "name": customer["name"],
                    "phone": customer["phone"] or False,
                    "email": customer["email"] or False,
                    "lang": customer["lang"] or self.env.lang,
                    "company_id": self.company_id.id,
                }
            )
        )
