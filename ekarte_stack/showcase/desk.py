"""What the staff of companies does in Odoo on some days of the year."""

import base64
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from stdnum import luhn

from ekarte_stack.showcase.town import CLUB

MODULE = "ekarte_loyalty"
SUMMER, WINTER = "Vasaras loterija", "Ziemas loterija"
SUMMER_LASTS, WINTER_LASTS = 45, 60
ENDS = {"program_gro_bonus_demo": (120, 21), "program_fuel_bonus_demo": (90, 14)}
"""Days after which points end, and before which holders are told."""
AGREED_LIMIT = 4_000
"""What the pumps may owe others beyond their deposit, in euros."""
PRIZES = (
    ("Ceļojums diviem uz Lisabonu", 1),
    ("Velosipēds", 2),
    ("Dāvanu karte 50 €", 5),
)
REASONS = (
    ("put_on", "money", 5.0, "Points were not counted at till 2"),
    ("put_on", "points", 40, "A present for ten years"),
    ("take_off", "points", 3, "Counted twice"),
)
OLD_CARDS, OLD_SERIAL = 30, 8_000_000
"""Cards that the grocer had before it had these."""
LARGE = ("put_on", "money", 120.0, "Promised by the manager of the branch")


class Desk:
    """Dialogs and documents, as the people of the demo network would make them."""

    def __init__(self, env: Any) -> None:
        self._env = env
        self._grocer = env.ref(f"{MODULE}.issuer_grocer_demo")
        self._fuel = env.ref(f"{MODULE}.issuer_fuel_demo")
        self._days: dict[int, Callable[[date], None]] = {
            230: self._order_cards,
            70: lambda _day: self._bring_in(0).action_book(),
            170: lambda day: self._announce(SUMMER, day, SUMMER_LASTS),
            120: self._draw,
            95: self._pay_out,
            60: self._correct,
            36: lambda day: self._announce(WINTER, day, WINTER_LASTS),
            25: self._settle_with_holders,
            12: self._order_more_cards,
            6: lambda _day: self._bring_in(OLD_CARDS),
            4: self._ask_for_more,
            3: self._think_of_leaving,
        }

    def begin(self) -> None:
        """From now on points end: there are notices to give, and what expires."""
        for code, (days, notice) in ENDS.items():
            self._env.ref(f"{MODULE}.{code}").write(
                {"expire_days": days, "notice_days": notice}
            )
        self._fuel.write({"has_exposure_limit": True, "agreed_limit": AGREED_LIMIT})
        self._env["ekarte.network"]._get()._publish()

    def day(self, day: date, left: int) -> None:
        """Whatever is done so many days before the year ends."""
        if left in self._days:
            self._days[left](day)

    def month(self, day: date, months_left: int) -> None:
        """Estimate at a month's end what is never used, and what is never paid."""
        if months_left > 2:
            return
        estimate = self._env["ekarte.reestimate"].create(
            {
                "program_id": self._env.ref(f"{MODULE}.program_gro_gift_demo").id,
                "date": day,
                "rate": 96.0 - months_left,
            }
        )
        allowance = self._env["ekarte.credit.allowance"].create(
            {"company_id": self._fuel.company_id.id, "date": day}
        )
        allowance |= allowance.create(
            {"company_id": self._grocer.company_id.id, "date": day}
        )
        if months_left:
            estimate.action_post()
            allowance.filtered("change").action_post()

    def sum_up(self, first: date, last: date) -> None:
        """Count days for the dashboard, look for signals."""
        self._env["ekarte.daily"]._count(last + timedelta(days=1), afresh=True)
        issuers = self._env["ekarte.issuer"].search([])
        signals = self._env["ekarte.signal"]._look(issuers, first)
        self._judge(signals.sorted(lambda one: (one.day, one.id)))

    def _judge(self, signals: Any) -> None:
        """The older ones have been looked at; the newest wait for somebody."""
        looked_at = signals[: max(len(signals) - 6, 0)]
        for number, signal in enumerate(looked_at):
            staff = self._staff("issuer", signal.issuer_id)
            if not staff:
                continue
            fraud = number % 4 == 1
            mine = signal.with_user(staff)
            mine.note = (
                "The cashier used her own card." if fraud else "A family of seven."
            )
            mine.action_confirm_fraud() if fraud else mine.action_explain()

    # People of the demo network

    def _staff(self, role: str, issuer: Any) -> Any:
        name = {self._grocer: "grocer", self._fuel: "fuel"}.get(issuer)
        user = f"{MODULE}.user_{role}_{name}_demo"
        return self._env.ref(user, raise_if_not_found=False) if name else None

    def _as(self, role: str, model: str) -> Any:
        user = self._staff(role, self._grocer)
        return self._env[model].with_user(user).with_company(self._grocer.company_id)

    # Cards

    def _order_cards(self, _day: date) -> None:
        batch = self._batch("gro_club", 500)
        batch.action_number()
        batch.sudo().write({"state": "exported"})
        batch.sudo().export_ids.create(
            {"batch_id": batch.id, "user_id": batch.env.uid, "form": "csv"}
        )

    def _order_more_cards(self, _day: date) -> None:
        self._batch("gro_gift", 200).action_number()
        self._batch("gro_family", 1_000)

    def _batch(self, code: str, count: int) -> Any:
        kind = self._env.ref(f"{MODULE}.card_type_{code}_demo")
        return self._as("issuer", "ekarte.card.batch").create(
            {"card_type_id": kind.id, "range_id": kind.range_ids[:1].id, "count": count}
        )

    def _bring_in(self, first: int) -> Any:
        """Read the cards of an older program, with their points."""
        rows = ["number,GRO-BONUS"]
        for number in range(OLD_SERIAL + first, OLD_SERIAL + first + OLD_CARDS):
            body = f"{CLUB}{number:08d}"
            rows.append(f"{body}{luhn.calc_check_digit(body)},{number % 97 + 3}")
        company = self._grocer.company_id
        accounts = self._env["account.account"].with_company(company)
        old = {
            "name": "Cards of the older program",
            "code": "299901",
            "account_type": "liability_current",
            "company_ids": [(6, 0, company.ids)],
        }
        account = accounts.search([("code", "=", old["code"])]) or accounts.create(old)
        imports = self._env["ekarte.card.import"].with_company(company)
        return imports.with_user(self._staff("accountant", self._grocer)).create(
            {
                "file": base64.b64encode("\n".join(rows).encode()),
                "file_name": f"older program, part {1 + first // OLD_CARDS}.csv",
                "account_id": account.id,
            }
        )

    def _think_of_leaving(self, day: date) -> None:
        """The book shop plans to leave the coalition next year; nobody is told yet."""
        self._env["ekarte.coalition.leaving"].create(
            {
                "coalition_id": self._env.ref(f"{MODULE}.coalition_lv_demo").id,
                "issuer_id": self._env.ref(f"{MODULE}.issuer_books_demo").id,
                "issue_until": day + timedelta(days=180),
                "spend_until": day + timedelta(days=360),
            }
        )

    # Draws

    def _announce(self, name: str, day: date, lasts: int) -> None:
        self._as("issuer", "ekarte.draw").create(
            {
                "name": name,
                "program_id": self._env.ref(f"{MODULE}.program_gro_tickets_demo").id,
                "first_day": day,
                "last_day": day + timedelta(days=lasts),
                "prize_ids": [
                    (0, 0, {"name": prize, "count": count, "sequence": place})
                    for place, (prize, count) in enumerate(PRIZES)
                ],
            }
        ).action_open()
        draw = self._draws(name)
        draw.action_publish()

    def _draws(self, name: str) -> Any:
        return self._as("issuer", "ekarte.draw").search([("name", "=", name)])

    def _draw(self, _day: date) -> None:
        draw = self._draws(SUMMER)
        draw.action_freeze()
        draw.action_draw()
        if draw.winner_ids:
            draw.winner_ids[0].action_hand_over()

    # Corrections

    def _correct(self, _day: date) -> None:
        cards = self._cards_with_points()
        accountant = self._staff("accountant", self._grocer)
        for card, (way, measure, value, reason) in zip(cards, REASONS, strict=False):
            correction = self._correction(card, way, measure, value, reason)
            correction.action_request()
            if correction.state == "approve":
                correction.with_user(accountant).action_approve()

    def _ask_for_more(self, _day: date) -> None:
        cards = self._cards_with_points()[3:]
        accountant = self._staff("accountant", self._grocer)
        for number, card in enumerate(cards[:3]):
            correction = self._correction(card, *LARGE)
            correction.action_request()
            asked = correction.with_user(accountant)
            if correction.state == "approve" and number == 1:
                asked.action_approve()
            elif correction.state == "approve" and number == 2:
                asked._refuse("Nobody here has promised that.")

    def _correction(
        self, card: Any, way: str, measure: str, value: float, reason: str
    ) -> Any:
        return self._as("issuer", "ekarte.correction").create(
            {
                "card_id": card.id,
                "program_id": self._env.ref(f"{MODULE}.program_gro_bonus_demo").id,
                "direction": way,
                "measure": measure,
                "points" if measure == "points" else "amount": value,
                "reason": reason,
            }
        )

    def _cards_with_points(self) -> Any:
        bonus = self._env.ref(f"{MODULE}.program_gro_bonus_demo")
        enough = ("measure", "=", "points"), ("available", ">=", 3)
        return self._purses(bonus, *enough).card_id[:60]

    def _purses(self, program: Any, *more: tuple[str, str, Any]) -> Any:
        """Return purses of a program on cards that are neither lost nor stopped."""
        purses = self._env["ekarte.purse"].search(
            [("program_id", "=", program.id), *more]
        )
        return purses.filtered(lambda purse: purse.card_id.state == "active")

    # What accountants settle with holders

    def _pay_out(self, _day: date) -> None:
        gift = self._env.ref(f"{MODULE}.program_gro_gift_demo")
        for purse in self._purses(gift, ("available", ">", 5))[:2]:
            self._office(purse, "pay_out", purse.available, "A holder moves abroad")

    def _settle_with_holders(self, _day: date) -> None:
        tab = self._env.ref(f"{MODULE}.program_gro_tab_demo")
        debts = self._purses(tab, ("balance", "<", -5))[:3]
        for number, purse in enumerate(debts):
            command = "write_off" if number == 1 else "pay"
            reason = "Gone without an address" if number == 1 else "By bank transfer"
            self._office(purse, command, -purse.balance, reason)

    def _office(self, purse: Any, command: str, amount: float, reason: str) -> None:
        self._as("accountant", "ekarte.card.office").create(
            {
                "card_id": purse.card_id.id,
                "command": command,
                "purse_id": purse.id,
                "amount": amount,
                "reason": reason,
            }
        ).action_do()
