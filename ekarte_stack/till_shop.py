"""The demo's Odoo tills as people find them: a cashier's login, a browser."""

from dataclasses import dataclass
from typing import Any

from ekarte_stack.chromium import Chromium, Page
from ekarte_stack.odoo_door import SESSION, OdooDoor

BRANCH, CASHIER = "G1", "cashier.grocer"
READY = "!!document.querySelector('.product-list article.product')"
START_S = 120.0


@dataclass(frozen=True)
class Till:
    """A point of sale with its cashier."""

    config: int
    name: str
    login: str  # the password is the same


class TillShop:
    """The tills of one branch of the demo network, and an administrator's door."""

    def __init__(
        self, url: str, database: str, branch: str = BRANCH, cashier: str = CASHIER
    ) -> None:
        self.url = url
        self.database = database
        self.cashier = cashier
        self.admin = OdooDoor(url, database, "admin", "admin")
        (found,) = self.admin.call(
            "ekarte.branch", "search_read", [["code", "=", branch]], ["issuer_id"]
        )
        self.branch: int = found["id"]
        (issuer,) = self.admin.call(
            "ekarte.issuer", "read", [found["issuer_id"][0]], ["company_id"]
        )
        self.company: int = issuer["company_id"][0]
        self.admin.context["allowed_company_ids"] = [self.company]

    def find(self, model: str, *domain: list[Any]) -> list[int]:
        """Return ids as the administrator finds them."""
        found: list[int] = self.admin.call(model, "search", list(domain))
        return found

    def have(self, model: str, key: str, value: str, **values: Any) -> int:
        """Return the record whose `key` is `value`, made if there is none."""
        known = self.find(model, [key, "=", value])
        if known:
            return known[0]
        made: list[int] = self.admin.call(model, "create", [{key: value} | values])
        return made[0]

    def read(self, model: str, record: int, field: str) -> Any:
        """Return one field of one record; of a link its id."""
        (row,) = self.admin.call(model, "read", [record], [field], load="")
        return row[field]

    def goods(self, code: str) -> int:
        """Return a product by its code."""
        return self.find("product.product", ["default_code", "=", code])[0]

    def tills(self) -> list[Till]:
        """Return the tills of the branch."""
        rows = self.admin.call(
            "pos.config",
            "search_read",
            [["ekarte_branch_id", "=", self.branch]],
            ["name", "ekarte_ready"],
            order="name",
        )
        assert all(row["ekarte_ready"] for row in rows), rows
        return [Till(row["id"], row["name"], self.cashier) for row in rows]

    def cashier_door(self, till: Till) -> OdooDoor:
        """Log in as the cashier of a till and open its session."""
        door = OdooDoor(self.url, self.database, till.login, till.login)
        door.call("pos.config", "open_ui", [till.config])
        return door

    def session(self, till: Till) -> int:
        """Return the session that a till has open."""
        session: int = self.read("pos.config", till.config, "current_session_id")
        return session

    def open(self, till: Till) -> OdooDoor:
        """Log in as the cashier of a till, the cash counted, ready to sell."""
        door = self.cashier_door(till)
        session = self.session(till)
        if self.read("pos.session", session, "state") == "opening_control":
            door.call("pos.session", "set_opening_control", [session], 0, "")
        return door

    def start(self, till: Till, browser: Chromium) -> Page:
        """Open a till in a browser, cash counted, ready to sell."""
        door = self.open(till)
        page = browser.page()
        page.cookie(self.url, SESSION, door.cookie)
        page.open(f"{self.url}/pos/ui/{till.config}")
        page.until("!!window.posmodel", f"{till.name} to load", START_S)
        page.until("!!document.querySelector('.pos-content')", "a screen", START_S)
        page.run(_TO_THE_PRODUCTS)
        page.until(READY, f"{till.name} to show its products", START_S)
        return page


_TO_THE_PRODUCTS = """(async () => {
    const button = [...document.querySelectorAll("button, .card, div[role=button]")]
        .find((element) => element.innerText?.trim() === "Open Register");
    button?.click();
})()"""
