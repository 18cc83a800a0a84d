"""Letters that go out by themselves: greetings on days, notices of what ends."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from .ekarte_segment import partners_of
from .ekarte_segment_line import days_of_year
from .own import check_still_own

OCCASIONS = [
    ("birthday", "Birthday"),
    ("profession_day", "Professional holiday"),
    ("event", "A day of the year"),
    ("expiry", "Value that ends soon"),
]
CATCH_UP = 2
"""Days that a greeting may be late, after a night in which nothing ran."""

BATCH = 100


class EkarteGreeting(models.Model):
    """What an issuer writes by itself, to whom and when; each letter once.

    A row of ekarte.greeting.sent is written in the transaction that queues the letter:
    both are there, or none.
    """

    _name = "ekarte.greeting"
    _description = "Automatic letter"
    _order = "occasion, id"

    name = fields.Char(required=True)
    issuer_id = fields.Many2one(
        "ekarte.issuer",
        required=True,
        ondelete="cascade",
        index=True,
        default=lambda self: self.env["ekarte.issuer"]._default_issuer(),
    )
    company_id = fields.Many2one(related="issuer_id.company_id", store=True)
    occasion = fields.Selection(OCCASIONS, required=True, default="birthday")
    template_id = fields.Many2one(
        "mail.template",
        "Letter",
        required=True,
        ondelete="restrict",
        compute="_compute_template_id",
        store=True,
        readonly=False,
        precompute=True,
        domain="[('model', '=', 'ekarte.greeting.sent')]",
    )
    words = fields.Text(
        "Own Words",
        translate=True,
        help="Stand in the letter below its greeting, in the customer's language.",
    )
    purpose_id = fields.Many2one(
        "ekarte.consent.purpose",
        "By Consent To",
        ondelete="restrict",
        help="Only who has consented to this purpose is written to. A notice of what"
        " ends may go without one, as a part of the service.",
    )
    segment_id = fields.Many2one(
        "ekarte.segment", "Only To", ondelete="restrict", help="Empty: to everybody."
    )
    days_before = fields.Integer(
        help="So many days before the day. A notice of what ends goes as soon as it is"
        " noted: how long before, the program says."
    )
    event_date = fields.Date("Day")
    yearly = fields.Boolean("Each Year", default=True)
    active = fields.Boolean(default=True)
    sent_ids = fields.One2many("ekarte.greeting.sent", "greeting_id")
    sent_count = fields.Integer("Letters Sent", compute="_compute_sent_count")

    _days_ck = models.Constraint(
        "CHECK (days_before BETWEEN 0 AND 60)", "Choose 0 to 60 days before."
    )

    def write(self, vals):
        done = super().write(vals)
        check_still_own(self)
        return done

    @api.depends("occasion")
    def _compute_template_id(self):
        for greeting in self:
            greeting.template_id = self.env.ref(
                f"ekarte_loyalty.ekarte_greeting_mail_{greeting.occasion}"
            )

    @api.depends("sent_ids")
    def _compute_sent_count(self):
        counts = dict(
            self.env["ekarte.greeting.sent"]._read_group(
                [("greeting_id", "in", self.ids), ("with_id", "=", False)],
                ["greeting_id"],
                ["__count"],
            )
        )
        for greeting in self:
            greeting.sent_count = counts.get(greeting, 0)

    @api.constrains("occasion", "purpose_id", "segment_id", "event_date", "template_id")
    def _check_complete(self):
        for greeting in self:
            if greeting.occasion != "expiry" and not greeting.purpose_id:
                raise ValidationError(
                    self.env._("A greeting needs a purpose that customers consent to.")
                )
            if greeting.occasion == "event" and not greeting.event_date:
                raise ValidationError(self.env._("Say on which day."))
            owners = greeting.purpose_id.issuer_id | greeting.segment_id.issuer_id
            if owners - greeting.issuer_id:
                raise ValidationError(
                    self.env._("Segment and purpose are the greeting's own issuer's.")
                )
            if greeting.purpose_id and not greeting.purpose_id.for_mailing:
                raise ValidationError(
                    self.env._("This purpose is not for greetings and mailings.")
                )
            if greeting.template_id.model != "ekarte.greeting.sent":
                raise ValidationError(
                    self.env._("This letter is not one for greetings.")
                )

    def action_open_sent(self):
        """List the letters that went out."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ekarte_loyalty.ekarte_greeting_sent_action"
        )
        action["domain"] = [("greeting_id", "=", self.id)]
        return action

    # Sending

    @api.model
    def _cron_send(self):
        """Send what is due today, in batches; a run that breaks off loses nothing."""
        due = [
            (greeting, batch)
            for greeting in self.search([])
            for batch in _batches(greeting._due(), BATCH)
        ]
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(due))
        for greeting, batch in due:
            greeting._send(batch)
            if not cron._commit_progress(1):
                break

    def _send(self, letters):
        """Write down and queue letters: a list of rows for each, see `_due`."""
        sent = self.env["ekarte.greeting.sent"]
        first = sent.create([rows[0] for rows in letters])
        sent.create(
            [
                {**row, "with_id": letter.id}
                for letter, rows in zip(first, letters, strict=True)
                for row in rows[1:]
            ]
        )
        self.template_id.send_mail_batch(first.ids)

    def _due(self):
        """Return the letters to send now: for each the rows that it will be told by."""
        self.ensure_one()
        self.env.flush_all()
        today = self.env["ekarte.segment"]._today(self.issuer_id)
        rows = getattr(self, f"_due_{self.occasion}")(today)
        letters = {}
        for row in rows:
            by_letter = (row["partner_id"], row.pop("letter"))
            letters.setdefault(by_letter, []).append({**row, "greeting_id": self.id})
        return list(letters.values())

    def _partners(self, domain):
        """Return customers of a domain whom the issuer may write to now."""
        self.ensure_one()
        partners = self.env["res.partner"]
        if self.segment_id:
            domain &= self.segment_id._partner_domain()
        domain &= Domain("id", "in", partners_of("customers", issuer=self.issuer_id.id))
        domain &= self.env["ekarte.campaign"]._may_be_written_to(self.purpose_id)
        return partners.search(domain)

    def _window(self, today):
        """Yield the days whose greetings go out today, the late ones first."""
        for late in range(-CATCH_UP, self.days_before + 1):
            yield today + timedelta(days=late)

    def _rows(self, meant, key, **more):
        """Yield a row for each partner meant who has not got this letter yet."""
        partners = self._partners(Domain("id", "in", meant))
        known = self.env["ekarte.greeting.sent"].search(
            [
                ("greeting_id", "=", self.id),
                ("key", "=", key),
                ("partner_id", "in", partners.ids),
            ]
        )
        for partner in partners - known.partner_id:
            yield {"partner_id": partner.id, "key": key, "letter": key, **more}

    def _due_birthday(self, today):
        rows = []
        for day in self._window(today):
            meant = partners_of(
                "birthday",
                company=str(self.company_id.id),
                days=days_of_year(day, day),
            )
            rows += self._rows(meant, str(day.year))
        return rows

    def _due_profession_day(self, today):
        first, *_days, last = self._window(today)
        holidays = self.env["ekarte.profession.day"]
        rows = []
        for holiday in holidays._between(self.issuer_id, first, last):
            day = next(
                found
                for year in (first.year, last.year)
                if first <= (found := holiday._in_year(year)) <= last
            )
            rows += self._rows(
                holiday._of_profession(self.issuer_id),
                f"{day.year} {holiday.id}",
                profession_day_id=holiday.id,
            )
        return rows

    def _due_event(self, today):
        everybody = partners_of("customers", issuer=self.issuer_id.id)
        rows = []
        for day in self._window(today):
            if self._is_event(day):
                key = str(day.year) if self.yearly else day.isoformat()
                rows += self._rows(everybody, key)
        return rows

    def _is_event(self, day):
        if not self.yearly:
            return day == self.event_date
        # 29 February is kept on the 28th in years that do not have it.
        return f"{self.event_date:%m-%d}" in days_of_year(day, day)

    def _due_expiry(self, _today):
        self.env.cr.execute(
            partners_of("ending", issuer=self.issuer_id.id, greeting=self.id)
        )
        found = self.env.cr.fetchall()
        asked = Domain("id", "in", [partner for partner, _notice in found])
        reachable = set(self._partners(asked).ids)
        # One letter tells a customer of all that ends.
        return [
            {
                "partner_id": partner,
                "key": f"lot {notice}",
                "notice_id": notice,
                "letter": "",
            }
            for partner, notice in found
            if partner in reachable
        ]


def _batches(rows, size):
    return [rows[at : at + size] for at in range(0, len(rows), size)]
