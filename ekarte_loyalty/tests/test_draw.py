"""Draws: set up, announced, frozen, drawn, published and proven; each in its turn."""

from datetime import timedelta
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import (
    CLUB_CARD,
    NOON,
    OTHER_CLUB_CARD,
    THIRD_CLUB_CARD,
    NetworkCase,
)

IN_TIME = NOON + timedelta(days=1)


@tagged("post_install", "-at_install")
class TestDraw(HttpCase, NetworkCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sums = cls._program(
            "T-SUM", cls.grocer, "purchase_accounting", ticket_per=10
        )
        cls.club.program_ids += cls.sums
        cls._send(cls.grocer, "sale", CLUB_CARD, 4_700)
        cls._send(cls.grocer, "sale", OTHER_CLUB_CARD, 1_200, minutes=5)
        cls._send(cls.grocer, "sale", THIRD_CLUB_CARD, 900, minutes=9)
        cls.chief = cls._user("draw.chief", "issuer", cls.grocer_company)
        cls.helper = cls._user("draw.helper", "operator", cls.grocer_company)
        cls.stranger = cls._user("draw.stranger", "issuer", cls.fuel_company)
        cls.holder = new_test_user(cls.env, "draw.holder", groups="base.group_portal")
        cls.card = cls.env["ekarte.card"].search(
            [("last4", "=", CLUB_CARD[-4:])], limit=1
        )
        cls.env["ekarte.holder"]._give(cls.card.id, cls.grocer, cls.holder.partner_id)
        cls.draw = cls._draw()

    @classmethod
    def _draw(cls, **values):
        return (
            cls.env["ekarte.draw"]
            .with_user(cls.chief)
            .create(
                {
                    "name": "Test feast",
                    "program_id": cls.sums.id,
                    "first_day": NOON.date(),
                    "last_day": NOON.date(),
                    "prize_ids": [
                        Command.create({"name": "Bicycle"}),
                        Command.create({"name": "Cake", "count": 5, "sequence": 20}),
                    ],
                    **values,
                }
            )
        )

    def at(self, moment):
        return patch.object(type(self.draw), "_now", lambda _self: moment)

    def drawn(self):
        with self.at(IN_TIME):
            self.draw.action_open()
            self.draw.action_freeze()
            self.draw.action_draw()
        return self.draw

    # The steps

    def test_each_purchase_gives_tickets_and_each_card_wins_once(self):
        draw = self.drawn()
        self.assertEqual((draw.card_count, draw.ticket_count), (2, 5))
        self.assertEqual(draw.winner_ids.mapped("place"), [1, 2])
        self.assertEqual(draw.winner_ids.mapped("prize"), ["Bicycle", "Cake"])
        cards = draw.winner_ids.card_id
        self.assertEqual(len(cards), 2)
        mine = draw.winner_ids.filtered(lambda winner: winner.card_id == self.card)
        self.assertEqual(mine.partner_id, self.holder.partner_id)
        self.assertFalse((draw.winner_ids - mine).partner_id)

    def test_list_is_frozen_when_the_last_day_is_over_and_not_before(self):
        with self.at(NOON), self.assertRaisesRegex(UserError, "an hour after"):
            self.draw.action_open()
            self.draw.action_freeze()
        self.assertFalse(self.draw.list_sha256)
        with self.at(IN_TIME):
            self.draw.action_freeze()
        self.assertEqual(len(self.draw.list_sha256), 64)

    def test_no_step_comes_out_of_order_or_twice(self):
        for step in (self.draw.action_freeze, self.draw.action_draw):
            with self.assertRaises(UserError):
                step()
        self.drawn()
        for step in (self.draw.action_open, self.draw.action_draw):
            with self.assertRaises(UserError):
                step()

    def test_terms_change_before_the_announcement_and_not_after(self):
        self.draw.name = "Test feast of all"
        self.draw.action_open()
        for change in (
            {"name": "Other"},
            {"last_day": IN_TIME.date()},
            {"prize_ids": [Command.clear()]},
        ):
            with self.assertRaises(UserError):
                self.draw.write(change)
        with self.assertRaises(UserError):
            self.draw.unlink()
        self._draw(name="Other").unlink()

    def test_prizes_stay_as_announced_by_their_own_door_too(self):
        self.draw.prize_ids[0].name = "Tricycle"
        self.draw.action_open()
        with self.assertRaises(UserError):
            self.draw.prize_ids[0].name = "Car"
        with self.assertRaises(UserError):
            self.draw.prize_ids[0].unlink()
        with self.assertRaises(UserError):
            self.draw.prize_ids.create({"draw_id": self.draw.id, "name": "Car"})

    def test_a_prize_is_handed_over_once_by_an_operator(self):
        winner = self.drawn().winner_ids[0].with_user(self.helper)
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models"):
            winner.prize = "Car"
        winner.action_hand_over()
        self.assertEqual(winner.handed_over_by_id, self.helper)
        with self.assertRaises(UserError):
            winner.action_hand_over()

    def test_issuers_people_see_their_draws_and_others_do_not(self):
        self.drawn()
        for model in ("ekarte.draw", "ekarte.draw.prize", "ekarte.draw.winner"):
            found = self.env[model].with_user(self.helper).search_count([])
            self.assertTrue(found, model)
            self.assertFalse(self.env[model].with_user(self.stranger).search([]), model)
        with self.assertRaises(AccessError):
            self.draw.with_user(self.helper).action_publish()
        with self.assertRaises(AccessError):
            self.draw.with_user(self.stranger).action_publish()

    # The page

    def test_page_shows_a_published_draw_and_no_other(self):
        self.drawn()
        path = f"/draws/{self.draw.id}"
        for suffix in ("", "/list.txt", "/result.txt"):
            self.assertEqual(self.url_open(path + suffix).status_code, 404, suffix)
        self.draw.action_publish()
        self.assertIn(self.draw.commitment, self.url_open(path).text)
        self.assertEqual(self.url_open(f"{path}/list.txt").text, self.draw.list_text)
        self.assertEqual(self.url_open(f"{path}/note.txt").status_code, 404)
        self.assertEqual(self.url_open("/draws/999999").status_code, 404)

    def test_words_of_an_issuer_stay_words_on_the_page_and_in_the_result(self):
        words = "<script>alert(1)</script>{{ 1111 * 1000003 }}<t t-out='9'/>"
        prizes = [
            Command.create({"name": words, "sequence": 1}),
            Command.create({"name": "Cake", "sequence": 2}),
        ]
        self.grocer.sudo().name = words
        self.draw = self._draw(name=words, note=words, prize_ids=prizes)
        self.drawn().action_publish()
        page = self.url_open(f"/draws/{self.draw.id}").text
        self.assertGreater(page.count("&lt;script&gt;alert(1)"), 2)
        self.assertNotIn("<script>alert(1)", page)
        self.assertNotIn("1111003333", page)
        for name in ("list", "result"):
            answer = self.url_open(f"/draws/{self.draw.id}/{name}.txt")
            self.assertIn("text/plain", answer.headers["Content-Type"])
            self.assertIn("attachment", answer.headers["Content-Disposition"])
            self.assertEqual(answer.headers["X-Content-Type-Options"], "nosniff")

    def test_a_prize_that_would_forge_a_line_of_the_result_is_refused(self):
        forged = Command.create({"name": "Cake\n1 0000 Bicycle"})
        draw = self._draw(name="Forged feast", prize_ids=[forged])
        with self.at(IN_TIME), self.assertRaises(UserError):
            draw.action_open()

    def test_holder_finds_the_own_line_and_a_stranger_none(self):
        self.drawn().action_publish()
        (name,) = self.draw._own_lines(self.holder.partner_id)
        path = f"/draws/{self.draw.id}"
        self.assertNotIn("Your cards take part", self.url_open(path).text)
        self.authenticate("draw.holder", "draw.holder")
        page = self.url_open(path).text
        self.assertIn("Your cards take part", page)
        self.assertIn(name, page)
        self.assertIn("You have won", page)

    def test_browser_proves_the_draw_and_refutes_a_forged_one(self):
        self.drawn().action_publish()
        path = f"/draws/{self.draw.id}"
        self.start_tour(path, "ekarte_draw_is_proven")
        self.start_tour(path, "ekarte_draw_is_refuted")
