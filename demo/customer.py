"""People with cards, the tills they go to, and what a scene claims."""

from theatre import Played, Step, clock

GRO_CLUB, GRO_GIFT, FUEL_CLUB = "9990001", "9990002", "9990003"
BOOK_CLUB, BOOK_GIFT, NOBODY = "9990004", "9990005", "9990009"
GRO_PRO, GRO_SILVER, GRO_GOLD = "9990006", "9990007", "9990008"
GRO_FAMILY, GRO_TAB, FUEL_FLEET = "9990010", "9990011", "9990012"
FUEL_WASH, FUEL_PASS, BOOK_FRIEND = "9990013", "9990014", "9990015"
BANK = "4999990"  # of no bank
G1, G1_ISO, G2, G2_ISO = "00000011", "00000012", "00000021", "00000022"
PUMP, F1_ISO, B1, B1_ISO = "00000031", "00000032", "00000041", "00000042"
WHOLESALE, WASH = "00000051", "00000061"
NO_CARD = {"card": "", "kind": ""}
PAUSE_S = 50


class Customer:
    """Somebody with a card, at one time of the day."""

    def __init__(self, at: str, card: str, kind: str = "pan") -> None:
        self.now = clock(at)
        self.card = card
        self.kind = kind

    def does(
        self, terminal: str, command: str, note: str = "", **fields: object
    ) -> Step:
        """The next step, a little later than the last."""
        self.now += PAUSE_S
        send, key = str(fields.pop("send", "")), fields.pop("key", None)
        known = {"card": self.card, "kind": self.kind} if self.card else {}
        assert key is None or isinstance(key, tuple)
        return Step(self.now, terminal, command, note, {**known, **fields}, send, key)

    def goes(self, at: str) -> None:
        """Come back at this time."""
        self.now = max(self.now, clock(at))


def named(played: Played, told: str) -> str:
    """How a later operation names a voucher that an answer has told of."""
    assert told in played.expected.vouchers, f"{played.step.note}: no {told}"
    terminal, batch, number = played.original
    return f"{terminal}/{batch}/{number}#{told}"


def check(played: Played, **wanted: object) -> None:
    """The scene's own claim, in figures that a person can check on paper."""
    for name, value in wanted.items():
        found = getattr(played.expected, name)
        assert found == value, f"{played.step.note}: {name} {found}, not {value}"
