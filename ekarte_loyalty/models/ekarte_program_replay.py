import json
from datetime import datetime, timedelta, timezone

from odoo import api, fields, models

# By the package: its function `replay` has the name of the room it stands in.
import ekarte_core
from ekarte_core import NetworkInvalid, read_network

from ..units import from_minor

AT_ONCE = 3000
"""Operations that a person can wait for; longer spans are replayed by a job."""


class EkarteProgramReplay(models.Model):
    """What a program would have cost and given, had it run over the last days.

    The very requests of those days are decided again in memory; nothing is written to
    the ledger. Figures of the program's own issuer only: its branches, its programs.
    """

    _name = "ekarte.program.replay"
    _description = "Replay of Past Sales"
    _order = "id desc"
    _rec_name = "program_id"

    program_id = fields.Many2one(
        "ekarte.program", required=True, readonly=True, ondelete="cascade", index=True
    )
    issuer_id = fields.Many2one(
        related="program_id.issuer_id", store=True, index=True, readonly=True
    )
    currency_id = fields.Many2one(related="program_id.currency_id")
    days = fields.Integer("Days Back", required=True, default=30)
    state = fields.Selection(
        [("asked", "Waits for Its Turn"), ("done", "Done"), ("failed", "Cannot Run")],
        default="asked",
        required=True,
        readonly=True,
    )
    fault = fields.Text(readonly=True)
    done_at = fields.Datetime("Replayed", readonly=True)
    operations = fields.Integer(readonly=True)
    differing = fields.Integer("Decided Otherwise", readonly=True)
    refused = fields.Integer("Approved Then, Refused Now", readonly=True)
    discount_was = fields.Monetary("Discounts Then", readonly=True)
    discount = fields.Monetary("Discounts With the Program", readonly=True)
    points_was = fields.Integer("Points Then", readonly=True)
    points = fields.Integer("Points With the Program", readonly=True)
    liability_was = fields.Monetary("Owed Then", readonly=True)
    liability = fields.Monetary("Owed With the Program", readonly=True)

    _days_positive = models.Constraint(
        "CHECK(days BETWEEN 1 AND 366)", "A replay looks back 1 to 366 days."
    )

    @api.model_create_multi
    def create(self, vals_list):
        replays = super().create(vals_list)
        for one in replays:
            if one._past_operations() <= AT_ONCE:
                one.sudo()._run()
            else:
                self.env.ref("ekarte_loyalty.ekarte_program_replay_cron")._trigger()
        return replays

    def action_replay(self):
        """Saving it is what replays; the form's button saves, and shows what came."""
        self.ensure_one()
        return True

    @api.model
    def _cron_run(self):
        waiting = self.search([("state", "=", "asked")], order="id")
        self.env["ir.cron"]._commit_progress(remaining=len(waiting))
        for one in waiting:
            one._run()
            if not self.env["ir.cron"]._commit_progress(1):
                return

    def _since(self):
        return datetime.now(timezone.utc) - timedelta(days=self.days)

    def _past_operations(self):
        domain = [("business_day", ">=", self._since().date())]
        operations = self.env["ekarte.operation"].sudo()
        return operations.search_count(domain, limit=AT_ONCE + 1)

    def _run(self):
        """Decide the past again with the program as it stands now."""
        self.ensure_one()
        try:
            draft = read_network(self._draft())
        except NetworkInvalid as refusal:
            faults = self.env["ekarte.program.trial"]._sentences(
                self.program_id, refusal.faults
            )
            self.write({"state": "failed", "fault": faults})
            return
        self.env.flush_all()
        now = datetime.now(timezone.utc)
        found = ekarte_core.replay(
            self.env.cr, draft, self._since(), now, seller=self.issuer_id.code
        )
        self.write(
            {**self._values(found), "state": "done", "done_at": fields.Datetime.now()}
        )

    def _values(self, found):
        figures = found.figures
        programs = self.env["ekarte.program"].sudo().with_context(active_test=False)
        own = set(
            programs.search([("issuer_id", "=", self.issuer_id.id)]).mapped("code")
        )

        def of_own(sums):
            return sum(amount for code, amount in sums.items() if code in own)

        return {
            "operations": figures.operations,
            "differing": found.differing,
            "refused": figures.refused,
            "discount_was": from_minor(figures.discount_was),
            "discount": from_minor(figures.discount),
            "points_was": of_own(figures.points_was),
            "points": of_own(figures.points),
            "liability_was": from_minor(of_own(figures.liability_was)),
            "liability": from_minor(of_own(figures.liability)),
        }

    def _draft(self):
        """Return the network as configured, with the program running on its cards."""
        document = json.loads(self.env["ekarte.network"].sudo()._get()._body())
        part = self.program_id.sudo()._network_part()
        document["programs"] = [
            one for one in document["programs"] if one["code"] != part["code"]
        ] + [part]
        types = set(self.program_id.sudo().card_type_ids.mapped("code"))
        for one in document["card_types"]:
            if one["code"] in types and part["code"] not in one["programs"]:
                one["programs"].append(part["code"])
        return document
