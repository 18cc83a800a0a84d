from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import CLUB_CARD, FUEL_CARD, GIFT_CARD, NetworkCase

CONFIGURATION = (
    "ekarte.branch",
    "ekarte.program",
    "ekarte.card.type",
    "ekarte.issuer",
)
LEDGER = (
    "ekarte.card",
    "ekarte.membership",
    "ekarte.purse",
    "ekarte.operation",
    "ekarte.entry",
    "ekarte.hold",
    "ekarte.lot",
    "ekarte.notice",
    "ekarte.voucher",
    "ekarte.statement",
)
NOT_FOR_OPERATORS = (
    "ekarte.program",
    "ekarte.program.tier",
    "ekarte.program.replay",
    "ekarte.network",
    "ekarte.coalition.terms",
    "ekarte.goods.group",
    "ekarte.document.operation",
    "ekarte.notice",
    "ekarte.daily.sale",
    "ekarte.signal",
)


@tagged("post_install", "-at_install")
class TestAccess(NetworkCase):
    """Two issuers, one coalition: each sees its own customers and nobody else's."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._trade()
        cls.operator = cls._user("t.operator", "operator", cls.grocer_company)
        cls.accountant = cls._user("t.accountant", "accountant", cls.grocer_company)
        cls.issuer = cls._user("t.issuer", "issuer", cls.grocer_company)
        cls.fuel_issuer = cls._user("t.fuel", "issuer", cls.fuel_company)
        cls.administrator = cls._user("t.admin", "administrator", cls.grocer_company)
        cls.stranger = cls.env["res.users"].create(
            {"name": "Stranger", "login": "t.stranger"}
        )

    def _seen(self, model, user):
        return self.env[model].with_user(user).search([])

    def _card(self, number, user=None):
        cards = self.env["ekarte.card"].with_user(user or self.env.user)
        return cards.search([("last4", "=", number[-4:])]).filtered(
            lambda card: card.number.startswith("9980")
        )

    # Configuration

    def test_an_issuer_changes_its_own_programs(self):
        program = self.bonus.with_user(self.issuer)
        program.step = 6
        program.copy({"code": "T-COPY"}).action_activate()
        self.club.with_user(self.issuer).program_ids |= self.gift
        self.centre.with_user(self.issuer).name = "New name"

    def test_an_issuer_neither_sees_nor_changes_another_issuers_programs(self):
        foreign = self.fuel_bonus.with_user(self.issuer)
        with self.assertRaises(AccessError):
            foreign.read(["name"])
        with self.assertRaises(AccessError):
            foreign.step = 1
        with self.assertRaises(AccessError):
            self.env["ekarte.program"].with_user(self.issuer).create(
                {"code": "T-BAD", "name": "Bad", "issuer_id": self.fuel.id}
            )
        for model in CONFIGURATION:
            with self.subTest(model=model):
                seen = self._seen(model, self.issuer)
                issuers = seen if model == "ekarte.issuer" else seen.issuer_id
                self.assertEqual(issuers, self.grocer)

    def test_a_line_cannot_be_moved_into_another_issuers_program(self):
        tier = self.env["ekarte.program.tier"].create(
            {"program_id": self.discount.id, "amount_from": 1, "rate": 1}
        )
        with self.assertRaises(AccessError):
            tier.with_user(self.issuer).program_id = self.fuel_bonus

    def test_an_issuer_cannot_give_its_program_away(self):
        fresh = self._program("T-NEW", self.fuel, "fixed_discount", state="draft")
        with self.assertRaises(AccessError):
            fresh.with_user(self.fuel_issuer).issuer_id = self.grocer

    def test_accountants_read_programs_but_change_none(self):
        program = self.bonus.with_user(self.accountant)
        self.assertEqual(program.step, 5)
        with self.assertRaises(AccessError):
            program.step = 1
        with self.assertRaises(AccessError):
            self.club.with_user(self.accountant).auto_register = False

    def test_operators_see_cards_and_nothing_of_how_the_issuer_runs_its_business(self):
        self.assertTrue(self._card(CLUB_CARD, self.operator))
        with self.assertRaises(AccessError):
            self.club.with_user(self.operator).auto_register = False
        for model in NOT_FOR_OPERATORS:
            with self.subTest(model=model), self.assertRaises(AccessError):
                self.env[model].with_user(self.operator).search([])
            self.env[model].with_user(self.issuer).search([])

    def test_an_issuer_changes_its_slips_but_not_who_it_is(self):
        self.grocer.with_user(self.issuer).slip_footer = "Thanks"
        with self.assertRaises(AccessError):
            self.grocer.with_user(self.issuer).code = "OTHER"
        with self.assertRaises(AccessError):
            self.grocer.with_user(self.issuer).company_id = self.fuel_company
        self.grocer.with_user(self.administrator).name = "Renamed"

    def test_the_administrator_changes_everything(self):
        self.fuel_bonus.with_user(self.administrator).step = 20
        self.env["ekarte.goods.group"].with_user(self.administrator).create(
            {"code": "t3", "name": "Three"}
        )
        coalition = self.grocer.coalition_ids.with_user(self.administrator)
        coalition.name = "Renamed"
        self.assertTrue(self._seen("ekarte.network.version", self.administrator))

    def test_the_issuer_leaves_the_network_alone(self):
        with self.assertRaises(AccessError):
            self.env["ekarte.goods.group"].with_user(self.issuer).create(
                {"code": "t3", "name": "Three"}
            )
        with self.assertRaises(AccessError):
            self.grocer.coalition_ids.with_user(self.issuer).name = "Renamed"
        with self.assertRaises(AccessError):
            self._seen("ekarte.network.version", self.issuer)
        with self.assertRaises(AccessError):
            self._seen("ekarte.network.fault", self.issuer)
        self.assertEqual(
            self.network.with_user(self.issuer).live_version, self.network.live_version
        )

    def test_the_coalition_shows_an_issuer_only_itself(self):
        coalition = self.grocer.coalition_ids.with_user(self.issuer)
        coalition.invalidate_recordset()
        self.assertEqual(coalition.name, "Test coalition")
        self.assertEqual(coalition.issuer_ids, self.grocer)

    def test_a_special_rule_of_another_issuer_shows_no_branch(self):
        self.fuel_bonus.branch_ids = self.station
        self.env.invalidate_all()
        read = self._seen("ekarte.program", self.issuer).read(["branch_ids"])
        self.assertNotIn(
            self.station.id, [b for row in read for b in row["branch_ids"]]
        )

    # Customers

    def test_operators_see_cards_that_take_part_in_their_programs(self):
        self.assertTrue(self._card(CLUB_CARD, self.operator))
        self.assertTrue(self._card(GIFT_CARD, self.operator))
        self.assertFalse(self._card(FUEL_CARD, self.operator))

    def test_the_other_issuer_sees_its_own_cards_only(self):
        self.assertTrue(self._card(FUEL_CARD, self.fuel_issuer))
        self.assertFalse(self._card(CLUB_CARD, self.fuel_issuer))
        self.assertFalse(self._card(GIFT_CARD, self.fuel_issuer))

    def test_purses_are_of_own_programs_even_on_a_shared_card(self):
        self._send(self.fuel, "sale", CLUB_CARD, 3000, minutes=20)
        shared = self._card(CLUB_CARD, self.fuel_issuer)
        self.assertEqual(shared.purse_ids.program_id, self.fuel_bonus)
        self.env.invalidate_all()
        own = self._card(CLUB_CARD, self.operator)
        self.assertEqual(own.purse_ids.issuer_id, self.grocer)
        # Its programs are named to who serves the customer, and not opened.
        purses = self.env["ekarte.purse"].with_user(self.operator)
        domain = [("id", "in", own.purse_ids.ids)]
        asked = {"program_id": {"fields": {"display_name": {}}}}
        told = purses.web_search_read(domain, asked)["records"]
        self.assertTrue(all(one["program_id"]["display_name"] for one in told))
        groups = purses.web_read_group(domain, ["program_id"], ["__count"])["groups"]
        self.assertTrue(all(group["program_id"][1] for group in groups))
        self.assertEqual(own.membership_ids.issuer_id, self.grocer)

    def test_operations_are_of_own_branches_or_own_programs(self):
        seen = self._seen("ekarte.operation", self.accountant)
        # Own branch: purchase and activation. At the station: the own gift card.
        self.assertEqual(
            sorted((one.branch_code, one.command) for one in seen),
            [("TF1", "sale"), ("TG1", "activate"), ("TG1", "sale")],
        )
        self.assertNotIn(self._card(FUEL_CARD), seen.card_id)

    def test_what_another_till_printed_is_not_shown(self):
        seen = self._seen("ekarte.operation", self.accountant)
        own = seen.filtered(lambda one: one.branch_code == "TG1")
        foreign = seen - own
        self.assertTrue(all(one.slip for one in own))
        self.assertFalse(foreign.slip)
        self.assertFalse(foreign.explanation)
        with self.assertRaises(AccessError):
            foreign.read(["answer"])
        with self.assertRaises(AccessError):
            own[:1].read(["decision"])

    def test_the_till_sees_its_own_slip_but_not_the_foreign_card(self):
        foreign = self._seen("ekarte.operation", self.fuel_issuer).filtered(
            lambda one: one.card_id.id == self._card(GIFT_CARD).id
        )
        self.assertTrue(foreign.slip)
        # The display name is the mask that stands on the slip, nothing more.
        (row,) = foreign.read(["card_id"])
        self.assertEqual(row["card_id"][1], "998000******0019")
        with self.assertRaises(AccessError):
            foreign.card_id.read(["state"])

    def test_entries_show_no_foreign_balance(self):
        entries = self._seen("ekarte.entry", self.fuel_issuer)
        self.assertTrue(entries)
        self.assertEqual(entries.issuer_id, self.fuel)
        grocer_entries = self._seen("ekarte.entry", self.accountant)
        self.assertEqual(grocer_entries.issuer_id, self.grocer)

    def test_the_administrator_sees_all(self):
        for model in LEDGER:
            with self.subTest(model=model):
                everything = self.env[model].sudo().search_count([])
                self.assertEqual(len(self._seen(model, self.administrator)), everything)

    def test_a_user_without_a_role_sees_nothing(self):
        for model in (*CONFIGURATION, *LEDGER, "ekarte.network"):
            with self.subTest(model=model), self.assertRaises(AccessError):
                self._seen(model, self.stranger)

    def test_liability_is_for_accountants(self):
        purse = self._card(CLUB_CARD).purse_ids[:1]
        with self.assertRaises(AccessError):
            purse.with_user(self.operator).read(["carry"])
        purse.with_user(self.accountant).read(["carry"])

    def test_choosing_no_own_company_shows_nothing(self):
        self.issuer.company_ids |= self.fuel_company
        both = self.env["ekarte.issuer"].with_user(self.issuer)
        one = both.with_context(allowed_company_ids=self.grocer_company.ids)
        two = both.with_context(
            allowed_company_ids=(self.grocer_company | self.fuel_company).ids
        )
        self.assertEqual(one.search([]), self.grocer)
        self.assertEqual(two.search([]), self.grocer | self.fuel)
