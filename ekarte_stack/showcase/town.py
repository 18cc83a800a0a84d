"""Who lives in the town of the showcase: the same people for the same seed."""

import random
from dataclasses import dataclass, field

from stdnum import luhn

# How the numbers of each card type begin; see demo/network.json.
CLUB, GIFT, BOOK_GIFT = "9990001", "9990002", "9990005"
PRO, FAMILY, TAB = "9990006", "9990010", "9990011"
FLEET, WASH, PASS, FRIEND = "9990012", "9990013", "9990014", "9990015"
SERIAL_FIRST = 7_000_000  # above the cards of the trading day

# Given names of women and of men, family names of both.
LATVIAN = (
    ("Anna", "Kristīne", "Inese", "Līga", "Ilze", "Dace", "Marta", "Elīna"),
    ("Jānis", "Andris", "Juris", "Edgars", "Mārtiņš", "Artūrs", "Kaspars", "Uldis"),
    ("Bērziņa", "Kalniņa", "Ozoliņa", "Liepa", "Krūmiņa", "Balode", "Eglīte"),
    ("Bērziņš", "Kalniņš", "Ozoliņš", "Liepa", "Krūmiņš", "Balodis", "Eglītis"),
)
RUSSIAN = (
    ("Елена", "Ольга", "Наталья", "Татьяна", "Ирина", "Светлана", "Мария", "Анна"),
    ("Сергей", "Андрей", "Дмитрий", "Игорь", "Олег", "Павел", "Виктор", "Роман"),
    ("Иванова", "Петрова", "Кузнецова", "Смирнова", "Соколова", "Орлова"),
    ("Иванов", "Петров", "Кузнецов", "Смирнов", "Соколов", "Орлов", "Волков"),
)
ESTONIAN = (
    ("Liis", "Kadri", "Mari", "Katrin", "Piret", "Anneli", "Tiina", "Kersti"),
    ("Mart", "Toomas", "Jaan", "Andres", "Margus", "Priit", "Rein", "Tanel"),
    ("Tamm", "Saar", "Sepp", "Mägi", "Kask", "Kukk", "Rebane", "Ilves"),
    ("Tamm", "Saar", "Sepp", "Mägi", "Kask", "Kukk", "Rebane", "Ilves"),
)
PEOPLE = {"lv_LV": LATVIAN, "ru_RU": RUSSIAN, "et_EE": ESTONIAN}
FIRMS = (
    *("Kurzemes ceļi", "Daugavas taksometri", "Pļavnieku kurjers", "Vidzemes koks"),
    *("Rīgas elektriķi", "Baltijas vedējs", "Jūras tirgotājs", "Gaujas būve"),
    *("Ziedu pasts", "Mežaparka serviss", "Pilsētas siltums", "Latgales piens"),
)
HOUSEHOLD = (  # what else a customer carries, how often of a hundred
    (FAMILY, 30),
    (FRIEND, 24),
    (WASH, 20),
    (PASS, 12),
    (TAB, 7),
)
RHYTHMS = (0.4, 0.6, 0.8, 1.0, 1.2, 1.6, 2.2, 3.2)  # purchases a week
BASKET, WHOLESALE_BASKET = (900, 5_000), (12_000, 34_000)  # cents
HONEST = 0.93
WHOLESALE_PERCENT, FLEET_PERCENT = 9, 5


@dataclass
class Card:
    """A card, and what its holder remembers of the last slip, in cents."""

    number: str = field(repr=False)
    kind: str
    opened: bool = False
    lost: bool = False
    bonus: int = 0
    gift: int = 0
    visits: int = 0
    points: int = 0
    owed: int = 0
    vouchers: list[str] = field(default_factory=list, repr=False)


@dataclass
class Customer:
    """Somebody who buys; `joins` is the part of the year that is over by then."""

    name: str
    lang: str
    joins: float
    rhythm: float
    purse: int  # cents of a usual basket
    cards: dict[str, Card]
    firm: bool = False
    home: str = "G1"  # the branch next door
    told: bool = False  # the issuer knows who it is
    honest: bool = True  # pays in time what is owed


class Town:
    """Customers of a town, and new cards for them."""

    def __init__(self, dice: random.Random, count: int) -> None:
        self._dice = dice
        self._serial = SERIAL_FIRST
        self.customers = [self._first()]
        self.customers += [self._one() for _ in range(count - 1)]

    def new_card(self, kind: str) -> Card:
        """A card with the next number."""
        self._serial += 1
        body = f"{kind}{self._serial:08d}"
        return Card(body + luhn.calc_check_digit(body), kind)

    def _first(self) -> Customer:
        """Whose login the demo network brings: has tried everything."""
        kinds = (CLUB, FAMILY, FRIEND, WASH)
        cards = {kind: self.new_card(kind) for kind in kinds}
        return Customer("", "lv_LV", 0.0, 2.4, 2200, cards, told=True)

    def _one(self) -> Customer:
        dice = self._dice
        kind = dice.randrange(100)
        cards: tuple[str, ...]
        joins = max(0.0, dice.random() * 1.3 - 0.35)
        if kind < FLEET_PERCENT:
            name, lang, cards = self._firm(), "lv_LV", (FLEET,)
        elif kind < FLEET_PERCENT + WHOLESALE_PERCENT:
            name, lang, cards = self._firm(), "lv_LV", (PRO,)
        else:
            name, lang = self._person()
            more = [one for one, often in HOUSEHOLD if dice.randrange(100) < often]
            cards = (CLUB, *more)
        firm = cards[0] != CLUB
        return Customer(
            name,
            lang,
            joins,
            dice.choice(RHYTHMS) * (1.5 if firm else 1),
            dice.randint(*(WHOLESALE_BASKET if cards[0] == PRO else BASKET)),
            {card: self.new_card(card) for card in cards},
            firm=firm,
            home=dice.choice(("G1", "G1", "G1", "G2", "G2", "G3")),
            told=firm or dice.random() < 0.62,
            honest=dice.random() < HONEST,
        )

    def _firm(self) -> str:
        return f"SIA {self._dice.choice(FIRMS)} {self._dice.randint(2, 99)}"

    def _person(self) -> tuple[str, str]:
        dice = self._dice
        lang = dice.choices(("lv_LV", "ru_RU", "et_EE"), (62, 31, 7))[0]
        women, men, of_women, of_men = PEOPLE[lang]
        if dice.random() < 0.58:
            return f"{dice.choice(women)} {dice.choice(of_women)}", lang
        return f"{dice.choice(men)} {dice.choice(of_men)}", lang
