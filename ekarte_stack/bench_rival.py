"""Odoo's own loyalty over its API: a shop whose customers pay with its gift cards.

The same calls that Odoo's own clients make: a sales order as its back office fills it
in, an order of the till as the till's browser sends it.
"""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ekarte_stack import ledger, odoo_server, ports, processes
from ekarte_stack.machine import Machine
from ekarte_stack.odoo_door import OdooDoor, Refused
from ekarte_stack.ports import LOOPBACK
from ekarte_stack.serving import Server, on_free_ports
from ekarte_stack.till_shop import TillShop

PRICE = 12
WORKERS = 4  # two for each core of a small machine, as Odoo's guide has it
ENOUGH = 1_000_000
PATIENCE_S = 120.0


@dataclass
class Rival:
    """A served Odoo with a gift card program of its own."""

    url: str
    database: str
    program: int = 0
    reward: int = 0
    product: int = 0
    partner: int = 0
    company: int = 0
    cards: dict[str, int] = field(default_factory=dict)  # ids by code

    def prepare(self) -> None:
        """Have a program, a product without tax and a customer."""
        admin = self.door()
        made = admin.call("loyalty.program", "create_from_template", "gift_card")
        self.program = made["res_id"]
        # Odoo's tills open only with a slip for gift cards.
        (slip,) = admin.call(
            "ir.actions.report", "search", [["model", "=", "loyalty.card"]], limit=1
        )
        admin.call(
            "loyalty.program", "write", [self.program], {"pos_report_print_id": slip}
        )
        (row,) = admin.call("loyalty.program", "read", [self.program], ["reward_ids"])
        (self.reward,) = row["reward_ids"]
        (self.product,) = admin.call(
            "product.product",
            "create",
            [{"name": "Bench", "type": "service", "list_price": PRICE, "taxes_id": []}],
        )
        (self.partner,) = admin.call("res.partner", "create", [{"name": "Bench"}])
        admin.close()

    def door(self) -> OdooDoor:
        """Log in as one who may sell."""
        door = OdooDoor(self.url, self.database, "admin", "admin", PATIENCE_S)
        door.context["allowed_company_ids"] = [self.company]
        return door

    def card(self, points: int) -> str:
        """Make a gift card; return its code."""
        code = f"044{uuid.uuid4().hex[:12]}"
        door = self.door()
        values = {"program_id": self.program, "code": code, "points": points}
        (self.cards[code],) = door.call("loyalty.card", "create", [values])
        door.close()
        return code

    def points(self, code: str) -> float:
        """Return what is on a card now."""
        door = self.door()
        (row,) = door.call("loyalty.card", "read", [self.cards[code]], ["points"])
        door.close()
        return float(row["points"])

    def order(self, door: OdooDoor, code: str, price: int) -> int:
        """Fill in a sales order and have a gift card pay it; nothing is booked yet."""
        line = {"product_id": self.product, "product_uom_qty": 1, "price_unit": price}
        values = {"partner_id": self.partner, "order_line": [[0, 0, line]]}
        (order,) = door.call("sale.order", "create", [values])
        typed = {"order_id": order, "coupon_code": code}
        (wizard,) = door.call("sale.loyalty.coupon.wizard", "create", [typed])
        door.call("sale.loyalty.coupon.wizard", "action_apply", [wizard])
        chosen = {"order_id": order, "selected_reward_id": self.reward}
        (wizard,) = door.call("sale.loyalty.reward.wizard", "create", [chosen])
        door.call("sale.loyalty.reward.wizard", "action_apply", [wizard])
        return int(order)

    def confirm(self, door: OdooDoor, order: int) -> None:
        """Confirm a sales order: this takes the money from the card."""
        door.call("sale.order", "action_confirm", [order])

    def spends(self, clients: int, seconds: float) -> float:
        """Let so many clients pay order after order; return how many a second."""
        done = [0] * clients
        codes = [self.card(ENOUGH) for _ in range(clients)]
        doors = [self.door() for _ in range(clients)]
        began = time.monotonic()
        end = began + seconds

        def sell(place: int) -> None:
            while time.monotonic() < end:
                order = self.order(doors[place], codes[place], PRICE)
                self.confirm(doors[place], order)
                done[place] += 1

        at_once([partial(sell, place) for place in range(clients)])
        took = time.monotonic() - began  # of all, the last order of each as well
        for door in doors:
            door.close()
        return sum(done) / took


def at_once(calls: list[Callable[[], None]]) -> None:
    """Run calls in threads that begin together; raise what one of them raised."""
    barrier = threading.Barrier(len(calls))
    faults: list[BaseException] = []

    def run(call: Callable[[], None]) -> None:
        barrier.wait(PATIENCE_S)
        try:
            call()
        except Exception as fault:  # noqa: BLE001 - raised again below, in the caller's thread
            faults.append(fault)

    threads = [
        threading.Thread(target=run, args=(call,), daemon=True) for call in calls
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]


