from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..queries import fetch
from .ekarte_daily import SPANS

STEP_DAYS = {7: 1, 30: 1, 90: 7, 365: 28}
"""Days of one point in a graph, by span."""


class EkarteDashboard(models.AbstractModel):
    """What an issuer sees first: the figures of a period beside the period before."""

    _name = "ekarte.dashboard"
    _description = "Dashboard"

    @api.model
    @api.readonly
    def figures(self, days=30, issuer_id=False, branch_id=False):
        """Return all that the dashboard shows; the user's own issuers only.

        Args:
            days: length of the period, one of 7, 30, 90, 365.
            issuer_id: one of the issuers that the user sees; else all of them.
            branch_id: one of their branches; else all.
        """
        asked = self._asked(days, issuer_id, branch_id)
        values = asked["values"]
        return {
            **asked["shown"],
            "figures": self._figures(values),
            "sales": self._course(values, "sales_course"),
            "points": self._course(values, "points_course"),
            "branch_rows": self._branch_rows(values),
            "program_rows": self._program_rows(values),
        }

    @api.model
    def count_now(self):
        """Bring the sums up to now; the button beside the time they were made."""
        self.env["ekarte.daily.branch"].check_access("read")
        self.env["ekarte.daily"].sudo()._count()

    def _asked(self, days, issuer_id, branch_id):
        self.env["ekarte.daily.branch"].check_access("read")
        if days not in SPANS:
            raise UserError(self.env._("The dashboard has no such period."))
        issuers = self.env["ekarte.issuer"].search([])
        branches = self.env["ekarte.branch"].search([])
        chosen = issuers.filtered(lambda one: one.id == issuer_id) or issuers
        branch = branches.filtered(lambda one: one.id == branch_id)
        ((last,),) = fetch(self.env.cr, "daily.sql", "last_day")
        until = last or fields.Date.today()
        middle = until - timedelta(days=days)
        currency = self.env["ekarte.network"].sudo()._get().currency_id
        return {
            "values": {
                "issuers": chosen.ids,
                "branches": branch.ids,
                "until": until,
                "middle": middle,
                "start": middle - timedelta(days=days),
                "days": days,
                "width": STEP_DAYS[days],
                "steps": -(-days // STEP_DAYS[days]),
            },
            "shown": {
                "counted": bool(last),
                "until": fields.Date.to_string(until),
                "period": self._period(middle, until),
                "before": self._period(middle - timedelta(days=days), middle),
                "currency_id": currency.id,
                "issuers": [{"id": one.id, "name": one.name} for one in issuers],
                "branches": [
                    {"id": one.id, "name": one.name, "issuer_id": one.issuer_id.id}
                    for one in branches
                    if one.issuer_id in chosen
                ],
            },
        }

    def _period(self, before, until):
        first = format_date(self.env, before + timedelta(days=1))
        return f"{first} – {format_date(self.env, until)}"

    def _row(self, name, values):
        (row,) = fetch(self.env.cr, "dashboard.sql", name, **values)
        return row

    def _figures(self, values):
        """Return {figure: (now, before)}; money and shares as the web shows them."""
        sales = self._row("sales", values)
        points = self._row("points", values)
        owed = self._row("liability", values)
        cards, cards_before, points_end, owed_end = self._row("counts", values)
        active = self._row("active", values)
        pairs = {
            "cards": (cards, cards_before),
            "active": active,
            "purchases": sales[0:2],
            "amount": sales[2:4],
            "discount": sales[4:6],
            "issued": points[0:2],
            "used": points[2:4],
            "expired": points[4:6],
            "liability": owed[0:2],
            "redemption": (
                _percent(owed[4], owed[2]),
                _percent(owed[5], owed[3]),
            ),
            "share": (_percent(sales[4], sales[2]), _percent(sales[5], sales[3])),
            "expiring": (points_end, None),
            "expiring_liability": (owed_end, None),
        }
        return {
            name: [None if value is None else float(value) for value in pair]
            for name, pair in pairs.items()
        }

    def _course(self, values, name):
        """Return the points of a graph: label and the sums of each step."""
        rows = fetch(self.env.cr, "dashboard.sql", name, **values)
        first = values["middle"] + timedelta(days=1)
        return [
            {
                "label": format_date(
                    self.env,
                    first + timedelta(days=number * values["width"]),
                    date_format="d MMM",
                ),
                "values": [float(value) for value in sums],
            }
            for number, *sums in rows
        ]

    def _branch_rows(self, values):
        rows = fetch(self.env.cr, "dashboard.sql", "by_branch", **values)
        names = {one.id: one.name for one in self.env["ekarte.branch"].search([])}
        return [
            {
                "id": branch,
                "name": names.get(branch, ""),
                "purchases": purchases,
                "amount": float(amount),
                "before": float(before),
                "discount": float(discount),
                "active": active,
            }
            for branch, purchases, amount, before, discount, active in rows
        ]

    def _program_rows(self, values):
        rows = fetch(self.env.cr, "dashboard.sql", "by_program", **values)
        programs = self.env["ekarte.program"].browse([row[0] for row in rows])
        names = {one.id: one.name for one in programs.sudo()}
        return [
            {"id": program, "name": names[program], "liability": float(owed)}
            for program, owed in rows
        ]

    @api.model
    @api.readonly
    def open_figure(self, figure, days=30, issuer_id=False, branch_id=False):
        """Return the action with the rows that a figure sums up."""
        values = self._asked(days, issuer_id, branch_id)["values"]
        action, model = {
            "cards": ("ekarte_card_action", None),
            "active": ("ekarte_branch_customer_action", "customer"),
            "issued": ("ekarte_daily_program_action", "points"),
            "used": ("ekarte_daily_program_action", "points"),
            "expired": ("ekarte_daily_program_action", "points"),
            "liability": ("ekarte_daily_program_action", "owed"),
            "redemption": ("ekarte_daily_program_action", "owed"),
            "expiring": ("ekarte_notice_action", None),
        }.get(figure, ("ekarte_daily_sale_action", "day"))
        found = self.env["ir.actions.act_window"]._for_xml_id(
            f"ekarte_loyalty.{action}"
        )
        if model:
            found["domain"] = self._rows_domain(model, values)
            found["context"] = {}
        return found

    def _rows_domain(self, kind, values):
        domain = [("issuer_id", "in", values["issuers"])]
        if values["branches"] and kind != "owed":
            domain.append(("branch_id", "in", values["branches"]))
        if kind == "customer":
            return [*domain, ("last_day", ">", values["middle"])]
        if kind == "points":
            domain.append(("measure", "=", "points"))
        if kind != "owed":
            domain.append(("day", ">", values["middle"]))
        return [*domain, ("day", "<=", values["until"])]


def _percent(part, whole):
    return 100 * part / whole if whole else 0
