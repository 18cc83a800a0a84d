"""The whole network in memory: cards, stored answers, batches."""

from holders import Account, Card, Voucher
from rules import Rule, Rules
from said import Booked, Key, Move, Operation, Refused

WRONG_CODES_MAX = 3
NUMBERS = ("pan", "track2", "barcode", "keyed")  # one number, read in four ways
REFUSES = {
    "stolen": "43",
    "lost": "41",
    "closed": "54",
    "replaced": "54",
    "blocked": "62",
    "new": "78",
}
FRIDAY = 5  # 20 November 2026


class World:
    """What the oracle remembers. `clock`: the time of the day, as HH:MM."""

    def __init__(self) -> None:
        self.rules = Rules()
        self.cards: dict[tuple[str, str], Card] = {}
        self.stored: dict[Key, Booked] = {}
        self.dead: set[Key] = set()
        self.closed: set[tuple[str, int]] = set()
        self.listed: dict[str, list[tuple[str, Voucher]]] = {}
        self.clock = "08:00"

    # who comes

    def card(self, number: str, kind: str = "pan") -> Card:
        """The card with this identifier, whether anybody has seen it or not."""
        space = "number" if kind in NUMBERS else kind
        return self.cards.setdefault((space, number), Card(number))

    def meet(self, operation: Operation) -> Card:
        """Identify a card and register it where this very operation may do that."""
        kind, number = operation.kind, operation.number
        space = "number" if kind in NUMBERS else kind
        admitted = self.rules.admitting(number, space)
        if not admitted:
            raise Refused("14")
        card = self.card(number, kind)
        seller = self.rules.issuer(operation.terminal)
        joining = {
            code
            for code in self.rules.auto_types(number, space, seller) - card.types
            if self._qualifies(code, operation)
        }
        if card.state in ("", "new"):
            card.state = "active" if joining else "new"
        card.types |= joining
        return card

    def _qualifies(self, card_type: str, operation: Operation) -> bool:
        least = self.rules.types[card_type].get("qualify_amount", 0)
        buys = operation.command in ("sale", "authorize")
        return not least or (buys and operation.gross >= least)

    def gives_at_once(self, card: Card) -> bool:
        """Tell whether the purchase that registers a card has a discount."""
        return all(
            self.rules.types[code].get("discount_at_once", True) for code in card.types
        )

    def types(self, card: Card) -> set[str]:
        """The card's types; of a card that was not sold yet, those it will have."""
        return card.types or set(self.rules.admitting(card.number, "number"))

    def running(self, terminal: str, card: Card) -> list[Rule]:
        """The programs that do something for this card here and now."""
        facts = card.account.facts
        return [
            rule
            for rule in self.rules.at(terminal, self.types(card))
            if rule.works(facts, FRIDAY, self.clock)
        ]

    def fit(self, operation: Operation) -> tuple[Card, list[Rule]]:
        """A card that may be used; refused in the order of the answer codes."""
        card = self.meet(operation)
        if card.state in REFUSES:
            raise Refused(REFUSES[card.state])
        rules = self.running(operation.terminal, card)
        if not rules:
            raise Refused("57")
        check_code(card, operation.code)
        return card, rules

    # what is said and done

    def balances(self, terminal: str, card: Card) -> dict[str, int]:
        """What this terminal may see: money it accepts, all of its own issuer."""
        found = {}
        rules = {r.purse: r for r in self.rules.at(terminal, self.types(card))}
        for (what, purse), value in card.account.values.items():
            rule = rules.get(purse)
            if rule is None or what == "turnover":
                continue
            if what == "money":
                found[purse] = value
            elif what == "credit" or rule.own:
                found[f"{purse}.{what}"] = value
        return found

    def vouchers(self, operation: Operation, card: Card) -> list[str]:
        """Vouchers that can be used here; later operations may name them."""
        rules = self.rules.at(operation.terminal, self.types(card))
        here = {rule.purse for rule in rules}
        usable = [v for v in card.account.vouchers if v.value and v.program in here]
        key = "/".join(str(part) for part in operation.key)
        self.listed[key] = [(voucher.told, voucher) for voucher in usable]
        return sorted(voucher.told for voucher in usable)


def check_code(card: Card, code: str) -> None:
    """Refuse a wrong access code, and a card that has seen too many."""
    if not card.code:
        return
    if card.wrong_codes >= WRONG_CODES_MAX:
        raise Refused("75")
    if code != card.code:
        card.wrong_codes += bool(code)
        raise Refused("55")
    card.wrong_codes = 0


def move(booked: Booked, what: str, purse: str, amount: int) -> None:
    """Change a purse of the operation's card and write it down."""
    assert booked.card is not None
    change(booked, booked.card.account, what, purse, amount)


def change(
    booked: Booked, account: Account, what: str, purse: str, amount: int
) -> None:
    """Change a purse of any account and write it down."""
    if amount:
        key = (what, purse)
        account.values[key] = account.values.get(key, 0) + amount
        booked.moves.append(Move(account, what, purse, amount))


def issue(booked: Booked, account: Account, voucher: Voucher) -> None:
    """Give a voucher; a referrer's is not undone with the friend's purchase."""
    account.vouchers.append(voucher)
    if booked.card is not None and account is booked.card.account:
        booked.issued.append(voucher)