def office(rival: Rival, clients: int, amount: int) -> tuple[int, float]:
    """Confirm many sales orders at once that one card paid: how many, what is left."""
    code = rival.card(amount)
    doors = [rival.door() for _ in range(clients)]
    orders = [rival.order(door, code, amount) for door in doors]
    booked: list[int] = []

    def confirm(door: OdooDoor, order: int) -> None:
        try:
            rival.confirm(door, order)
        except Refused:
            return
        booked.append(order)

    at_once([partial(confirm, *pair) for pair in zip(doors, orders, strict=True)])
    for door in doors:
        door.close()
    return len(booked), rival.points(code)


def tills(rival: Rival, clients: int, amount: int) -> tuple[int, float]:
    """Pay so many orders of tills at once with one card; how many, what is left."""
    code = rival.card(amount)
    shop = TillShop(rival.url, rival.database)
    till = shop.tills()[0]
    shop.open(till).close()
    session = shop.session(till)
    doors = [
        OdooDoor(shop.url, shop.database, till.login, till.login)
        for _ in range(clients)
    ]
    sold: list[int] = []

    def sell(place: int, door: OdooDoor) -> None:
        card = rival.cards[code]
        asked = door.call(
            "pos.order", "validate_coupon_programs", [], {str(card): -amount}, []
        )
        if not asked["successful"]:
            return
        order = till_order(rival, session, door.user, card, amount, place)
        stored = door.call("pos.order", "sync_from_ui", [order])
        number = stored["pos.order"][0]["id"]
        used = {"points": -amount, "program_id": rival.program, "coupon_id": card}
        lines = {"line_codes": [order["lines"][1][2]["reward_identifier_code"]]}
        door.call(
            "pos.order", "confirm_coupon_programs", number, {str(card): used | lines}
        )
        sold.append(number)

    at_once([partial(sell, place, door) for place, door in enumerate(doors)])
    for door in doors:
        door.close()
    return len(sold), rival.points(code)


def till_order(
    rival: Rival, session: int, user: int, card: int, amount: int, place: int
) -> dict[str, Any]:
    """Return an order that a gift card paid, as Odoo's till sends it."""
    common = {"qty": 1, "discount": 0, "tax_ids": [], "pack_lot_ids": []}
    goods = common | {
        "uuid": str(uuid.uuid4()),
        "product_id": rival.product,
        "price_unit": amount,
        "price_subtotal": amount,
        "price_subtotal_incl": amount,
        "full_product_name": "Bench",
    }
    paid = goods | {
        "uuid": str(uuid.uuid4()),
        "price_unit": -amount,
        "price_subtotal": -amount,
        "price_subtotal_incl": -amount,
        "is_reward_line": True,
        "reward_id": rival.reward,
        "coupon_id": card,
        "points_cost": amount,
        "reward_identifier_code": uuid.uuid4().hex[:8],
    }
    serial = time.time_ns() // 1000 % 1_000_000 + place
    return {
        "uuid": str(uuid.uuid4()),
        "access_token": str(uuid.uuid4()),
        "session_id": session,
        "user_id": user,
        "pos_reference": f"Bench {place}-{serial:06d}",
        "sequence_number": serial,
        "tracking_number": f"{place:03d}",
        "date_order": time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime()),
        "state": "paid",
        "partner_id": False,
        "fiscal_position_id": False,
        "pricelist_id": False,
        "to_invoice": False,
        "amount_total": 0,
        "amount_tax": 0,
        "amount_paid": 0,
        "amount_return": 0,
        "lines": [[0, 0, goods], [0, 0, paid]],
        "payment_ids": [],
    }


@contextmanager
def served_rival(machine: Machine, database: str) -> Iterator[Rival]:
    """Serve a copy of the demo's database as in production: with worker processes."""
    ledger.new_copy(machine, database)

    def make(port: int) -> Server:
        beside = ports.choose("odoo", frozenset({port}))  # long polling; nobody asks
        words = (
            f"--workers={WORKERS}",
            f"--gevent-port={beside}",
            "--max-cron-threads=0",
        )
        return odoo_server.server(machine.databases, database, port, *words)

    try:
        who, (port,) = on_free_ports(("odoo",), make)
        try:
            url = f"http://{LOOPBACK}:{port}"
            rival = Rival(url, database, company=TillShop(url, database).company)
            rival.prepare()
            yield rival
        finally:
            processes.stop(who, "odoo")
    finally:
        machine.databases.drop(database)
