from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, formatLang

from .ekarte_clearing_agreeing import NOT_AGREED

REASONS = [
    ("duplicate", "Booked twice"),
    ("blocked", "Card was blocked at the time"),
    ("over_limit", "Over the limit without asking"),
    ("wrong_amount", "Wrong amount"),
    ("refund_missing", "Refund is missing"),
    ("not_ours", "Not our card"),
]
REMEDIES = [
    ("card", "Value back to the card"),
    ("none", "No value back"),
]
RUNNING = ("raised", "answered")
# Whoever may write here at all (access rules) may write these by hand; the rest moves
# by buttons.
BY_HAND = {"answer", "ruling_note", "remedy"}


class EkarteClearingDispute(models.Model):
    """One claim that one of its issuers does not accept.

    Raised from a line, answered by the other issuer, ruled by the operator; each has
    a clock. As long as it runs, both lines of the claim are out of every net, and stay
    on the clearing accounts.
    """

    _name = "ekarte.clearing.dispute"
    _description = "Clearing Dispute"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _mail_post_access = "read"

    name = fields.Char(compute="_compute_name")
    line_id = fields.Many2one(
        "ekarte.clearing.line",
        required=True,
        index=True,
        ondelete="restrict",
    )
    statement_id = fields.Many2one(
        "ekarte.clearing.statement",
        readonly=True,
        index=True,
        ondelete="restrict",
        help="In which the line stood when it was disputed.",
    )
    issuer_id = fields.Many2one(
        related="line_id.issuer_id", string="Raised by", store=True
    )
    other_id = fields.Many2one(related="line_id.other_id", string="Against", store=True)
    operator_id = fields.Many2one(
        related="statement_id.operator_id", string="Operator", store=True
    )
    currency_id = fields.Many2one(related="line_id.currency_id")
    day = fields.Date(related="line_id.day")
    event = fields.Selection(related="line_id.event")
    branch_id = fields.Many2one(related="line_id.branch_id")
    token = fields.Char(related="line_id.token")
    amount = fields.Monetary(related="line_id.amount", store=True)
    reason = fields.Selection(REASONS, required=True, tracking=True)
    note = fields.Text(string="What is Wrong")
    remedy = fields.Selection(
        REMEDIES,
        string="Asked For",
        required=True,
        default="none",
        tracking=True,
        help="What is done if the dispute is upheld: the card gets back what was used, "
        "or only the two issuers are put right.",
    )
    answer = fields.Text(tracking=True)
    ruling_note = fields.Text(string="Ruling", tracking=True)
    raised_on = fields.Date(readonly=True)
    answer_due = fields.Date(
        readonly=True, help="Silence until then means that the dispute is right."
    )
    ruling_due = fields.Date(readonly=True)
    ruled_on = fields.Date(readonly=True)
    ruled_by = fields.Char(readonly=True)
    state = fields.Selection(
        [
            ("raised", "Raised"),
            ("answered", "Answered"),
            ("upheld", "Upheld"),
            ("rejected", "Rejected"),
            ("withdrawn", "Withdrawn"),
        ],
        required=True,
        readonly=True,
        default="raised",
        tracking=True,
        index=True,
    )
    settled = fields.Boolean(
        readonly=True,
        help="The lines are open again: rejected, or taken back by new lines.",
    )
    move_ids = fields.One2many(
        "account.move", "ekarte_dispute_id", string="Journal Entries", readonly=True
    )

    _running_uq = models.UniqueIndex(
        "(line_id) WHERE state IN ('raised', 'answered')",
        "This line is disputed already.",
    )

    @api.depends("statement_id.name")
    def _compute_name(self):
        for dispute in self:
            dispute.name = self.env._(
                "Dispute %(number)s of %(statement)s",
                number=dispute.id or "",
                statement=dispute.statement_id.name,
            )

    # Raising

    @api.model_create_multi
    def create(self, vals_list):
        """Raise disputes; the lines leave the net at once."""
        today = fields.Date.context_today(self)
        for vals in vals_list:
            line = self.env["ekarte.clearing.line"].browse(vals["line_id"])
            line._check_disputable()
            days = line.sudo().coalition_id.answer_days
            vals.update(
                state="raised",
                statement_id=line.sudo().statement_id.id,
                raised_on=today,
                answer_due=today + timedelta(days=days),
            )
        disputes = super().create(vals_list)
        disputes.sudo()._take_out()
        return disputes

    def write(self, vals):
        """By hand only words are written; states move by the buttons."""
        if not self.env.su and not set(vals) <= BY_HAND | {"message_follower_ids"}:
            raise UserError(
                self.env._("A dispute moves by its buttons only; its words are yours.")
            )
        return super().write(vals)

    def _take_out(self):
        """Both lines of each claim leave every net, and both issuers are told."""
        for dispute in self:
            dispute._claim().write({"state": "disputed"})
            dispute._tell(dispute._headline())
        self._work_out()

    def _headline(self):
        reasons = dict(self._fields["reason"]._description_selection(self.env))
        return self.env._(
            "%(issuer)s disputes %(amount)s of %(day)s: %(reason)s.",
            issuer=self.issuer_id.name,
            amount=formatLang(
                self.env, abs(self.amount), currency_obj=self.currency_id
            ),
            day=format_date(self.env, self.day),
            reason=reasons[self.reason],
        )

    def _claim(self):
        """Both lines of the claim."""
        return self.line_id + self.line_id._twin()

    def _tell(self, text):
        """Note it on the statements of both issuers, and here."""
        twin = self.statement_id.cycle_id.statement_ids.filtered(
            lambda one: one.issuer_id == self.other_id
        )
        for record in (*(self.statement_id | twin), self):
            record.message_post(body=text, subtype_xmlid="mail.mt_note")

    def _work_out(self):
        """Statements that are not posted yet follow the lines; what was agreed with
        is agreed no more where it has changed."""
        cycles = self.statement_id.cycle_id
        for cycle in cycles.filtered(lambda one: one.state in ("sent", "agreed")):
            before = {one: one.digest for one in cycle.statement_ids}
            cycle._work_out()
            changed = cycle.statement_ids.filtered(
                lambda one, before=before: one.digest != before[one]
            )
            changed._unagree()
            cycle.statement_ids._settle_dispute()
            cycle._settle_agreement()


