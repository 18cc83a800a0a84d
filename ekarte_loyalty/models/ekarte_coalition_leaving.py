"""A member leaves: it stops giving out, its value is spent, accounts are settled."""

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..queries import fetch

TO_BE_EMPTY = ("CLR", "ARU", "APU")


class EkarteCoalitionLeaving(models.Model):
    _name = "ekarte.coalition.leaving"
    _description = "Leaving a Coalition"
    _inherit = ["ekarte.coalition.posting.mixin", "mail.thread"]
    _order = "spend_until desc, id desc"

    issue_until = fields.Datetime(
        "Issues Until",
        required=True,
        tracking=True,
        help="From then on it gives out no bonuses and sells no gift cards that others "
        "would accept.",
    )
    spend_until = fields.Datetime(
        "Accepted Until",
        required=True,
        tracking=True,
        help="Until then others take its value, and its branches take theirs.",
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("announced", "Announced"),
            ("left", "Left"),
        ],
        required=True,
        readonly=True,
        default="draft",
        tracking=True,
        copy=False,
    )
    phase = fields.Selection(
        [
            ("planned", "Planned"),
            ("issuing", "Still issues"),
            ("spending", "Value is spent"),
            ("clearing", "Last accounts"),
            ("left", "Left"),
        ],
        compute="_compute_phase",
    )
    cycle_id = fields.Many2one(
        "ekarte.clearing.cycle", "Final Cycle", readonly=True, copy=False
    )
    balance_clr = fields.Monetary("Clearing Account", compute="_compute_balances")
    balance_aru = fields.Monetary("Due From the Union", compute="_compute_balances")
    balance_apu = fields.Monetary("Due to the Union", compute="_compute_balances")
    owed = fields.Monetary(
        "Owes Others",
        compute="_compute_balances",
        help="For its value used elsewhere, and not paid yet.",
    )
    company_id = fields.Many2one(related="issuer_id.company_id")
    uncleared = fields.Monetary(
        "Not Cleared or Paid",
        compute="_compute_balances",
        help="Open clearing lines and posted statements, either way, added up.",
    )
    deposit = fields.Monetary("Deposit Left", compute="_compute_balances")
    unsettled_count = fields.Integer(
        "Operations Not Settled", compute="_compute_balances"
    )

    @api.constrains("issue_until", "spend_until")
    def _check_moments(self):
        for leaving in self:
            if leaving.spend_until < leaving.issue_until:
                raise ValidationError(
                    self.env._("What is given out must still be accepted somewhere.")
                )

    @api.constrains("coalition_id", "issuer_id", "state")
    def _check_member(self):
        for leaving in self.filtered(lambda one: one.state != "left"):
            if leaving.issuer_id not in leaving.coalition_id.issuer_ids:
                raise ValidationError(
                    self.env._(
                        "%(issuer)s is no member of %(coalition)s.",
                        issuer=leaving.issuer_id.display_name,
                        coalition=leaving.coalition_id.display_name,
                    )
                )

    @api.depends("state", "issue_until", "spend_until")
    def _compute_phase(self):
        now = fields.Datetime.now()
        for leaving in self:
            if leaving.state != "announced":
                leaving.phase = "left" if leaving.state == "left" else "planned"
            elif now < leaving.issue_until:
                leaving.phase = "issuing"
            else:
                leaving.phase = "spending" if now < leaving.spend_until else "clearing"

    @api.depends("issuer_id", "coalition_id")
    def _compute_balances(self):
        Exposure = self.env["ekarte.exposure"].sudo()
        for leaving in self.sudo():
            issuer = leaving.issuer_id
            company = issuer.company_id
            exposure = Exposure.search([("issuer_id", "=", issuer.id)])
            leaving.owed = exposure.owed
            leaving.uncleared = sum(
                abs(exposure[name]) for name in ("to_receive", "to_pay", "due")
            )
            leaving.deposit = issuer._deposit_in(leaving.coalition_id) if issuer else 0
            leaving.unsettled_count = leaving._unsettled_count()
            for key in TO_BE_EMPTY:
                account = company and company._ekarte_account(key)
                leaving[f"balance_{key.lower()}"] = (
                    leaving._balance(company, account) if account else 0
                )

    def _balance(self, company, account):
        rows = self.env["account.move.line"]._read_group(
            [
                ("company_id", "=", company.id),
                ("account_id", "=", account.id),
                ("parent_state", "=", "posted"),
            ],
            [],
            ["balance:sum"],
        )
        return rows[0][0] or 0

    def _unsettled_count(self):
        if not self.issuer_id:
            return 0
        self.env.flush_all()
        ((count,),) = fetch(
            self.env.cr, "exposure.sql", "unsettled_across", issuer=self.issuer_id.code
        )
        return count

    @api.model_create_multi
    def create(self, vals_list):
        """Drafts say nothing to terminals yet; a change of them must not stay."""
        leavings = super().create(vals_list)
        leavings._changed()
        return leavings

    def write(self, vals):
        if set(vals) <= {"issue_until", "spend_until"}:
            self._check_operator()  # dates may move as long as it has not left
            self.filtered(lambda one: one.state == "left")._check_stays()
            result = super(EkarteCoalitionLeaving, self.sudo()).write(vals)
            self._changed()
            return result
        result = super().write(vals)
        if {"state", "issue_until", "spend_until"} & set(vals):
            self._changed()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_drafts_only(self):
        if any(leaving.state != "draft" for leaving in self):
            raise UserError(self.env._("Take the announcement back first."))

    def _check_stays(self):
        if self:
            raise UserError(self.env._("It has left already."))

    def _changed(self):
        """Terminals go by the dates: the network says them."""
        self.env["ekarte.network"]._schedule_publication()

    def action_announce(self):
        """From now on terminals go by the dates."""
        self._check_operator()
        self.sudo().filtered(lambda one: one.state == "draft").state = "announced"

    def action_take_back(self):
        """The member stays after all."""
        self._check_operator()
        self.sudo().filtered(lambda one: one.state == "announced").state = "draft"

    def action_cycle(self):
        """Open the final cycle, made where there is none yet."""
        self._check_operator()
        self.ensure_one()
        if not self.cycle_id:
            self.sudo().cycle_id = self.env["ekarte.clearing.cycle"].create(
                {
                    "coalition_id": self.coalition_id.id,
                    "currency_id": self.currency_id.id,
                }
            )
        return {
            "type": "ir.actions.act_window",
            "res_model": "ekarte.clearing.cycle",
            "res_id": self.cycle_id.id,
            "view_mode": "form",
        }

    def action_leave(self):
        """End the membership, when nothing is left between it and the others."""
        self._check_operator()
        for leaving in self.sudo():
            problems = leaving._problems()
            if problems:
                raise UserError("\n".join(problems))
            leaving.state = "left"
            leaving.coalition_id.issuer_ids -= leaving.issuer_id

    def _problems(self):
        """What is left between the member and the others."""
        self.invalidate_recordset()
        problems = []
        if self.phase != "clearing":
            problems.append(self.env._("Its value is still accepted elsewhere."))
        if self.unsettled_count:
            problems.append(
                self.env._(
                    "%(count)s operations are not settled yet.",
                    count=self.unsettled_count,
                )
            )
        names = {
            "balance_clr": self.env._("The clearing account"),
            "balance_aru": self.env._("What is due from the union"),
            "balance_apu": self.env._("What is due to the union"),
            "owed": self.env._("What it owes others"),
            "uncleared": self.env._("What is not cleared or paid"),
            "deposit": self.env._("Its deposit"),
        }
        for field, name in names.items():
            if not self.currency_id.is_zero(self[field]):
                problems.append(
                    self.env._(
                        "%(name)s is %(amount)s, not zero.",
                        name=name,
                        amount=self.currency_id.format(self[field]),
                    )
                )
        return problems
