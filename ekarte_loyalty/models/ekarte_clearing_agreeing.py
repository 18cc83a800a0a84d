"""Statements go out, and are agreed with: by a word, or by silence."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .ekarte_settlement import ACCOUNTANT, ADMINISTRATOR

NOT_AGREED = ("sent", "disputed")


class EkarteClearingCycle(models.Model):
    _inherit = "ekarte.clearing.cycle"

    def _check_operator(self):
        """Administrators and the operator's accountants run a cycle."""
        user = self.env.user
        if self.env.su or user.has_group(ADMINISTRATOR):
            return
        operated = self.sudo().operator_id.company_id
        if not (
            user.has_group(ACCOUNTANT)
            and operated
            and operated <= user.company_ids
            and all(cycle.operator_id.company_id for cycle in self.sudo())
        ):
            raise AccessError(
                self.env._(
                    "Only accountants of the operator and E-karte administrators run "
                    "a clearing cycle."
                )
            )

    def _check_state(self, state, what):
        if self.state != state:
            states = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "Cycle %(cycle)s is %(state)s: you cannot %(what)s.",
                    cycle=self.name,
                    state=states[self.state].lower(),
                    what=what,
                )
            )

    def action_send(self):
        """Send every statement; from now on members may dispute and agree."""
        self._check_operator()
        for cycle in self.sudo():
            cycle._check_state("draft", self.env._("send statements"))
            cycle._check_sound()
            cycle.state = "sent"
            cycle.statement_ids._mark_sent()

    def action_withdraw(self):
        """Take sent statements back, to collect anew; disputes must be over."""
        self._check_operator()
        for cycle in self.sudo():
            if cycle.state != "agreed":
                cycle._check_state("sent", self.env._("withdraw statements"))
            if cycle.disputed_count:
                raise UserError(
                    self.env._(
                        "Cycle %(cycle)s has disputed lines. Rule on them first.",
                        cycle=cycle.name,
                    )
                )
            cycle.state = "draft"
            cycle.statement_ids.write(
                {
                    "state": "draft",
                    "sent_at": False,
                    "dispute_until": False,
                    "agreed_by": False,
                    "agreed_at": False,
                }
            )

    def _settle_agreement(self):
        """A cycle is agreed as long as all of its statements are."""
        for cycle in self:
            agreed = set(cycle.statement_ids.mapped("state")) == {"agreed"}
            if cycle.state in ("sent", "agreed"):
                cycle.state = "agreed" if agreed else "sent"


class EkarteClearingStatement(models.Model):
    _inherit = "ekarte.clearing.statement"

    def _check_party(self):
        """The issuer's accountants act on its statement, and the operator's for it."""
        user = self.env.user
        if self.env.su or user.has_group(ADMINISTRATOR):
            return
        for statement in self.sudo():
            parties = statement.company_id | statement.operator_id.company_id
            if not (user.has_group(ACCOUNTANT) and parties & user.company_ids):
                raise AccessError(
                    self.env._(
                        "Only accountants of the issuer or of the operator act on "
                        "this statement."
                    )
                )

    def _mark_sent(self):
        """The statements are on their way: the clock of disputes starts."""
        today = fields.Date.context_today(self)
        for statement in self:
            statement.write(
                {
                    "state": "sent",
                    "sent_at": fields.Datetime.now(),
                    "dispute_until": today
                    + timedelta(days=statement.coalition_id.dispute_days),
                }
            )

    def action_agree(self):
        """Agree with the net as it stands, without the disputed lines."""
        self._check_party()
        self.sudo()._agree(self.env.user.name)

    def _agree(self, who):
        """Agree in somebody's name; `who` is kept with the statement."""
        for statement in self:
            if statement.state not in NOT_AGREED:
                raise UserError(
                    self.env._(
                        "Statement %(statement)s is not waiting to be agreed with.",
                        statement=statement.name,
                    )
                )
            statement.write(
                {
                    "state": "agreed",
                    "agreed_by": who,
                    "agreed_at": fields.Datetime.now(),
                }
            )
        self.cycle_id._settle_agreement()

    def _unagree(self):
        """The net has changed since: what was agreed with is no more."""
        agreed = self.filtered(lambda one: one.state == "agreed")
        agreed.write({"state": "sent", "agreed_by": False, "agreed_at": False})

    @api.model
    def _cron_agree(self):
        """Silence is consent: agree where the time to dispute is over."""
        today = fields.Date.context_today(self)
        silent = self.search(
            [("state", "in", NOT_AGREED), ("dispute_until", "<", today)]
        )
        silent._agree(self.env._("Silence"))
