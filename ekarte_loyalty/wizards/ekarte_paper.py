"""Reports on paper: what the screens show, as pages to hand out and to keep."""

from datetime import timedelta
from itertools import takewhile

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_amount, format_date

from odoo.addons.base.models.ir_actions_report import _wkhtml

from ..paper_chart import chart
from ..units import to_minor

STAFF = (
    "ekarte_loyalty.ekarte_loyalty_group_issuer",
    "ekarte_loyalty.ekarte_loyalty_group_accountant",
)
REPORT = "ekarte_loyalty.ekarte_paper_report"
CUSTOMERS_MAX = 500
ROWS_MAX = 2_000


class EkartePaper(models.TransientModel):
    _name = "ekarte.paper"
    _description = "Report on Paper"

    kind = fields.Selection(
        [
            ("figures", "Figures of the Issuer"),
            ("purchases", "Purchases by Period and Branch"),
            ("customers", "Regular Customers by Branch"),
        ],
        "Report",
        required=True,
        default="figures",
    )
    issuer_id = fields.Many2one(
        "ekarte.issuer",
        required=True,
        ondelete="cascade",
        default=lambda self: self.env["ekarte.issuer"]._default_issuer(),
    )
    branch_id = fields.Many2one(
        "ekarte.branch",
        ondelete="cascade",
        domain="[('issuer_id', '=', issuer_id)]",
        help="Empty: all of them.",
    )
    days = fields.Selection(
        [("7", "7 days"), ("30", "30 days"), ("90", "90 days"), ("365", "A year")],
        "Period",
        required=True,
        default="30",
        help="Up to the last day that was counted, beside as many days before.",
    )
    day_from = fields.Date(
        "From", required=True, default=lambda self: self._last_month()[0]
    )
    day_to = fields.Date(
        "To", required=True, default=lambda self: self._last_month()[1]
    )
    step = fields.Selection(
        [("day", "Day"), ("week", "Week"), ("month", "Month")],
        "By",
        required=True,
        default="week",
    )
    most = fields.Integer("Customers of Each Branch", required=True, default=25)

    @api.model
    def _last_month(self):
        first = fields.Date.context_today(self).replace(day=1)
        before = first - timedelta(days=1)
        return before.replace(day=1), before

    @api.constrains("day_from", "day_to", "most", "branch_id")
    def _check_content(self):
        for paper in self:
            if paper.day_from > paper.day_to:
                raise ValidationError(self.env._("The period ends before it begins."))
            if not 0 < paper.most <= CUSTOMERS_MAX:
                raise ValidationError(
                    self.env._("Choose 1 to %(most)s customers.", most=CUSTOMERS_MAX)
                )
            if paper.branch_id and paper.branch_id.issuer_id != paper.issuer_id:
                raise ValidationError(self.env._("The branch is another issuer's."))

    def action_print(self):
        self.ensure_one()
        return self.env.ref(REPORT).report_action(self)

    @api.model
    def action_print_figures(self, days=30, issuer_id=False, branch_id=False):
        """Print what the dashboard shows, for its button."""
        issuer = self.env["ekarte.issuer"].browse(issuer_id or [])
        paper = self.create(
            {
                "kind": "figures",
                "days": str(days),
                "branch_id": branch_id,
                "issuer_id": (issuer or issuer._default_issuer()).id,
            }
        )
        return paper.action_print()

    # What the page says

    def _head(self):
        """Return the report's name and its facts; who may not read it gets nothing."""
        self.ensure_one()
        if not any(self.env.user.has_group(group) for group in STAFF):
            raise AccessError(self.env._("Only the issuer's staff prints reports."))
        self.issuer_id.check_access("read")
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        first, last = (
            format_date(self.env, day) for day in (self.day_from, self.day_to)
        )
        return {
            "title": kinds[self.kind],
            "period": f"{first} – {last}",
            "branch": self.branch_id.name or self.env._("All branches"),
            "made": format_date(self.env, fields.Date.context_today(self)),
        }

    def _currency(self):
        return self.env["ekarte.network"].sudo()._get().currency_id

    def _money(self, amount):
        return format_amount(self.env, amount, self._currency())

    @api.model
    def _prints_letterhead(self, report_type):
        """Builds of wkhtmltopdf with an ordinary Qt, as Debian's, print no headers."""
        return report_type != "pdf" or _wkhtml().is_patched_qt

    def _chart(self, labels, amounts):
        """Return bars of money; the scale in whole units of the currency."""
        drawn = chart(labels, [to_minor(amount) // 100 for amount in amounts])
        lines = [(line.y, self._money(line.value)) for line in drawn.lines]
        return {"bars": drawn.bars, "lines": lines}

    def _figures(self):
        """Return the dashboard's figures, its course and its tables."""
        board = self.env["ekarte.dashboard"].figures(
            int(self.days), self.issuer_id.id, self.branch_id.id
        )
        course = board["sales"]
        return {
            **board,
            "tiles": self._tiles(board["figures"]),
            "chart": self._chart(
                [row["label"] for row in course], [row["values"][0] for row in course]
            ),
        }

    def _tiles(self, figures):
        wanted = [
            ("cards", self.env._("Cards"), self._count),
            ("active", self.env._("Active Holders"), self._count),
            ("purchases", self.env._("Sales With Card"), self._count),
            ("amount", self.env._("Sold With Card"), self._money),
            ("discount", self.env._("Discounts Given"), self._money),
            ("share", self.env._("Discount Share"), self._percent),
            ("issued", self.env._("Points Issued"), self._count),
            ("used", self.env._("Points Used"), self._count),
            ("expired", self.env._("Points Expired"), self._count),
            ("expiring", self.env._("Points Ending in 30 Days"), self._count),
            ("liability", self.env._("Owed to Holders"), self._money),
            ("redemption", self.env._("Redemption Rate"), self._percent),
        ]
        return [
            (label, form(now), "" if before is None else form(before))
            for name, label, form in wanted
            for now, before in [figures[name]]
        ]

    def _count(self, number):
        language = self.env["res.lang"]._lang_get(self.env.lang or "en_US")
        return language.format("%.0f", number, grouping=True)

    def _percent(self, number):
        language = self.env["res.lang"]._lang_get(self.env.lang or "en_US")
        return language.format("%.1f", number, grouping=True) + " %"

    def _days_domain(self):
        domain = [
            ("issuer_id", "=", self.issuer_id.id),
            ("day", ">=", self.day_from),
            ("day", "<=", self.day_to),
        ]
        if self.branch_id:
            domain.append(("branch_id", "=", self.branch_id.id))
        return domain

    def _purchases(self):
        """Return periods with their branches, the sum of each branch, and of all."""
        sums = ["purchases:sum", "refunds:sum", "visits:sum", "amount:sum"]
        sums.append("discount:sum")
        daily, domain = self.env["ekarte.daily.branch"], self._days_domain()
        rows = daily._read_group(
            domain, [f"day:{self.step}", "branch_id"], sums, limit=ROWS_MAX + 1
        )
        if len(rows) > ROWS_MAX:
            raise UserError(self.env._("That is too much paper: choose longer steps."))
        periods = {}
        for day, branch, *values in rows:
            periods.setdefault(day, []).append((branch.name, *values))
        course = {
            day: sum(row[4] for row in periods.get(day, ()))
            for day in self._steps(periods)
        }
        branches = daily._read_group(domain, ["branch_id"], sums)
        (whole,) = daily._read_group(domain, [], sums)
        return {
            "periods": [(self._period(day), kept) for day, kept in periods.items()],
            "branches": [(branch.name, *values) for branch, *values in branches],
            "whole": whole,
            "chart": self._chart(
                [self._period(day) for day in course], list(course.values())
            ),
        }

    def _steps(self, days):
        """Return the first day of each step of the period, those without sales too."""
        if not days:
            return []
        first, width = min(days), relativedelta(**{f"{self.step}s": 1})
        before = (first - width * count for count in range(1, ROWS_MAX))
        earlier = takewhile(lambda day: day + width > self.day_from, before)
        following = (first + width * count for count in range(ROWS_MAX))
        return [
            *reversed(list(earlier)),
            *takewhile(lambda day: day <= self.day_to, following),
        ]

    def _period(self, day):
        form = {"day": "d MMM", "week": "d MMM", "month": "LLL y"}[self.step]
        return format_date(self.env, day, date_format=form)

    def _customers(self):
        """Return each branch with the cards that bought most there in the period."""
        domain = self._days_domain()
        branches = self.branch_id or self.env["ekarte.branch"].search(
            [("issuer_id", "=", self.issuer_id.id)]
        )
        told = [(branch.name, self._regulars(branch, domain)) for branch in branches]
        return [(name, rows) for name, rows in told if rows]

    def _regulars(self, branch, domain):
        sums = ["day:count_distinct", "purchases:sum", "amount:sum", "discount:sum"]
        rows = self.env["ekarte.daily.sale"]._read_group(
            [*domain, ("branch_id", "=", branch.id), ("purchases", ">", 0)],
            ["card_id"],
            [*sums, "day:max"],
            order="amount:sum desc",
            limit=self.most,
        )
        holders = self.env["ekarte.holder"]._of(
            [card.id for card, *_values in rows], self.issuer_id
        )
        return [
            (
                card.sudo().number,  # a guest's too; it is masked
                holders[card.id].name if card.id in holders else "",
                *values,
                format_date(self.env, last),
            )
            for card, *values, last in rows
        ]
