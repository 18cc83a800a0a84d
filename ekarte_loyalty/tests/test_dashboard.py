import io
from datetime import date, timedelta
from unittest.mock import patch

from freezegun.api import freeze_time
from lxml.html import fromstring

from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import SQL
from odoo.tools.pdf import PdfFileReader

from ekarte_core import Original

from .common import CLUB_CARD, FUEL_CARD, NOON, OTHER_CLUB_CARD, NetworkCase

DAY = NOON.date()
SUMS = (
    *("ekarte.daily.sale", "ekarte.daily.branch", "ekarte.daily.answer"),
    *("ekarte.daily.program", "ekarte.daily.count", "ekarte.branch.customer"),
)
BARS = "//div[contains(@class, 'ekarte-paper')]//rect"


class DashboardCase(NetworkCase):
    """A month ago one card bought; today the usual trade, and one thing came back."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        month = -30 * 24 * 60
        cls._send(cls.grocer, "sale", CLUB_CARD, 1000, minutes=month)
        cls._trade()
        cls._send(cls.grocer, "sale", OTHER_CLUB_CARD, 4000, minutes=10)
        sold = cls.env["ekarte.operation"].search([], limit=1)
        cls._send(
            cls.grocer,
            "refund",
            OTHER_CLUB_CARD,
            1500,
            minutes=20,
            original=Original(batch=sold.batch, operation=sold.number),
        )
        cls.env["ekarte.daily"]._count(until=DAY, afresh=True)
        cls.issuer = cls._user("t.issuer", "issuer", cls.grocer_company)
        cls.fuel_issuer = cls._user("t.fuel", "issuer", cls.fuel_company)
        cls.operator = cls._user("t.operator", "operator", cls.grocer_company)

    def _figures(self, user=None, **asked):
        dashboard = self.env["ekarte.dashboard"].with_user(user or self.issuer)
        return dashboard.figures(**asked)


@tagged("post_install", "-at_install")
class TestDashboard(DashboardCase):
    def test_the_figures_are_those_of_the_ledger_beside_the_period_before(self):
        figures = self._figures()["figures"]
        sold = self.env["ekarte.operation"].search([("issuer_id", "=", self.grocer.id)])
        today = sold.filtered(lambda one: one.business_day == DAY)
        self.assertEqual(figures["purchases"], [2, 1])
        self.assertEqual(figures["active"], [2, 1])
        # A gift card is one of the grocer's cards too; nobody has bought here with it.
        self.assertEqual(figures["cards"], [3, 1])
        self.assertEqual(figures["amount"], [17.5 + 40 - 15, 10])
        self.assertAlmostEqual(figures["amount"][0], sum(today.mapped("sold")))
        self.assertAlmostEqual(
            figures["discount"][0], sum(today.mapped("sold_discount"))
        )
        # A point for each whole 5.00 of what was paid, less what came back.
        self.assertEqual(figures["issued"], [3 + 7 - 3, 1])

    def test_what_is_owed_is_what_the_purses_carry(self):
        purses = self.env["ekarte.purse"].search([("issuer_id", "=", self.grocer.id)])
        self.assertAlmostEqual(
            self._figures()["figures"]["liability"][0], sum(purses.mapped("carry"))
        )

    def test_a_branch_has_its_own_figures(self):
        shown = self._figures(branch_id=self.suburb.id)
        self.assertEqual(shown["figures"]["purchases"], [0, 0])
        self.assertFalse(shown["branch_rows"])
        self.assertTrue(self._figures(branch_id=self.centre.id)["branch_rows"])

    def test_counting_again_changes_nothing_and_finds_what_is_new(self):
        before = {model: self._rows(model) for model in SUMS}
        self.env["ekarte.daily"]._count(until=DAY)
        self.assertEqual({model: self._rows(model) for model in SUMS}, before)
        self.env["ekarte.daily"]._count(until=DAY, afresh=True)
        self.assertEqual({model: self._rows(model) for model in SUMS}, before)
        self._send(self.grocer, "sale", CLUB_CARD, 500, minutes=30)
        self.env["ekarte.daily"]._count(until=DAY)
        self.assertEqual(self._figures()["figures"]["purchases"], [3, 1])

    def test_a_job_that_is_cut_off_goes_on_where_it_was(self):
        whole = {model: self._rows(model) for model in SUMS}
        days = self.env["ekarte.daily"]._days(date.min)
        self.assertEqual(len(days), 2)
        for model in SUMS:
            self.env.cr.execute(
                SQL("DELETE FROM %s", SQL.identifier(self.env[model]._table))
            )
            self.env[model].invalidate_model()
        cron, daily = type(self.env["ir.cron"]), self.env["ekarte.daily"]
        # Nothing is committed in a test; what is left of a job's time is said here.
        with freeze_time(NOON, ignore=["ekarte_core"]):
            with patch.object(cron, "_commit_progress", side_effect=[60, 0]):
                daily._cron_count()
            answers = self.env["ekarte.daily.answer"].search([])
            self.assertEqual(set(answers.mapped("day")), {days[0]})
            with patch.object(cron, "_commit_progress", return_value=60) as told:
                daily._cron_count()
        self.assertEqual(told.call_args_list[0].kwargs, {"remaining": 1})
        self.assertEqual({model: self._rows(model) for model in SUMS}, whole)

    def _rows(self, model):
        fields = [
            name
            for name, field in self.env[model]._fields.items()
            if field.store and name != "id"
        ]
        rows = self.env[model].search([]).read(fields, load="")
        return sorted(str([row[name] for name in fields]) for row in rows)

    def test_a_reversal_takes_its_purchase_back(self):
        self._send(self.grocer, "sale", CLUB_CARD, 700, minutes=40)
        sold = self.env["ekarte.operation"].search([], limit=1)
        self._send(
            self.grocer,
            "reverse",
            CLUB_CARD,
            minutes=41,
            original=Original(batch=sold.batch, operation=sold.number),
        )
        self.env["ekarte.daily"]._count(until=DAY)
        self.assertEqual(self._figures()["figures"]["purchases"], [2, 1])
        self.assertEqual(self._figures()["figures"]["amount"], [42.5, 10])

    def test_an_issuer_sees_its_own_figures_only(self):
        shown = self._figures(self.fuel_issuer, issuer_id=self.grocer.id)
        self.assertEqual([one["id"] for one in shown["issuers"]], [self.fuel.id])
        self.assertEqual([row["id"] for row in shown["branch_rows"]], self.station.ids)
        for model in SUMS:
            with self.subTest(model=model):
                seen = self.env[model].with_user(self.fuel_issuer).search([])
                self.assertTrue(seen)
                self.assertEqual(seen.issuer_id, self.fuel)

    def test_an_operator_has_no_dashboard(self):
        with self.assertRaises(AccessError):
            self._figures(self.operator)
        with self.assertRaises(AccessError):
            self.env["ekarte.dashboard"].with_user(self.operator).count_now()

    def test_no_period_but_those_that_are_counted(self):
        with self.assertRaises(UserError):
            self._figures(days=5)
        self.assertEqual(self._figures(days=7)["figures"]["purchases"], [2, 0])

    def test_each_figure_opens_its_rows(self):
        dashboard = self.env["ekarte.dashboard"].with_user(self.issuer)
        for figure in self._figures()["figures"]:
            with self.subTest(figure=figure):
                action = dashboard.open_figure(figure)
                model = self.env[action["res_model"]].with_user(self.issuer)
                model.search(action.get("domain") or [], limit=1)
        sales = dashboard.open_figure("amount")
        rows = self.env["ekarte.daily.sale"].search(sales["domain"])
        self.assertAlmostEqual(sum(rows.mapped("amount")), 42.5)

    def test_regular_customers_stand_by_branch(self):
        customers = self.env["ekarte.branch.customer"].with_user(self.issuer)
        first = customers.search([("card_id.last4", "=", CLUB_CARD[-4:])])
        self.assertEqual(first.branch_id, self.centre)
        self.assertEqual((first.days, first.purchases), (2, 2))
        self.assertEqual(first.first_day, DAY - timedelta(days=30))
        self.assertEqual(first.last_day, DAY)
        self.assertFalse(customers.search([("card_id.last4", "=", FUEL_CARD[-4:])]))

    def test_what_was_declined_is_counted_by_answer(self):
        self._send(self.grocer, "sale", "9980002000000027", 500, minutes=50)
        self.env["ekarte.daily"]._count(until=DAY)
        declined = self.env["ekarte.daily.answer"].search(
            [("issuer_id", "=", self.grocer.id), ("declined", ">", 0)]
        )
        self.assertEqual(sum(declined.mapped("declined")), 1)
        self.assertNotIn(declined.rc, ("00", "10"))
        found = declined.action_open_operations()["domain"]
        self.assertEqual(self.env["ekarte.operation"].search_count(found), 1)


@tagged("post_install", "-at_install")
class TestDashboardTour(DashboardCase, HttpCase):
    def test_an_issuer_looks_at_its_figures_and_opens_them(self):
        for size in ("1366x900", "390x844"):
            self.browser_size = size
            with self.subTest(size=size):
                self.start_tour(
                    "/odoo/ekarte-dashboard", "ekarte_dashboard_tour", login="t.issuer"
                )

    def _paper(self, user=None, **values):
        user = user or self.issuer
        papers = self.env["ekarte.paper"].with_user(user).with_company(user.company_id)
        period = {"day_from": DAY - timedelta(days=40), "day_to": DAY}
        return papers.create({**period, **values})

    def _page(self, paper):
        report = self.env["ir.actions.report"].with_user(paper.env.user)
        html = report._render_qweb_html("ekarte_loyalty.ekarte_paper_report", paper.ids)
        page = fromstring(html[0])
        rows = [
            [" ".join(cell.text_content().split()) for cell in row]
            for row in page.xpath("//table//tr")
        ]
        return page, rows

    def test_figures_on_paper_are_those_of_the_screen(self):
        page, rows = self._page(self._paper(kind="figures"))
        self.assertIn(["Sales With Card", "2", "1"], rows)
        self.assertIn(["Branch TG1", "2", "2", "42.50 €", "10.00 €", "2.13 €"], rows)
        drawn = [int(bar.get("height") or 0) for bar in page.xpath(BARS)]
        self.assertEqual((len(drawn), sum(drawn) > 0), (30, True))

    def test_purchases_stand_by_period_and_branch_with_their_sums(self):
        page, rows = self._page(self._paper(kind="purchases", step="month"))
        self.assertEqual(rows[1:3][0], ["Oct 2026"])
        self.assertEqual(rows[-1][:4], ["Sum", "3", "1", "0"])
        self.assertEqual(rows[-1][4], "52.50 €")
        self.assertEqual(len(page.xpath(BARS)), 2)
        none = self._paper(kind="purchases", branch_id=self.suburb.id)
        self.assertIn("No purchases with cards", self._page(none)[0].text_content())

    def test_regular_customers_are_named_to_their_own_issuer(self):
        card = self.env["ekarte.card"].search([("last4", "=", CLUB_CARD[-4:])])
        anna = self.env["res.partner"].create({"name": "Anna"})
        self.env["ekarte.holder"]._give(card.id, self.grocer, anna)
        rows = self._page(self._paper(kind="customers"))[1]
        self.assertIn(
            ["1", "998000******0011", "Anna", "2", "2", "27.50 €"],
            [row[:6] for row in rows],
        )
        first = self._paper(kind="customers", most=1)
        self.assertEqual([row[0] for row in self._page(first)[1]], ["", "1"])

    def test_nobody_prints_what_is_another_issuers(self):
        self.assertTrue(self._paper(kind="figures")._head()["title"])
        with self.assertRaises(AccessError):
            self._paper(user=self.operator, kind="figures")
        theirs = self._paper(kind="customers", issuer_id=self.fuel.id)
        with self.assertRaises(AccessError):
            self._page(theirs)
        with self.assertRaisesRegex(UserError, "another issuer"):
            self._paper(kind="figures", branch_id=self.station.id)
        with self.assertRaisesRegex(UserError, "ends before"):
            self._paper(day_to=DAY - timedelta(days=50))

    def test_paper_is_printed(self):
        paper = self._paper(kind="figures").with_context(force_report_rendering=True)
        made, _form = paper.env["ir.actions.report"]._render_qweb_pdf(
            "ekarte_loyalty.ekarte_paper_report", paper.ids
        )
        page = PdfFileReader(io.BytesIO(made)).pages[0]
        self.assertIn("Sold With Card", " ".join(page.extract_text().split()))
