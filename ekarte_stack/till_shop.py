"""Odoo tills of the demo's grocer, set up through the door as an administrator does.

Two cashiers at two tills of one branch, and goods to sell. What exists already stays.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ekarte_stack.chromium import Chromium, Page
from ekarte_stack.odoo_door import SESSION, OdooDoor
from ekarte_stack.steps import StackError

BRANCH = "G1"
TILLS = ("Kase A", "Kase B")
# name, code, price with tax
GOODS = (("Rupjmaize", "bread", 2.0), ("Siers", "cheese", 10.0), ("Soma", "bag", 50.0))
READY = "!!document.querySelector('.product-list article.product')"
START_S = 120.0


@dataclass(frozen=True)
class Till:
    """A point of sale with its cashier."""

    config: int
    name: str
    login: str  # the password is the same


class TillShop:
    """The tills of one branch, and an administrator's door."""

    def __init__(self, url: str, database: str, branch: str = BRANCH) -> None:
        self.url = url
        self.database = database
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

    def _group(self, name: str) -> int:
        module, _, part = name.partition(".")
        (row,) = self.admin.call(
            "ir.model.data",
            "search_read",
            [["module", "=", module], ["name", "=", part]],
            ["res_id"],
        )
        group: int = row["res_id"]
        return group

    def cashier(self, login: str) -> int:
        """Return a user who may sell, and nothing else."""
        groups = ("base.group_user", "point_of_sale.group_pos_user")
        return self.have(
            "res.users",
            "login",
            login,
            name=login.title(),
            password=login,
            company_id=self.company,
            company_ids=[(6, 0, [self.company])],
            group_ids=[(6, 0, [self._group(group) for group in groups])],
        )

    def goods(self) -> dict[str, int]:
        """Return the products by their codes."""
        return {
            code: self.have(
                "product.product",
                "default_code",
                code,
                name=name,
                list_price=price,
                available_in_pos=True,
            )
            for name, code, price in GOODS
        }

    def till(self, name: str, login: str) -> Till:
        """Return a point of sale of the branch that takes cards."""
        self.cashier(login)
        config = self.have(
            "pos.config",
            "name",
            name,
            company_id=self.company,
            ekarte_branch_id=self.branch,
        )
        return Till(config, name, login)

    def tills(self) -> list[Till]:
        """Return all tills, with goods to sell at them."""
        self.goods()
        tills = [self.till(name, f"cashier.{name[-1].lower()}") for name in TILLS]
        configs = [till.config for till in tills]
        rows = self.admin.call("pos.config", "read", configs, ["ekarte_ready"])
        if not all(row["ekarte_ready"] for row in rows):
            wizard = self.admin.call(
                "ekarte.tills", "create", [{"config_ids": [(6, 0, configs)]}]
            )
            said = self.admin.call("ekarte.tills", "action_prepare", wizard)
            if said["params"]["type"] != "success":
                raise StackError(said["params"]["message"])
        return tills

    def cashier_door(self, till: Till) -> OdooDoor:
        """Log in as the cashier of a till and open its session."""
        door = OdooDoor(self.url, self.database, till.login, till.login)
        door.call("pos.config", "open_ui", [till.config])
        return door

    def session(self, till: Till) -> int:
        """Return the session that a till has open."""
        (row,) = self.admin.call(
            "pos.config", "read", [till.config], ["current_session_id"]
        )
        session: int = row["current_session_id"][0]
        return session

    def start(self, till: Till, browser: Chromium) -> Page:
        """Open a till in a browser, cash counted, ready to sell."""
        door = self.cashier_door(till)
        session = self.session(till)
        state = door.call("pos.session", "read", [session], ["state"])[0]["state"]
        if state == "opening_control":
            door.call("pos.session", "set_opening_control", [session], 0, "")
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


def keep_picture(page: Page, folder: Path, name: str) -> None:
    """Keep what a till shows, for people to look at."""
    folder.mkdir(parents=True, exist_ok=True)
    page.picture(folder / f"{name}.png")
