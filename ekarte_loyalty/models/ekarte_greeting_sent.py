from odoo import api, fields, models


class EkarteGreetingSent(models.Model):
    """That a greeting was sent to a customer for an occasion: never twice.

    Of several parts of purses that end, one letter tells: the rows of the others name
    the row that went out.
    """

    _name = "ekarte.greeting.sent"
    _description = "Letter sent"
    _rec_name = "partner_id"
    _order = "sent_at desc, id desc"

    greeting_id = fields.Many2one(
        "ekarte.greeting", required=True, readonly=True, ondelete="cascade", index=True
    )
    issuer_id = fields.Many2one(related="greeting_id.issuer_id")
    company_id = fields.Many2one(related="greeting_id.company_id", store=True)
    partner_id = fields.Many2one(
        "res.partner",
        "Customer",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    key = fields.Char("For", required=True, readonly=True)
    sent_at = fields.Datetime(
        "Sent", required=True, readonly=True, default=fields.Datetime.now
    )
    profession_day_id = fields.Many2one(
        "ekarte.profession.day", "Holiday", readonly=True, ondelete="set null"
    )
    # A window on the ledger: no foreign key, and lots are never deleted there.
    notice_id = fields.Many2one("ekarte.notice", readonly=True)
    with_id = fields.Many2one(
        "ekarte.greeting.sent", "Told By", readonly=True, ondelete="cascade"
    )
    also_ids = fields.One2many("ekarte.greeting.sent", "with_id", "Tells Also Of")

    _once = models.UniqueIndex(
        "(greeting_id, partner_id, key)", "This letter has been sent already."
    )

    # What letters say: rendered in the customer's language

    def _lang(self):
        own = self.partner_id.lang
        return own or self.env["res.lang"]._get_code(
            {"lv": "lv_LV", "ru": "ru_RU", "et": "et_EE"}.get(
                self.issuer_id.language, "en_US"
            )
        )

    def _customer(self):
        """Return the customer, as the issuer's letter knows it."""
        return self.partner_id.with_context(ekarte_issuer_id=self.issuer_id.id)

    def _sender(self):
        return self.company_id.email_formatted or self.env.user.email_formatted

    def _ends(self):
        """Return what ends and when: [(program, amount, day)], the first first."""
        notices = (self | self.also_ids).notice_id.sorted("valid_until")
        return [
            (
                notice.program_id.name,
                notice.left_text,
                notice.card_id._page_day(notice.valid_until, notice.issuer_id),
            )
            for notice in notices
        ]

    @api.model
    def _forget(self, issuer, partner):
        """Forget that a partner was written to."""
        self.search(
            [
                ("greeting_id.issuer_id", "=", issuer.id),
                ("partner_id", "=", partner.id),
            ]
        ).unlink()
