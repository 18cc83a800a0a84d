"""What the ledger must answer: a small second implementation, kept in memory.

`Oracle.decide` takes the operations of the day in their order and says what each
answer must be. It knows nothing of ekarte_core: see rules.py for why.
"""

from rules import (
    Card,
    Rule,
    Rules,
    add,
    best_rate,
    convert,
    discounts,
    half_up,
    points_for,
    spread,
    worth,
)
from said import Booked, Expected, Goods, Key, Operation, Refused

WRONG_CODES_MAX = 3


def by_group(lines: list[tuple[str, int]], discounts: list[int]) -> dict[str, Goods]:
    """Sum the lines of a purchase by goods group, in the order of the lines."""
    found: dict[str, Goods] = {}
    for (group, gross), discount in zip(lines, discounts, strict=True):
        goods = found.setdefault(group, Goods())
        goods.gross += gross
        goods.discount += discount
    return found


class Oracle:
    """Cards, stored answers and batches of the whole network."""

    def __init__(self) -> None:
        self.rules = Rules()
        self.cards: dict[str, Card] = {}
        self.stored: dict[Key, Booked] = {}
        self.dead: set[Key] = set()
        self.closed: set[tuple[str, int]] = set()
        self.sums: dict[tuple[str, int], dict[str, tuple[int, int]]] = {}

    def decide(self, operation: Operation) -> Expected:
        """Answer one operation and remember it."""
        if operation.command in ("echo", "status", "inquire"):
            return self._look(operation)
        before = self.stored.get(operation.key)
        if before is not None:
            same = before.operation == operation
            return before.expected if same else Expected(rc="94")
        booked = Booked(operation, Expected())
        try:
            self._decide(operation, booked)
        except Refused as refusal:
            booked.expected = Expected(rc=str(refusal))
            booked.state = "refused"
        self.stored[operation.key] = booked
        self._count(booked)
        return booked.expected

    def _decide(self, operation: Operation, booked: Booked) -> None:
        if operation.key[:2] in self.closed:
            raise Refused("95")
        if operation.key in self.dead:
            raise Refused("05")
        getattr(self, f"_{operation.command}")(operation, booked)

    # looking

    def _look(self, operation: Operation) -> Expected:
        if operation.command == "echo":
            return Expected()
        if operation.command == "status":
            known = operation.original in self.stored
            return Expected(rc="00" if known else "25")
        try:
            card, rules = self._card(operation)
        except Refused as refusal:
            return Expected(rc=str(refusal))
        expected = Expected(balances=self._balances(card, rules))
        expected.rate = best_rate(rules, card, operation.goods[0][0])
        return expected

    def _card(self, operation: Operation) -> tuple[Card, list[Rule]]:
        """Find the card; refuse it in the order of the answer codes."""
        card, rules = self._known(operation)
        if card.state == "blocked":
            raise Refused("62")
        if card.state == "new":
            raise Refused("78")
        if not rules:
            raise Refused("57")
        self._check_code(card, operation.code)
        return card, rules

    def _known(self, operation: Operation) -> tuple[Card, list[Rule]]:
        admitted = self.rules.admitting(operation.number)
        if not admitted:
            raise Refused("14")
        card = self.cards.setdefault(operation.number, Card(operation.number))
        seller = self.rules.issuer(operation.terminal)
        types = card.types | self.rules.auto_types(operation.number, seller)
        if not types:
            card.state, types = card.state or "new", set(admitted)
        if not card.state:
            card.state = "active"
        card.types = types
        return card, self.rules.at(operation.terminal, types)

    def _check_code(self, card: Card, code: str) -> None:
        if not card.code:
            return
        if card.wrong_codes >= WRONG_CODES_MAX:
            raise Refused("75")
        if code != card.code:
            card.wrong_codes += bool(code)
            raise Refused("55")
        card.wrong_codes = 0

    def _balances(self, card: Card, rules: list[Rule]) -> dict[str, int]:
        """What this terminal may see: money it accepts, its own issuer's points."""
        found = {}
        for rule in rules:
            if rule.purse in card.money:
                found[rule.purse] = card.money[rule.purse]
            if rule.own and rule.purse in card.points:
                found[f"{rule.purse}.points"] = card.points[rule.purse]
        return found

    # buying

    def _sale(self, operation: Operation, booked: Booked) -> None:
        card, rules = self._quote(operation, booked)
        self._book(rules, card, booked, dict(booked.taken))

    def _authorize(self, operation: Operation, booked: Booked) -> None:
        card, rules = self._quote(operation, booked)
        for (purse, _tender), amount in booked.taken.items():
            add(card.held, {purse: amount})
        booked.state = "held"
        trial = self._earn(rules, card, booked, operation.gross, book=False)
        booked.expected.points, booked.expected.converted = trial
        booked.expected.balances = self._balances(card, rules)

    def _confirm(self, operation: Operation, booked: Booked) -> None:
        held = self._original(operation, ("authorize",))
        if held.state != "held":
            raise Refused("25" if held.state == "refused" else "77")
        asked = operation.gross if operation.lines or operation.amount else held.gross
        if asked > held.gross:
            raise Refused("13")
        card = held.card
        assert card is not None
        goods = operation.lines or ((held.operation.goods[0][0], asked),)
        parts = [half_up(a * held.rates.get(g, 0), 10_000) for g, a in goods]
        net = asked - sum(parts)
        for (purse, _tender), amount in held.taken.items():
            add(card.held, {purse: -amount})
        taken, left = {}, net
        for name, amount in sorted(held.taken.items(), key=lambda t: t[0][1] != "gift"):
            taken[name] = min(amount, left)
            left -= taken[name]
        held.state = "captured"
        booked.card, booked.gross, booked.rates = card, asked, held.rates
        booked.groups = by_group(list(goods), parts)
        booked.expected = Expected(discount=sum(parts), due=left)
        rules = self.rules.at(operation.terminal, card.types)
        self._book(rules, card, booked, taken)

    def _quote(self, operation: Operation, booked: Booked) -> tuple[Card, list[Rule]]:
        if operation.gross <= 0:
            raise Refused("13")
        card, rules = self._card(operation)
        goods = operation.goods
        parts = list(discounts(rules, card, goods))
        net = operation.gross - sum(parts)
        taken, short = self._take(operation, card, rules, net)
        booked.card, booked.gross, booked.taken = card, operation.gross, taken
        booked.groups = by_group(goods, parts)
        booked.rates = {group: best_rate(rules, card, group) for group, _ in goods}
        biggest = max(goods, key=lambda line: line[1])[0]
        booked.expected = Expected(
            rc="10" if short else "00",
            discount=sum(parts),
            due=net - sum(taken.values()),
            rate=booked.rates[biggest],
        )
        self._say_tenders(booked.expected, taken)
        return card, rules

    def _take(
        self, operation: Operation, card: Card, rules: list[Rule], net: int
    ) -> tuple[dict[tuple[str, str], int], bool]:
        asked = {"gift": operation.gift, "bonus": operation.bonus}
        pure_gift = all(rule.kind == "gift_card" for rule in rules)
        if pure_gift and not any(asked.values()):
            asked["gift"] = net
        if sum(asked.values()) > net:
            raise Refused("13")
        taken: dict[tuple[str, str], int] = {}
        short = False
        for tender, kind in (("gift", "gift_card"), ("bonus", "bonus_amount")):
            left = asked[tender]
            purses = [rule.purse for rule in rules if rule.kind == kind]
            if left and not purses:
                raise Refused("57")
            for purse in purses:
                part = min(left, max(card.available(purse), 0))
                left -= part
                if part:
                    taken[purse, tender] = part
            short = short or left > 0
        if short and not (operation.partial and taken):
            raise Refused("51")
        return taken, short

    @staticmethod
    def _say_tenders(expected: Expected, taken: dict[tuple[str, str], int]) -> None:
        for tender in ("gift", "bonus"):
            total = sum(v for (_, name), v in taken.items() if name == tender)
            setattr(expected, tender, total)
        expected.taken = {}
        for (purse, _tender), value in taken.items():
            if value:
                add(expected.taken, {purse: value})

    def _book(
        self,
        rules: list[Rule],
        card: Card,
        booked: Booked,
        taken: dict[tuple[str, str], int],
    ) -> None:
        booked.taken = taken
        self._say_tenders(booked.expected, taken)
        for (purse, _tender), amount in taken.items():
            self._move(booked, "money", purse, -amount)
        earned = self._earn(rules, card, booked, booked.gross, book=True)
        booked.expected.points, booked.expected.converted = earned
        booked.expected.balances = self._balances(card, rules)

    def _earn(
        self, rules: list[Rule], card: Card, booked: Booked, gross: int, *, book: bool
    ) -> tuple[dict[str, int], int]:
        """Points, money from points and turnover: on what was really paid."""
        bonus = sum(v for (_, tender), v in booked.taken.items() if tender == "bonus")
        paid = gross - booked.expected.discount - bonus
        points, money = {}, 0
        for rule in (rule for rule in rules if rule.own):
            if rule.kind == "bonus_amount" and points_for(rule, paid):
                points[rule.purse] = points_for(rule, paid)
                before = card.points.get(rule.purse, 0)
                left, credit = convert(rule, before + points[rule.purse])
                money += credit
                if book:
                    self._move(booked, "points", rule.purse, left - before)
                    self._move(booked, "money", rule.purse, credit)
            counts = rule.kind == "accumulated_discount" or rule.get("after_spend")
            if counts and paid > 0 and book:
                booked.turnover[rule.purse] = paid
                self._move(booked, "turnover", rule.purse, paid)
        return points, money

    @staticmethod
    def _move(booked: Booked, what: str, purse: str, amount: int) -> None:
        if amount:
            add(getattr(booked.card, what), {purse: amount})
            key = (what, purse)
            booked.moves[key] = booked.moves.get(key, 0) + amount

    # undoing

    def _original(self, operation: Operation, commands: tuple[str, ...]) -> Booked:
        assert operation.original is not None
        found = self.stored.get(operation.original)
        if found is None or found.expected.rc not in ("00", "10"):
            raise Refused("25")
        seller = self.rules.issuer(found.operation.terminal)
        if seller != self.rules.issuer(operation.terminal):
            raise Refused("25")
        if found.operation.command not in commands:
            raise Refused("77")
        if operation.number and found.card and operation.number != found.card.number:
            raise Refused("77")
        return found

    def _refund(self, operation: Operation, booked: Booked) -> None:
        sale = self._original(operation, ("sale", "confirm"))
        if sale.state == "reversed":
            raise Refused("77")
        discount = self._goods_back(operation, sale)
        card = booked.card = sale.card
        assert card is not None
        net = sale.gross - sale.expected.discount
        before = sale.net_refunded
        sale.net_refunded += operation.gross - discount

        def part(quantity: int) -> int:
            """Everything but the discount goes back as the money does."""
            upto = half_up(quantity * sale.net_refunded, net) if net else 0
            return upto - (half_up(quantity * before, net) if net else 0)

        booked.gross = operation.gross
        booked.expected = Expected(discount=discount)
        taken = {name: part(amount) for name, amount in sale.taken.items()}
        self._say_tenders(booked.expected, taken)
        for (purse, _tender), amount in taken.items():
            self._move(booked, "money", purse, amount)
        due = operation.gross - discount - sum(taken.values())
        rules = self.rules.at(operation.terminal, card.types)
        for purse, points in sale.expected.points.items():
            lost = part(points)
            if lost:
                due -= self._claw_back(booked, rules, purse, lost, due)
                booked.expected.points[purse] = -lost
        for purse, amount in sale.turnover.items():
            self._move(booked, "turnover", purse, -part(amount))
        booked.expected.due = due
        booked.expected.balances = self._balances(card, rules)

    @staticmethod
    def _goods_back(operation: Operation, sale: Booked) -> int:
        """Take the goods back, group by group; return their discount."""
        left = {name: goods.gross - goods.back for name, goods in sale.groups.items()}
        if operation.lines:
            wanted: dict[str, int] = {}
            add(wanted, dict(operation.lines))
        else:
            wanted = dict(
                zip(left, spread(operation.gross, [*left.values()]), strict=True)
            )
        if not operation.gross or any(wanted[g] > left.get(g, 0) for g in wanted):
            raise Refused("13")
        discount = 0
        for name, amount in wanted.items():
            goods = sale.groups[name]
            for sign in (-1, 1):
                share = half_up(goods.discount * goods.back, goods.gross)
                discount += sign * share
                goods.back += amount if sign < 0 else 0
        return discount

    def _claw_back(
        self, booked: Booked, rules: list[Rule], purse: str, lost: int, due: int
    ) -> int:
        """Take points back; return what has to come off the customer's money."""
        card = booked.card
        assert card is not None
        there = min(lost, card.points.get(purse, 0))
        self._move(booked, "points", purse, -there)
        rule = next(rule for rule in rules if rule.purse == purse)
        value = worth(rule, lost - there)
        money = min(value, max(card.available(purse), 0))
        self._move(booked, "money", purse, -money)
        return min(value - money, due)

    def _reverse(self, operation: Operation, booked: Booked) -> None:
        key = operation.original
        assert key is not None
        original = self.stored.get(key)
        if original is None:
            self.dead.add(key)
            return
        booked.card = card = original.card
        booked.gross = original.gross
        assert card is not None
        rules = self.rules.at(operation.terminal, card.types)
        booked.expected.balances = self._balances(card, rules)
        if original.state in ("refused", "reversed", "released"):
            return
        if original.state == "held":
            for (purse, _tender), amount in original.taken.items():
                add(card.held, {purse: -amount})
            original.state = "released"
        elif original.state == "captured" or original.net_refunded:
            raise Refused("77")
        else:
            self._mirror(original, booked)
            original.state = "reversed"
        booked.expected.balances = self._balances(card, rules)

    def _mirror(self, original: Booked, booked: Booked) -> None:
        card = original.card
        assert card is not None
        for (what, purse), amount in original.moves.items():
            there = getattr(card, what).get(purse, 0)
            if what == "money":
                there = card.available(purse)
            if there < amount:
                raise Refused("51")
        for (what, purse), amount in original.moves.items():
            self._move(booked, what, purse, -amount)
        if original.operation.command == "activate":
            card.state = "new"

    # the life of a card

    def _activate(self, operation: Operation, booked: Booked) -> None:
        card, rules = self._known(operation)
        booked.card = card
        if card.state != "new":
            raise Refused("62" if card.state == "blocked" else "05")
        if operation.amount:
            self._load(operation, booked, rules)
        card.state, card.code = "active", operation.code

    def _top_up(self, operation: Operation, booked: Booked) -> None:
        card, rules = self._known(operation)
        booked.card = card
        if card.state != "active":
            raise Refused("62" if card.state == "blocked" else "78")
        self._load(operation, booked, rules)

    def _load(self, operation: Operation, booked: Booked, rules: list[Rule]) -> None:
        gifts = [rule for rule in rules if rule.kind == "gift_card"]
        if not gifts:
            raise Refused("57")
        rule, amount = gifts[0], operation.amount or 0
        card = booked.card
        assert card is not None
        denominations = rule.parameters.get("denominations", [amount])
        if amount < max(rule.get("min_load"), 1) or amount not in denominations:
            raise Refused("13")
        limit = rule.parameters.get("max_balance", 10_000_000)
        if card.money.get(rule.purse, 0) + amount > limit:
            raise Refused("61")
        booked.gross = amount
        booked.expected = Expected(due=amount)
        self._move(booked, "money", rule.purse, amount)
        booked.expected.balances = self._balances(card, rules)

    def _block(self, operation: Operation, booked: Booked) -> None:
        card, rules = self._known(operation)
        booked.card, card.state = card, "blocked"
        booked.expected.balances = self._balances(card, rules)

    def _unblock(self, operation: Operation, booked: Booked) -> None:
        card, rules = self._known(operation)
        booked.card, card.state, card.wrong_codes = card, "active", 0
        booked.expected.balances = self._balances(card, rules)

    # the end of a batch

    def _count(self, booked: Booked) -> None:
        """Count an approved operation into its batch."""
        operation, expected = booked.operation, booked.expected
        if expected.rc not in ("00", "10") or operation.command == "close":
            return
        sums = self.sums.setdefault(operation.key[:2], {})
        count, amount = sums.get(operation.command, (0, 0))
        sums[operation.command] = (count + 1, amount + booked.gross)

    def host_totals(
        self, terminal: str, batch: int
    ) -> tuple[tuple[str, int, int], ...]:
        """Counts and sums of a batch as the host has them."""
        sums = self.sums.get((terminal, batch), {})
        return tuple((name, *sums[name]) for name in sorted(sums))

    def _close(self, operation: Operation, booked: Booked) -> None:
        mine = self.host_totals(operation.terminal, operation.batch)
        same = operation.totals == mine
        booked.expected = Expected(rc="00" if same else "95", totals=mine)
        booked.state = "closed"
        if same:
            self.closed.add(operation.key[:2])
