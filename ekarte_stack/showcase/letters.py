"""What the grocer writes to its customers in the last months of the year."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from ekarte_stack.showcase.people import MODULE, People
from ekarte_stack.showcase.town import Customer

GREETED_DAYS = 60  # before the year ends: letters that go out by themselves
HELD_OUT = 40  # percent, so that both groups are large enough to be compared
LOOKED_AT = 30  # days
MOVED = 1.6  # so much more often does somebody come who has got a letter
OPENS = 0.55
AUTUMN = {
    "en_US": ("A week of baking", "Flour, eggs and butter are waiting for you."),
    "lv_LV": ("Cepšanas nedēļa", "Milti, olas un sviests jūs gaida."),
    "ru_RU": ("Неделя выпечки", "Мука, яйца и масло ждут вас."),
    "et_EE": ("Küpsetamise nädal", "Jahu, munad ja või ootavad teid."),
}
POINTS = {
    "en_US": ("Your points", "Your card holds"),
    "lv_LV": ("Jūsu punkti", "Jūsu kartē ir"),
    "ru_RU": ("Ваши баллы", "На вашей карте"),
    "et_EE": ("Teie punktid", "Teie kaardil on"),
}
BALANCE = '<t t-out="object.ekarte_balance_text"/>'
Texts = dict[str, tuple[str, str]]


class Letters:
    """Campaigns and automatic letters, as the issuer's staff and the jobs send them."""

    def __init__(self, env: Any, dice: random.Random, people: People) -> None:
        self._dice, self._people = dice, people
        self._grocer = env.ref(f"{MODULE}.issuer_grocer_demo")
        self._staff = env.ref(f"{MODULE}.user_issuer_grocer_demo")
        self._env = env
        self._moved: dict[date, list[tuple[Customer, float]]] = {}
        self._days: dict[int, Callable[[date], None]] = {
            80: lambda day: self._campaign("Cepšanas nedēļa", AUTUMN, day),
            20: lambda day: self._campaign("Punkti pirms svētkiem", POINTS, day),
            2: lambda day: self._write("Ziemas piedāvājums", AUTUMN),
        }

    def day(self, day: date, left: int) -> None:
        """Whatever is written so many days before the year ends."""
        for customer, rhythm in self._moved.pop(day, ()):
            customer.rhythm = rhythm
        if left in self._days:
            self._days[left](day)

    def morning(self, left: int) -> None:
        """What the job of each morning does, in the last weeks of the year."""
        if left >= GREETED_DAYS:
            return
        for greeting in self._env["ekarte.greeting"].search([]):
            letters = greeting._due()
            if letters:
                greeting._send(letters)
        waiting = self._env["mail.mail"].search([("state", "=", "outgoing")])
        waiting.send(raise_exception=True)

    # Campaigns

    def _campaign(self, name: str, letters: Texts, day: date) -> None:
        """Send a letter to who has bought lately and consents; some open it."""
        self._env["ekarte.daily"]._count(day)
        campaign = self._write(name, letters)
        if not campaign._meant():
            return  # in a year of some weeks nobody has consented yet
        campaign.action_send()
        self._env["mailing.mailing"]._process_mass_mailing_queue()
        mailings = campaign.sudo().letter_ids.mailing_id
        traces = self._env["mailing.trace"].search(
            [("mass_mailing_id", "in", mailings.ids), ("trace_status", "=", "sent")]
        )
        opened = traces.filtered(lambda _: self._dice.random() < OPENS)
        opened.set_opened()
        got = campaign.member_ids.filtered(lambda one: not one.hold_out)
        self._move(got.partner_id, day + timedelta(days=LOOKED_AT))

    def _write(self, name: str, letters: Texts) -> Any:
        spoken = {code for code, _ in self._env["res.lang"].get_installed()}
        return self._as_staff("ekarte.campaign").create(
            {
                "name": name,
                "issuer_id": self._grocer.id,
                "segment_id": self._segment().id,
                "purpose_id": self._env.ref(f"{MODULE}.purpose_news_demo").id,
                "hold_out": HELD_OUT,
                "days": LOOKED_AT,
                "letter_ids": [
                    (0, 0, {"lang": code, "subject": subject, "body": _body(text)})
                    for code, (subject, text) in letters.items()
                    if code in spoken
                ],
            }
        )

    def _segment(self) -> Any:
        """Who has bought here in the last quarter of a year."""
        name = "Bought in the last 90 days"
        segments = self._as_staff("ekarte.segment")
        condition = {"kind": "purchases", "days": 90, "number_from": 1}
        return segments.search([("name", "=", name)]) or segments.create(
            {
                "name": name,
                "issuer_id": self._grocer.id,
                "line_ids": [(0, 0, condition)],
            }
        )

    def _move(self, partners: Any, until: date) -> None:
        """Have them come more often for a while."""
        moved = self._moved.setdefault(until, [])
        for customer in self._people.customers_of(partners):
            moved.append((customer, customer.rhythm))
            customer.rhythm *= MOVED

    def _as_staff(self, model: str) -> Any:
        return (
            self._env[model]
            .with_user(self._staff)
            .with_company(self._grocer.company_id)
        )


def _body(text: str) -> str:
    balance = BALANCE if text in {told for _, told in POINTS.values()} else ""
    return f"<p>{text} {balance}</p>"
