"""The journal entries as an accountant sees them: through Odoo's own web door."""

import http.cookiejar
import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

ACCOUNTS = ("LGC", "LBN", "LPS", "ALC", "ALB", "TND", "CLR")
TIMEOUT_S = 60
# Logins that may read journal entries; an accountant before the administrator, so
# that the report shows what the people see for whom it is meant.
ROLES = ("accountant", "admin")


class BooksError(Exception):
    """Odoo is away, or refuses what was asked."""


@dataclass(frozen=True)
class Entry:
    """One posted journal entry of a settlement."""

    name: str
    company: str
    day: str
    date: str
    settlement: int
    lines: int
    debit: int
    state: str


@dataclass
class Books:
    """What the general ledgers say.

    Attributes:
        entries: of all settlements, by company and number.
        balances: (company, account key, partner or '') to cents, debit positive.
        waiting: settlements that Odoo keeps without entries, with the reason.
        missing: what has not reached Odoo at all, and why.
    """

    entries: list[Entry] = field(default_factory=list)
    balances: dict[tuple[str, str, str], int] = field(default_factory=dict)
    companies: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def balance(self, company: str, account: str) -> int:
        """Return the balance of one account of one company, in cents."""
        return sum(
            value
            for (its_company, its_account, _), value in self.balances.items()
            if (its_company, its_account) == (company, account)
        )


class _Session:
    """A person logged in to Odoo, with all companies this person may enter."""

    def __init__(self, url: str, database: str, login: str, password: str) -> None:
        self._url = url
        jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(jar), urllib.request.ProxyHandler({})
        )
        who = self._post(
            "/web/session/authenticate",
            {"db": database, "login": login, "password": password},
        )
        self._context: dict[str, list[int]] = {}
        [user] = self.read("res.users", [("id", "=", who["uid"])], ["company_ids"])
        self.companies: list[int] = user["company_ids"]
        self._context = {"allowed_company_ids": self.companies}

    def read(
        self, model: str, domain: Sequence[object], names: Sequence[str]
    ) -> list[dict[str, Any]]:
        """Search and read."""
        found: list[dict[str, Any]] = self._post(
            f"/web/dataset/call_kw/{model}/search_read",
            {
                "model": model,
                "method": "search_read",
                "args": [list(domain), list(names)],
                "kwargs": {"context": self._context},
            },
        )
        return found

    def _post(self, path: str, params: Mapping[str, object]) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": params})
        request = urllib.request.Request(
            self._url + path,
            data=body.encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as response:
                answer = json.load(response)
        except (urllib.error.URLError, OSError, ValueError) as fault:
            raise BooksError(f"Odoo does not answer {path}: {fault}") from fault
        if "error" in answer:
            told = answer["error"].get("data", {}).get("message", answer["error"])
            raise BooksError(f"Odoo refuses {path}: {told}")
        return answer["result"]


def read_books(run: Mapping[str, Any]) -> Books:
    """Read entries and balances of every company that the run's logins may see.

    Raises:
        BooksError: Odoo is away, or no login may read journal entries.
    """
    books = Books()
    refusals = []
    for login in _logins(run["logins"]):
        try:
            session = _Session(
                run["odoo"]["url"],
                run["odoo"]["database"],
                login["login"],
                login["password"],
            )
            _read_companies(session, books)
        except BooksError as refusal:
            refusals.append(f"{login['login']}: {refusal}")
    if not books.companies:
        raise BooksError("; ".join(refusals) or "the run names no accountant")
    books.entries.sort(key=lambda entry: (entry.company, entry.day, entry.name))
    return books


def _logins(logins: Sequence[Mapping[str, str]]) -> Iterator[Mapping[str, str]]:
    for role in ROLES:
        for login in logins:
            if role in f"{login.get('role', '')} {login['login']}".lower():
                yield login


def _read_companies(session: _Session, books: Books) -> None:
    names = [f"ekarte_{key.lower()}_account_id" for key in ACCOUNTS]
    companies = session.read(
        "res.company", [("id", "in", session.companies)], ["name", *names]
    )
    for company in companies:
        if company["name"] in books.companies:
            continue
        keys = {
            company[name][0]: key
            for name, key in zip(names, ACCOUNTS, strict=True)
            if company[name]
        }
        if keys:  # a company without E-karte's accounts takes no part
            _read_balances(session, company, keys, books)
            _read_entries(session, company, books)
            books.companies.append(company["name"])
    for settlement in session.read(
        "ekarte.settlement", [("state", "=", "waiting")], ["ledger_id", "reason"]
    ):
        text = f"settlement {settlement['ledger_id']}: {settlement['reason']}"
        if text not in books.waiting:
            books.waiting.append(text)


def _read_balances(
    session: _Session, company: Mapping[str, Any], keys: Mapping[int, str], books: Books
) -> None:
    lines = session.read(
        "account.move.line",
        [
            ("company_id", "=", company["id"]),
            ("account_id", "in", list(keys)),
            ("parent_state", "=", "posted"),
        ],
        ["account_id", "partner_id", "balance"],
    )
    for line in lines:
        partner = line["partner_id"][1] if line["partner_id"] else ""
        place = (company["name"], keys[line["account_id"][0]], partner)
        books.balances[place] = books.balances.get(place, 0) + cents(line["balance"])


def _read_entries(session: _Session, company: Mapping[str, Any], books: Books) -> None:
    domain = [
        ("company_id", "=", company["id"]),
        ("ekarte_settlement_id", "!=", False),
    ]
    names = ["name", "date", "ekarte_day", "ekarte_key", "state"]
    moves = session.read("account.move", domain, names)
    lines = session.read(
        "account.move.line",
        [("move_id", "in", [move["id"] for move in moves])],
        ["move_id", "debit"],
    )
    for move in moves:
        debits = [cents(x["debit"]) for x in lines if x["move_id"][0] == move["id"]]
        books.entries.append(
            Entry(
                name=move["name"],
                company=company["name"],
                day=move["ekarte_day"] or move["date"],
                date=move["date"],
                settlement=int(str(move["ekarte_key"]).partition("/")[0] or 0),
                lines=len(debits),
                debit=sum(debits),
                state=move["state"],
            )
        )


def cents(amount: float) -> int:
    """A sum as Odoo's API writes it, in whole cents."""
    return round(amount * 100)
