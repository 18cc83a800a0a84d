"""What becomes of an issuer's debts when it pays nothing: as a drill, and for real."""

from dateutil.relativedelta import relativedelta

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ekarte_core import default_drill, default_postings

from ..queries import fetch
from ..units import from_minor, to_minor

ISSUED_MONTHS = 3
"""Others bear a loss by what they issued in so many months before."""
FIGURES = ("code", "due", "receive", "open", "unsettled", "issued")
"""Columns of query default_figures after the id, minor units."""


class EkarteClearingDefault(models.Model):
    _name = "ekarte.clearing.default"
    _description = "Default of an Issuer"
    _inherit = ["ekarte.coalition.posting.mixin", "mail.thread"]
    _order = "date desc, id desc"

    state = fields.Selection(
        [("draft", "Drill"), ("posted", "Posted")],
        required=True,
        readonly=True,
        default="draft",
        tracking=True,
        copy=False,
    )
    statements_due = fields.Monetary(
        "Statements to Pay", readonly=True, help="What it owes by posted statements."
    )
    open_net = fields.Monetary(
        "Open in Clearing",
        readonly=True,
        help="Lines in no posted statement; above zero: it is to receive.",
    )
    unsettled = fields.Monetary(
        "Not Settled Yet",
        readonly=True,
        help="Its value used, or held, at others, that no settlement has brought yet.",
    )
    debt = fields.Monetary(
        readonly=True, help="All that it owes, before what it is to receive."
    )
    deposit = fields.Monetary(readonly=True)
    receivables = fields.Monetary(readonly=True, help="What the union owes it.")
    from_deposit = fields.Monetary(readonly=True)
    from_receivables = fields.Monetary("From What It Is Owed", readonly=True)
    shared = fields.Monetary("Borne by the Others", readonly=True)
    uncovered = fields.Monetary(
        readonly=True, help="Nobody bears it: a claim of the operator stays."
    )
    line_ids = fields.One2many("ekarte.clearing.default.line", "default_id")

    @api.model_create_multi
    def create(self, vals_list):
        """Compute at once what it would mean."""
        defaults = super().create(vals_list)
        defaults.action_compute()
        return defaults

    @api.ondelete(at_uninstall=False)
    def _unlink_drills_only(self):
        if any(default.state != "draft" for default in self):
            raise UserError(self.env._("What was posted stays."))

    def action_compute(self):
        """Say what it would mean if the issuer failed now."""
        self._check_operator()
        for default in self.sudo().filtered(lambda one: one.state == "draft"):
            default._compute_figures(now=True)

    def action_post(self):
        """The issuer has failed: refuse its value elsewhere, post who pays what."""
        self._check_operator()
        for default in self.sudo().filtered(lambda one: one.state == "draft"):
            default._post()

    def _post(self):
        self.lock_for_update()
        self.issuer_id.refused_elsewhere = True
        drill, figures = self._compute_figures(now=False)
        if not drill.debt:
            raise UserError(
                self.env._(
                    "%(issuer)s has no posted statement to pay. Post a clearing cycle "
                    "first; to stop its value at once, set Refused Elsewhere on it.",
                    issuer=self.issuer_id.name,
                )
            )
        members = self.env["ekarte.issuer"].browse(figures)
        parties = self._parties(members)
        found = default_postings(
            self.operator_id.code, self.issuer_id.code, drill, self._outside(parties)
        )
        self._post_documents(found, parties)
        self._use_deposit(drill.from_deposit)
        self.state = "posted"

    def _use_deposit(self, amount):
        """Lower the deposit; the entries are those of the default."""
        if not amount:
            return
        self.env["ekarte.clearing.deposit"].create(
            {
                "coalition_id": self.coalition_id.id,
                "issuer_id": self.issuer_id.id,
                "kind": "used",
                "date": self.date,
                "amount": from_minor(amount),
                "state": "posted",
                "move_ids": [Command.set(self.move_ids.ids)],
            }
        )
        self.env["ekarte.network"]._schedule_publication()

    # Figures

    def _compute_figures(self, *, now):
        """Compute the drill; `now`: with what no posted statement has yet."""
        figures = self._figures()
        own = figures[self.issuer_id.id]
        unsettled = own["unsettled"] if now else 0
        net = own["open"] if now else 0
        debt = own["due"] + max(-net, 0) + unsettled
        receivables = own["receive"] + max(net, 0)
        others = {
            one: each for one, each in figures.items() if one != self.issuer_id.id
        }
        caps = {each["code"]: self._cap(each, now=now) for each in others.values()}
        drill = default_drill(
            debt=debt,
            deposit=to_minor(self.issuer_id._deposit_in(self.coalition_id)),
            receivables=receivables,
            weights={each["code"]: each["issued"] for each in others.values()},
            caps=caps,
        )
        self.write(self._vals(drill, own, unsettled, net, receivables))
        self.line_ids = [Command.clear()] + [
            Command.create(
                {
                    "issuer_id": one,
                    "issued": from_minor(each["issued"]),
                    "cap": from_minor(caps[each["code"]]),
                    "loss": from_minor(drill.losses.get(each["code"], 0)),
                }
            )
            for one, each in others.items()
        ]
        return drill, figures

    def _vals(self, drill, own, unsettled, net, receivables):
        amounts = {
            "statements_due": own["due"],
            "open_net": net,
            "unsettled": unsettled,
            "debt": drill.debt,
            "deposit": to_minor(self.issuer_id._deposit_in(self.coalition_id)),
            "receivables": receivables,
            "from_deposit": drill.from_deposit,
            "from_receivables": drill.from_receivables,
            "shared": sum(drill.losses.values()),
            "uncovered": drill.uncovered,
        }
        return {name: from_minor(amount) for name, amount in amounts.items()}

    def _cap(self, figures, *, now):
        """A member loses no more than it was to receive, nor than was agreed."""
        claim = figures["receive"] + max(figures["open"] if now else 0, 0)
        agreed = to_minor(self.coalition_id.loss_cap)
        return min(claim, agreed) if agreed else claim

    def _figures(self):
        """What each member owes, is to receive and has issued, minor units."""
        self.env.flush_all()
        members = self.coalition_id.issuer_ids | self.operator_id | self.issuer_id
        rows = fetch(
            self.env.cr,
            "exposure.sql",
            "default_figures",
            coalition=self.coalition_id.id,
            members=members.ids,
            since=self.date - relativedelta(months=ISSUED_MONTHS),
            until=self.date,
        )
        return {row[0]: dict(zip(FIGURES, row[1:], strict=True)) for row in rows}


class EkarteClearingDefaultLine(models.Model):
    _name = "ekarte.clearing.default.line"
    _description = "Loss of a Member"
    _order = "default_id, loss desc, issuer_id"

    default_id = fields.Many2one(
        "ekarte.clearing.default", required=True, ondelete="cascade", index=True
    )
    issuer_id = fields.Many2one(
        "ekarte.issuer", string="Member", required=True, ondelete="restrict"
    )
    currency_id = fields.Many2one(related="default_id.currency_id")
    issued = fields.Monetary(
        "Issued in 3 Months", readonly=True, help="Losses are shared by it."
    )
    cap = fields.Monetary(
        "Most It Loses",
        readonly=True,
        help="What it was to receive, and no more than was agreed.",
    )
    loss = fields.Monetary(readonly=True)