class EkarteClearingLine(models.Model):
    _inherit = "ekarte.clearing.line"

    dispute_ids = fields.One2many(
        "ekarte.clearing.dispute", "line_id", string="Disputes", readonly=True
    )
    disputable = fields.Boolean(compute="_compute_disputable", compute_sudo=True)

    @api.depends("state", "statement_id.state", "statement_id.dispute_until")
    def _compute_disputable(self):
        today = fields.Date.context_today(self)
        back = self._taken_back()
        for line in self:
            statement = line.statement_id
            line.disputable = (
                line.state == "open"
                and statement.state in NOT_AGREED
                and statement.dispute_until >= today
                and line not in back
            )

    def _taken_back(self):
        """Those of which nothing is left to dispute: their claim was taken back."""
        rows = self._run("taken_back", lines=self._origin.ids)
        return self.browse(number for (number,) in rows)

    def _twin(self):
        """The same claims as the other issuers see them."""
        found = self.browse()
        for line in self:
            found += self.search(
                [
                    ("settlement_line_id", "=", line.settlement_line_id.id),
                    ("operation_id", "=", line.operation_id),
                    ("posting_number", "=", line.posting_number),
                    ("origin", "=", line.origin),
                    ("issuer_id", "=", line.other_id.id),
                    ("other_id", "=", line.issuer_id.id),
                ]
            )
        return found

    def action_dispute(self):
        """Ask what is wrong with this line."""
        self.ensure_one()
        self._check_disputable()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Dispute a Line"),
            "res_model": "ekarte.clearing.dispute",
            "views": [
                (
                    self.env.ref(
                        "ekarte_loyalty.ekarte_clearing_dispute_view_raise"
                    ).id,
                    "form",
                )
            ],
            "target": "new",
            "context": {"default_line_id": self.id},
        }

    def _dispute(self, reason, note="", remedy="none"):
        """Raise a dispute of each line; see REASONS and REMEDIES."""
        return self.env["ekarte.clearing.dispute"].create(
            [
                {"line_id": line.id, "reason": reason, "note": note, "remedy": remedy}
                for line in self
            ]
        )

    def _check_disputable(self):
        """Only lines of an own statement that is out and not agreed with, in time."""
        today = fields.Date.context_today(self)
        self._check_not_taken_back()
        for line in self:
            statement = line.sudo().statement_id
            if line.state != "open" or not statement:
                raise UserError(
                    self.env._("Only an open line of a statement can be disputed.")
                )
            statement.with_env(self.env)._check_party()
            if statement.state not in NOT_AGREED:
                raise UserError(
                    self.env._(
                        "Statement %(statement)s is not open to disputes: it has not "
                        "been sent, or it has been agreed with.",
                        statement=statement.name,
                    )
                )
            if statement.dispute_until < today:
                raise UserError(
                    self.env._(
                        "Lines of %(statement)s could be disputed until %(day)s.",
                        statement=statement.name,
                        day=format_date(self.env, statement.dispute_until),
                    )
                )

    def _check_not_taken_back(self):
        """A claim is taken back once: by a ruling, or with its settlement."""
        if self.sudo()._taken_back():
            raise UserError(
                self.env._("This claim has been taken back already; nothing is left.")
            )


class EkarteClearingStatement(models.Model):
    _inherit = "ekarte.clearing.statement"

    dispute_ids = fields.One2many(
        "ekarte.clearing.dispute", "statement_id", string="Disputes", readonly=True
    )

    def _settle_dispute(self):
        """A statement that is not agreed with is disputed while a dispute runs."""
        for statement in self.filtered(lambda one: one.state in NOT_AGREED):
            runs = any(one.state in RUNNING for one in statement.dispute_ids)
            statement.state = "disputed" if runs else "sent"
