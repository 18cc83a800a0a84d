"""Four customers of the grocer: who bought what, consented to what, and speaks what."""

from datetime import timedelta

from freezegun.api import freeze_time

from odoo import Command

from .common import CLUB_CARD, NOON, OTHER_CLUB_CARD, THIRD_CLUB_CARD, NetworkCase

FOURTH_CLUB_CARD = "9980001000000045"
TODAY = NOON.date()
LANGUAGES = ("lv_LV", "ru_RU", "et_EE")


class CampaignCase(NetworkCase):
    """It is noon. Anna and Boris bought today, Clara a month ago, Dora two.

    Anna, Boris and Clara have agreed to news; Dora has not. All have addresses.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for code in LANGUAGES:
            cls.env["res.lang"]._activate_lang(code)
        frozen = freeze_time(NOON, ignore=["ekarte_core"])
        frozen.start()
        cls.addClassCleanup(frozen.stop)
        cls.grocer_company.email = "shop@example.com"
        cls.bonus.questionnaire_points = 5
        month = -30 * 24 * 60
        cls._send(cls.grocer, "sale", THIRD_CLUB_CARD, 9000, minutes=month)
        cls._send(cls.grocer, "sale", CLUB_CARD, 6000)
        cls._send(cls.grocer, "sale", OTHER_CLUB_CARD, 1000, minutes=1)
        cls._send(cls.grocer, "sale", FOURTH_CLUB_CARD, 100, minutes=2 * month)
        cls._send(cls.fuel, "sale", OTHER_CLUB_CARD, 8000, minutes=3)
        cls.anna = cls._customer("Anna", CLUB_CARD, "lv_LV")
        cls.boris = cls._customer("Boris", OTHER_CLUB_CARD, "ru_RU")
        cls.clara = cls._customer("Clara", THIRD_CLUB_CARD, "en_US")
        cls.dora = cls._customer("Dora", FOURTH_CLUB_CARD, "et_EE")
        cls.everybody = cls.anna | cls.boris | cls.clara | cls.dora
        cls.news = cls._purpose(cls.grocer)
        cls.consents = cls.env["ekarte.consent"]
        for partner in cls.anna | cls.boris | cls.clara:
            cls.consents._set(cls.grocer, partner, {"news": True})
        cls.env["ekarte.daily"]._count(until=TODAY, afresh=True)
        cls.issuer = cls._user("t.issuer", "issuer", cls.grocer_company)
        cls.operator = cls._user("t.operator", "operator", cls.grocer_company)
        cls.fuel_issuer = cls._user("t.fuel", "issuer", cls.fuel_company)
        cls.administrator = cls._user("t.admin", "administrator", cls.fuel_company)

    @classmethod
    def _customer(cls, name, number, lang, issuer=None):
        issuer = issuer or cls.grocer
        partner = cls.env["res.partner"].create(
            {
                "name": name,
                "email": f"{name.lower()}@example.com",
                "lang": lang,
                "company_id": issuer.company_id.id,
            }
        )
        cls.env["ekarte.holder"]._give(cls._card(number).id, issuer, partner)
        return partner

    @classmethod
    def _card(cls, number):
        return cls.env["ekarte.card"].search(
            [("last4", "=", number[-4:]), ("number", "=like", "9980%")]
        )

    @classmethod
    def _purpose(cls, issuer):
        return cls.env["ekarte.consent.purpose"].create(
            {
                "name": "News",
                "code": "news",
                "issuer_id": issuer.id,
                "text": "You may write to me.",
                "for_mailing": True,
            }
        )

    @classmethod
    def _segment(cls, *lines, issuer=None):
        return cls.env["ekarte.segment"].create(
            {
                "name": "Some",
                "issuer_id": (issuer or cls.grocer).id,
                "line_ids": [Command.create(line) for line in lines],
            }
        )

    @classmethod
    def _asked(cls):
        """Return the grocer's questionnaire: profession, children, a car."""
        asked = cls.env["ekarte.questionnaire"].create(
            {
                "name": "Of you",
                "issuer_id": cls.grocer.id,
                "field_ids": [
                    Command.create(
                        {
                            "name": "work",
                            "special": "profession",
                            "kind": "choice",
                            "choice_ids": [
                                Command.create({"name": name})
                                for name in ("Nurse", "Teacher")
                            ],
                        }
                    ),
                    Command.create({"name": "birthday", "special": "birthday"}),
                    Command.create({"name": "children", "kind": "number"}),
                    Command.create({"name": "driver", "kind": "yes_no"}),
                    Command.create({"name": "hobby"}),
                    Command.create({"name": "wedding", "kind": "date"}),
                ],
            }
        )
        asked.action_open()
        return asked

    @classmethod
    def _answer(cls, asked, partner, **values):
        by_name = {field.name: field for field in asked.field_ids}
        if "work" in values:
            choices = by_name["work"].choice_ids
            chosen = choices.filtered(lambda one: one.name == values["work"])
            values["work"] = str(chosen.id)
        _answer, problems = cls.env["ekarte.questionnaire.answer"]._answer(
            asked, partner, {by_name[name].id: said for name, said in values.items()}
        )
        assert not problems, problems
        cls.env.flush_all()

    def _days(self, days):
        """Let so many days pass."""
        frozen = freeze_time(NOON + timedelta(days=days), ignore=["ekarte_core"])
        frozen.start()
        self.addCleanup(frozen.stop)
