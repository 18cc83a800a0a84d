from odoo import fields, models

SEES_CARDS = (
    "ekarte_loyalty.ekarte_loyalty_group_operator,"
    "ekarte_loyalty.ekarte_loyalty_group_accountant"
)


def _trigrams(column):
    """Return the definition of an index for parts of texts, if there can be one."""

    def definition(registry):
        return f"USING gin ({column} gin_trgm_ops)" if registry.has_trigram else ""

    return definition


class ResPartner(models.Model):
    _inherit = "res.partner"

    ekarte_holder_ids = fields.One2many(
        "ekarte.holder", "partner_id", "Cards", groups=SEES_CARDS
    )
    ekarte_card_count = fields.Integer(
        "Number of Cards", compute="_compute_ekarte_card_count", groups=SEES_CARDS
    )

    # Of each issuer its own: what one was told, another one does not see.
    ekarte_birthday = fields.Date(
        "Birthday", company_dependent=True, groups=SEES_CARDS, copy=False
    )
    ekarte_profession = fields.Char(
        "Profession", company_dependent=True, groups=SEES_CARDS, copy=False
    )

    # A desk with hundreds of thousands of customers looks for parts of these. Where
    # PostgreSQL lacks pg_trgm, as in Odoo's own indexes, it looks at all of them.
    _ekarte_name_trgm_idx = models.Index(_trigrams("complete_name"))
    _ekarte_email_trgm_idx = models.Index(_trigrams("email"))
    _ekarte_phone_trgm_idx = models.Index(_trigrams("phone"))

    def _compute_ekarte_card_count(self):
        counts = dict(
            self.env["ekarte.holder"]._read_group(
                [("partner_id", "in", self.ids)], ["partner_id"], ["__count"]
            )
        )
        for partner in self:
            partner.ekarte_card_count = counts.get(partner, 0)

    def action_open_ekarte_cards(self):
        """Open the cards that this contact holds."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ekarte_loyalty.ekarte_holder_action"
        )
        action["domain"] = [("partner_id", "=", self.id)]
        action["context"] = {"default_partner_id": self.id}
        return action

    # What questionnaires tell of the contact

    def _ekarte_special(self, special):
        """Return what is known of the contact, as a questionnaire's form has it."""
        self.ensure_one()
        contact = self.sudo()
        if special == "birthday":
            return fields.Date.to_string(contact.ekarte_birthday) or ""
        names = {"profession": "ekarte_profession", "language": "lang"}
        return contact[names.get(special, special)] or ""

    def _ekarte_feed(self, lines):
        """Take over what a questionnaire told: {special: what its line keeps}.

        E-mail, phone and language of a contact that several companies share are
        theirs too: only what is empty is filled in. E-mail and phone of somebody who
        has a login are changed by nobody else.
        """
        self.ensure_one()
        contact = self.sudo()
        vals = {}
        # Where a login's letters go is for whoever has the login.
        logins = contact.with_context(active_test=False).user_ids
        own = logins <= self.env.user
        if "birthday" in lines:
            vals["ekarte_birthday"] = lines["birthday"].get("value_date")
        if "profession" in lines:
            kept = lines["profession"]
            chosen = self.env["ekarte.questionnaire.choice"].browse(
                kept.get("choice_ids", [])
            )
            vals["ekarte_profession"] = kept.get("value_text") or chosen.name
        for special, name in (("email", "email"), ("phone", "phone")):
            if special in lines and own and (contact.company_id or not contact[name]):
                vals[name] = lines[special]["value_text"]
        if "language" in lines and (contact.company_id or not contact.lang):
            vals["lang"] = lines["language"]["value_text"]
        contact.write({key: value for key, value in vals.items() if value})
