from odoo import api, fields, models

from .ekarte_settlement import ADMINISTRATOR


class EkarteExposure(models.Model):
    _name = "ekarte.exposure"
    _description = "Exposure of an issuer"
    _inherit = ["ekarte.ledger.view.mixin"]
    _auto = False
    _ledger_below = ("ekarte_statement_due",)
    _rec_name = "issuer_id"
    _order = "owed desc, issuer_id"
    _depends = {
        "account.move.line": ["amount_residual", "ekarte_statement_id"],
        "ekarte.clearing.line": ["amount", "issuer_id", "side", "state"],
        "ekarte.clearing.statement": ["issuer_id", "operator_id"],
        "ekarte.issuer": [
            "agreed_limit",
            "code",
            "deposit",
            "exposure_limit",
            "has_exposure_limit",
            "refused_elsewhere",
        ],
    }

    issuer_id = fields.Many2one("ekarte.issuer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    owed = fields.Monetary(
        "Owes Others",
        readonly=True,
        help="For its value used, or held, at others, and not paid yet: with what is "
        "not settled, open in clearing, or not paid of a posted statement.",
    )
    to_receive = fields.Monetary(
        readonly=True, help="Open and disputed lines of clearing."
    )
    to_pay = fields.Monetary(readonly=True, help="Open and disputed lines of clearing.")
    due = fields.Monetary(
        "Statements to Pay",
        readonly=True,
        help="What is not paid of posted statements; below zero: to receive.",
    )
    position = fields.Monetary(
        "Net Position", readonly=True, help="To receive, less to pay and statements."
    )
    deposit = fields.Monetary(readonly=True)
    agreed_limit = fields.Monetary("Limit Beyond the Deposit", readonly=True)
    exposure_limit = fields.Monetary("Limit", readonly=True)
    share = fields.Float(
        "Used, %", digits=(5, 1), readonly=True, aggregator="max", help="Of the limit."
    )
    state = fields.Selection(
        [
            ("unlimited", "No Limit"),
            ("fine", "Within the Limit"),
            ("near", "Near the Limit"),
            ("stopped", "Stopped"),
            ("refused", "Refused"),
        ],
        readonly=True,
        help="Stopped, refused: others take no more of its value, its own branches do.",
    )

    def action_open_issuer(self):
        """Open the issuer, to change its limit."""
        self.ensure_one()
        return self.issuer_id.get_formview_action()

    def action_open_lines(self):
        """Open what is open in clearing."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "ekarte_loyalty.ekarte_clearing_line_action"
        )
        return {
            **action,
            "domain": [("issuer_id", "=", self.issuer_id.id)],
            "context": {"search_default_open": 1, "search_default_disputed": 1},
        }

    def action_refresh(self):
        """Look at what was paid since the clock last did."""
        self.browse().check_access("read")
        self.env["ekarte.issuer"].sudo()._tell_cleared()
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    @api.model
    def _alert(self):
        """Leave one activity when an issuer comes near its limit, and when it stops."""
        self.env.flush_all()
        told = {"near": "near", "stopped": "stopped", "refused": "stopped"}
        for exposure in self.search([]):
            issuer = exposure.issuer_id
            level = told.get(exposure.state, "none")
            if level == issuer.exposure_level:
                continue
            before, issuer.exposure_level = issuer.exposure_level, level
            issuer.activity_unlink(["ekarte_loyalty.ekarte_exposure_activity"])
            rises = ("none", "near", "stopped").index(level) > (
                ("none", "near", "stopped").index(before or "none")
            )
            if rises or level == "near":
                exposure._leave_activity(level)

    def _leave_activity(self, level):
        sentences = {
            "near": self.env._("%(issuer)s uses %(share)s %% of what it may owe."),
            "stopped": self.env._(
                "Others take no more of the value of %(issuer)s: it owes %(owed)s."
            ),
        }
        values = {
            "issuer": self.issuer_id.name,
            "share": f"{self.share:g}",
            "owed": self.currency_id.format(self.owed),
        }
        for user in self._watchers():
            self.issuer_id.activity_schedule(
                "ekarte_loyalty.ekarte_exposure_activity",
                summary=sentences[level] % values,
                user_id=user.id,
            )

    def _watchers(self):
        """Who is told: those named on the issuer's coalitions, else administrators."""
        named = self.issuer_id.coalition_ids.exposure_user_id
        group = self.env.ref(ADMINISTRATOR)
        return named or group.all_user_ids.filtered(lambda user: user.active)[:1]
