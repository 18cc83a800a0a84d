from odoo.tests import TransactionCase, tagged

from ekarte_core import PROGRAM_KINDS, current_network, network_version


@tagged("post_install", "-at_install")
class TestDemoNetwork(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ekarte.network"]._load_demo_network()
        cls.env.cr.flush()
        cls.live = current_network(cls.env.cr)

    def _parameters(self, code, *names):
        parameters = self.live.programs[code].parameters
        return tuple(parameters[name] for name in names)

    def test_loading_it_twice_changes_nothing(self):
        version = network_version(self.env.cr)
        users = self.env["res.users"].search_count([])
        self.env["ekarte.network"]._load_demo_network()
        self.env.cr.flush()
        self.assertEqual(network_version(self.env.cr), version)
        self.assertEqual(self.env["res.users"].search_count([]), users)

    def test_the_grocer_has_questions_for_its_customers(self):
        grocer = self.env.ref("ekarte_loyalty.issuer_grocer_demo")
        asked = self.env["ekarte.questionnaire"]._of(grocer)
        kinds = ["date", "choice", "text", "number"]
        self.assertEqual(asked.field_ids.mapped("kind"), kinds)
        self.assertEqual(self.env["ekarte.consent"]._form(grocer)[0]["code"], "news")

    def test_three_issuers_stand_in_one_coalition(self):
        document = self.live.document
        coalition = next(one for one in document.coalitions if one.code == "LV")
        self.assertEqual(coalition.issuers, ("GROCER", "FUEL", "BOOKS"))
        inside = {code: self.live.issuers[code].in_odoo for code in coalition.issuers}
        self.assertEqual(inside, {"GROCER": True, "FUEL": True, "BOOKS": False})
        self.assertEqual(document.currency, "EUR")

    def test_programs_have_the_figures_of_the_trading_day(self):
        steps = ("base_rate", "step_amount", "step_rate", "max_rate")
        expected = {
            "GRO-GIFT": (
                ("min_load", "max_balance", "accept_at"),
                (500, 50_000, "coalition"),
            ),
            "GRO-BONUS": (("step", "convert_at", "convert_to"), (500, 10, 100)),
            "GRO-DISC": (steps, (500, 5000, 100, 1500)),
            "GRO-DISC-TEIKA": (steps, (300, 5000, 100, 1000)),
            "FUEL-BONUS": (("step", "convert_at", "convert_to"), (1000, 20, 100)),
            "FUEL-DISC": (("rate", "after_spend", "groups"), (200, 10_000, ["fuel"])),
            "BOOK-DISC": (("rate",), (500,)),
            "BOOK-GIFT": (("denominations", "accept_at"), ([1000, 2000, 5000], "own")),
        }
        for code, (names, figures) in expected.items():
            with self.subTest(program=code):
                self.assertEqual(self._parameters(code, *names), figures)
        teika = self.live.programs["GRO-DISC-TEIKA"]
        self.assertEqual((teika.branches, teika.overrides), (("G2",), "GRO-DISC"))

    def test_a_program_of_every_kind_stands_there_and_cards_take_part(self):
        programs = self.live.programs
        self.assertEqual({one.kind for one in programs.values()}, set(PROGRAM_KINDS))
        joined = {
            code for kind in self.live.card_types.values() for code in kind.programs
        }
        base = {code for code, one in programs.items() if not one.overrides}
        self.assertEqual(base - joined, set())
        self.assertEqual(
            self._parameters("GRO-PRIZE", "tiers", "referral_points", "clawback"),
            (
                [
                    {"at": 150, "card_type": "GRO-SILVER"},
                    {"at": 300, "card_type": "GRO-GOLD"},
                ],
                50,
                "negative",
            ),
        )
        self.assertEqual(programs["GRO-WEEK"].weekdays, (1, 2, 3, 4, 5))
        self.assertEqual(
            [(span.first, span.last) for span in programs["GRO-EVENING"].hours],
            [("12:00", "24:00")],
        )
        bank = self.live.card_types["GRO-BANK"]
        self.assertEqual((bank.ranges[0].kind, bank.discount_at_once), ("bank", False))

    def test_card_types_have_their_ranges_and_programs(self):
        found = {
            code: (
                [(span.first[:7], span.last[:7], span.check) for span in kind.ranges],
                kind.programs,
                kind.auto_register,
                kind.access_code,
            )
            for code, kind in self.live.card_types.items()
        }
        one, two, three, four, five = (
            (f"999000{digit}", f"999000{digit}", "luhn") for digit in range(1, 6)
        )
        club = ("GRO-BONUS", "GRO-DISC")
        fuel = ("FUEL-BONUS", "FUEL-DISC")
        expected = {
            "GRO-CLUB": ([one], club, True, "none"),
            "GRO-GIFT": ([two], ("GRO-GIFT",), False, "optional"),
            "FUEL-CLUB": ([three, one], fuel, True, "none"),
            "BOOK-CLUB": ([four, one], ("BOOK-DISC",), True, "none"),
            "BOOK-GIFT": ([five], ("BOOK-GIFT",), False, "none"),
        }
        self.assertEqual({code: found[code] for code in expected}, expected)

    def test_goods_groups_and_branches_have_their_tax(self):
        groups = {
            group.code: group.tax_rate_bp for group in self.live.document.goods_groups
        }
        self.assertEqual(
            {code: groups[code] for code in ("food", "fuel", "books")},
            {"food": 2100, "fuel": 2100, "books": 500},
        )
        for code, issuer in (
            ("G1", "GROCER"),
            ("G2", "GROCER"),
            ("F1", "FUEL"),
            ("B1", "BOOKS"),
        ):
            branch = self.live.branches[code]
            self.assertEqual(branch.issuer, issuer)
            self.assertEqual(branch.tax_rate_bp, 2100)
            self.assertEqual(
                (branch.time_zone, branch.cutoff), ("Europe/Riga", "00:00")
            )
            self.assertTrue(branch.books_sales)

    def test_companies_have_a_chart_and_people_their_role(self):
        grocer = self.env.ref("ekarte_loyalty.company_grocer_demo")
        self.assertTrue(grocer.chart_template)
        for login, role in (
            ("issuer.grocer", "issuer"),
            ("operator.grocer", "operator"),
            ("accountant.grocer", "accountant"),
            ("issuer.fuel", "issuer"),
            ("accountant.fuel", "accountant"),
        ):
            user = self.env["res.users"].search([("login", "=", login)])
            group = f"ekarte_loyalty.ekarte_loyalty_group_{role}"
            self.assertTrue(user.has_group(group), login)
            self.assertEqual(len(user.company_ids), 1)
        admin = self.env.ref("base.user_admin")
        self.assertIn(grocer, admin.company_ids)

    def test_customer_with_a_portal_login_holds_cards_that_have_bought(self):
        user = self.env.ref("ekarte_loyalty.user_subscriber_demo")
        self.assertTrue(user.has_group("base.group_portal"))
        cards = self.env["ekarte.card"]
        self.assertFalse(cards._of_subscriber(user.partner_id))
        self.env["ekarte.network"]._load_demo_history(days=2, cards=3)
        held = cards._of_subscriber(user.partner_id)
        self.assertTrue(held)
        self.assertTrue(all(card.holder_ids for card in held))
