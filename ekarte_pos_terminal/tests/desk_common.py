"""Programs that count visits and ask for consent, and a customer: for the desk."""

from .till_common import TillCase

PASS = "9980005000000111"
CODE = "2468"


class DeskCase(TillCase):
    """A pass of two visits, a discount for who agrees to news, points for a form."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna = cls.env["res.partner"].create(
            {"name": "Anna Ozola", "phone": "+371 20000001", "lang": "en_US"}
        )

    @classmethod
    def _make_programs(cls):
        super()._make_programs()
        cls.ten = cls._program("T-TEN", cls.grocer, "visit_pass", visits=2, price=30)
        cls.news = cls._program(
            "T-NEWS", cls.grocer, "fixed_discount", rate=3, consent="news"
        )
        cls.bonus.questionnaire_points = 5

    @classmethod
    def _make_card_types(cls):
        super()._make_card_types()
        cls.club.program_ids |= cls.news
        cls.gift_type.access_code = "optional"
        cls._card_type("T-PASS", cls.grocer, cls.ten, "9980005")

    def sell_pass(self, number=PASS):
        self._send(self.grocer, "activate", number, 3000)

    def card(self, masked):
        return self.env["ekarte.card"].search([("number", "=", masked)])

    def holder(self, masked):
        card = self.card(masked)
        return self.env["ekarte.holder"]._of(card.ids, self.grocer).get(card.id)
