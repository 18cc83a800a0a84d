"""Value put right by hand: with a reason, and over a limit by two people."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

from ekarte_core import Line

from ..units import to_minor
from .ekarte_document_operation import APPROVED
from .ekarte_settlement import ADMINISTRATOR
from .own import without_defaults

OFFICE_BATCH = 1
LOOKED_BACK_DAYS = 7
"""Parts of a large correction count together for so long."""
ACCOUNTANT = "ekarte_loyalty.ekarte_loyalty_group_accountant"
ISSUER = "ekarte_loyalty.ekarte_loyalty_group_issuer"
MEASURES = {
    "gift_card": ("money",),
    "bonus_amount": ("points", "money"),
    "bonus_visit": ("points", "money"),
    "bonus_prize": ("points",),
    "fixed_discount": ("turnover",),
    "accumulated_discount": ("turnover",),
}
"""What may be put right, by kind of program; the first one is meant usually."""
CONTENT = {
    *("card_id", "issuer_id", "direction", "program_id", "measure", "amount"),
    *("points", "reason"),
}
BY_STEPS = {
    *("state", "number", "requested_by_id", "requested_at", "answer"),
    *("approved_by_id", "approved_at", "refusal"),
}
"""Changed by the buttons only: who asked and who approved is not for people to type."""
LIMITS = {"correction_limit", "correction_limit_points"}


class EkarteCorrection(models.Model):
    _name = "ekarte.correction"
    _description = "Correction of a Card"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name")
    # A window on the ledger: no foreign key, and cards are never deleted there.
    card_id = fields.Many2one("ekarte.card", required=True, tracking=True)
    issuer_id = fields.Many2one(
        "ekarte.issuer",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env["ekarte.issuer"]._default_issuer(),
    )
    company_id = fields.Many2one(related="issuer_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        readonly=True,
        default=lambda self: self.env["ekarte.network"]._get().currency_id,
    )
    direction = fields.Selection(
        [("put_on", "Put On"), ("take_off", "Take Off")],
        required=True,
        default="put_on",
        tracking=True,
    )
    program_id = fields.Many2one(
        "ekarte.program",
        required=True,
        ondelete="restrict",
        tracking=True,
        domain=lambda self: [
            ("issuer_id", "=", self.env["ekarte.issuer"]._default_issuer().id),
            ("overrides_id", "=", False),
            ("kind", "in", list(MEASURES)),
        ],
    )
    measure = fields.Selection(
        [("money", "Money"), ("points", "Points"), ("turnover", "Sum of Purchases")],
        "What",
        required=True,
        compute="_compute_measure",
        store=True,
        precompute=True,
        readonly=False,
        tracking=True,
    )
    amount = fields.Monetary(tracking=True)
    points = fields.Integer(tracking=True)
    reason = fields.Char(
        required=True, size=64, tracking=True, help="Kept with the operation."
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("approve", "To Approve"),
            ("done", "Done"),
            ("refused", "Refused"),
        ],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
    )
    # Drawn when the record is made: whatever is pressed twice is booked once.
    number = fields.Integer(
        "Operation",
        required=True,
        readonly=True,
        copy=False,
        aggregator=None,
        default=lambda self: self.env["ekarte.desk"]._next_number(),
    )
    needs_approval = fields.Boolean(compute="_compute_needs_approval")
    may_approve = fields.Boolean(compute="_compute_may_approve")
    requested_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    requested_at = fields.Datetime(readonly=True, copy=False)
    approved_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    approved_at = fields.Datetime(readonly=True, copy=False)
    refusal = fields.Char("Why Refused", readonly=True, copy=False)
    answer = fields.Char("Answer of the Ledger", readonly=True, copy=False)

    _number_uniq = models.UniqueIndex(
        "(issuer_id, number)", "This operation belongs to a correction already."
    )

    @api.depends("direction", "measure", "amount", "points", "program_id")
    def _compute_name(self):
        directions = dict(self._fields["direction"]._description_selection(self.env))
        for correction in self:
            value = correction._value_text()
            program = correction.program_id.name or ""
            direction = directions.get(correction.direction, "")
            correction.name = f"{direction}: {value} · {program}"

    def _value_text(self):
        if self.measure == "points":
            return self.env._("%(count)s points", count=self.points)
        return self.currency_id.format(self.amount) if self.currency_id else ""

    @api.depends("program_id")
    def _compute_measure(self):
        for correction in self:
            known = MEASURES.get(correction.program_id.kind, ())
            if correction.measure not in known:
                correction.measure = known[0] if known else False

    @api.depends("amount", "points", "measure", "card_id", "issuer_id", "state")
    def _compute_needs_approval(self):
        for correction in self:
            issuer = correction.issuer_id
            if correction.measure == "points":
                most, asked = issuer.correction_limit_points, correction.points
            else:
                most = to_minor(issuer.correction_limit)
                asked = to_minor(correction.amount)
            over = asked + correction._alone_before() > most
            correction.needs_approval = over

    def _alone_before(self):
        """Sum what was corrected here by one person lately: parts count together."""
        if not (self.card_id and self.measure and self.issuer_id):
            return 0
        since = fields.Datetime.now() - timedelta(days=LOOKED_BACK_DAYS)
        found = self.sudo().search(
            [
                ("id", "!=", self._origin.id),
                ("card_id", "=", self.card_id.id),
                ("issuer_id", "=", self.issuer_id.id),
                ("measure", "=", self.measure),
                ("state", "=", "done"),
                ("approved_by_id", "=", False),
                ("requested_at", ">=", since),
            ]
        )
        if self.measure == "points":
            return sum(found.mapped("points"))
        return sum(to_minor(one.amount) for one in found)

    @api.depends("state", "requested_by_id", "company_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_may_approve(self):
        for correction in self:
            waiting = correction.state == "approve"
            correction.may_approve = waiting and correction._is_other_person()

    def _is_other_person(self):
        user = self.env.user
        mine = self.company_id in self.env.companies
        staff = user.has_group(ACCOUNTANT) or user.has_group(ISSUER)
        return mine and staff and user != self.requested_by_id

    @api.constrains("measure", "program_id", "amount", "points", "issuer_id")
    def _check_content(self):
        for correction in self:
            if correction.program_id.issuer_id != correction.issuer_id:
                raise ValidationError(
                    self.env._("A correction is of a program of the own issuer.")
                )
            if correction.measure not in MEASURES.get(correction.program_id.kind, ()):
                raise ValidationError(
                    self.env._(
                        "%(program)s keeps nothing of this kind.",
                        program=correction.program_id.name,
                    )
                )
            value = (
                correction.points
                if correction.measure == "points"
                else to_minor(correction.amount)
            )
            if value <= 0:
                raise ValidationError(self.env._("What is corrected is above zero."))

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su and any(BY_STEPS & set(vals) for vals in vals_list):
            raise AccessError(self.env._("A correction begins as a draft."))
        plain = self if self.env.su else without_defaults(self, BY_STEPS)
        return super(EkarteCorrection, plain).create(vals_list)

    def write(self, vals):
        if not self.env.su and BY_STEPS & set(vals):
            raise AccessError(
                self.env._("Who asks and who approves is noted by the buttons only.")
            )
        if CONTENT & set(vals) and any(one.state != "draft" for one in self):
            raise UserError(self.env._("Only a draft is changed; make another one."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        if any(correction.state != "draft" for correction in self):
            raise UserError(self.env._("What was asked for or done is kept."))

    # Steps

    def action_request(self):
        """Do it at once within the limit of one person, else ask for another."""
        for correction in self:
            correction._check_state("draft")
            correction._check_staff()
            # With the user's own rights: a card of other issuers only is refused.
            correction.card_id.check_access("read")
            asked = {
                "requested_by_id": self.env.uid,
                "requested_at": fields.Datetime.now(),
            }
            if correction.needs_approval:
                correction.sudo().write({"state": "approve", **asked})
            else:
                correction.sudo().write(asked)
                correction._book()

    def action_approve(self):
        """Book it, as another person than the one who asked for it."""
        for correction in self:
            correction._check_state("approve")
            correction._check_other()
            correction.sudo().write(
                {
                    "approved_by_id": self.env.uid,
                    "approved_at": fields.Datetime.now(),
                }
            )
            correction._book()

    def action_refuse(self):
        self._check_state("approve")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Refuse the Correction"),
            "res_model": "ekarte.correction.refuse",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_correction_id": self.id},
        }

    def _refuse(self, why):
        self._check_state("approve")
        self._check_other()
        self.sudo().write({"state": "refused", "refusal": why})

    def _check_state(self, state):
        if self.state != state:
            raise UserError(
                self.env._("Someone has seen to this correction meanwhile: reload.")
            )

    def _check_staff(self):
        user = self.env.user
        staff = user.has_group(ACCOUNTANT) or user.has_group(ISSUER)
        if not (staff and self.company_id in self.env.companies):
            raise AccessError(self.env._("Only staff of the issuer corrects cards."))

    def _check_other(self):
        if not self._is_other_person():
            raise AccessError(
                self.env._("Another person than who asked for it has to approve it.")
            )

    def _book(self):
        """Send it to the ledger under its own key; raise where the ledger refuses."""
        parts = {"program": self.program_id.code}
        if self.measure == "points":
            count = str(self.points)
            parts["lines"] = (Line(sku="points", quantity=count, amount=0),)
        else:
            parts["amount"] = to_minor(self.amount)
        desk = self.env["ekarte.desk"].sudo()
        _number, answer = desk._execute(
            self.direction,
            self.issuer_id._back_office_id(),
            batch=OFFICE_BATCH,
            operation=self.number,
            card=desk._by_id(self.card_id.id),
            reference=self.reason.strip(),
            **parts,
        )
        text = " ".join([answer.message, *answer.explain]).strip()
        if answer.rc not in APPROVED:
            raise UserError(self.env._("Refused: %(why)s", why=text))
        self.sudo().write({"state": "done", "answer": text})

    def action_open_operation(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Operation"),
            "res_model": "ekarte.operation",
            "views": [(False, "list"), (False, "form")],
            "domain": [
                ("terminal", "=", self.issuer_id._back_office_id()),
                ("batch", "=", OFFICE_BATCH),
                ("number", "=", self.number),
            ],
        }


class EkarteCard(models.Model):
    _inherit = "ekarte.card"

    correction_ids = fields.One2many(
        "ekarte.correction", compute="_compute_correction_ids", string="Corrections"
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_correction_ids(self):
        # Searched, so that each user sees those of the own issuers.
        corrections = self.env["ekarte.correction"]
        for card in self:
            card.correction_ids = corrections.search([("card_id", "=", card.id)])

    def action_correct(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Correct the Card"),
            "res_model": "ekarte.correction",
            "views": [(False, "form")],
            "context": {"default_card_id": self.id},
        }


class EkarteIssuer(models.Model):
    _inherit = "ekarte.issuer"

    correction_limit = fields.Monetary(
        "Corrections by One Person, Money",
        currency_field="limit_currency_id",
        tracking=True,
        help="Up to so much on one card within a week one person corrects alone; "
        "above it another one approves.",
    )
    correction_limit_points = fields.Integer(
        "Corrections by One Person, Points",
        tracking=True,
        help="The same of points.",
    )

    def write(self, vals):
        # Who corrects would lift the limit, correct alone, and put it back.
        if LIMITS & set(vals) and not (
            self.env.su or self.env.user.has_group(ADMINISTRATOR)
        ):
            raise AccessError(
                self.env._(
                    "Only the administrator may change what one person corrects alone."
                )
            )
        return super().write(vals)
