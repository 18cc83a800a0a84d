"""Draws: committed to, frozen, drawn; anybody can prove the winners."""

import subprocess
import sys
import threading
from collections import Counter
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path

import psycopg2
import pytest

from ekarte_core import (
    CardRef,
    Draw,
    DrawRefused,
    DrawTerms,
    Keyring,
    KeyringInvalid,
    Prize,
    Request,
    Winner,
    draw_pseudonym,
    draw_winners,
    freeze_draw,
    open_draw,
    read_draw,
    winning_cards,
)
from ekarte_core.draws.document import read_tickets, read_winners
from ekarte_core.draws.winners import below, numbers, winners
from tests.core.shop import CLUB, Shop, network_document, number
from tests.core.test_invariants import plant, red

DOCS = Path(__file__).resolve().parents[2] / "docs"
# Where the draw's public page hands it out.
VERIFIER = DOCS.parent / "ekarte_loyalty" / "static" / "draw_verifier.txt"
TERMS = DrawTerms(
    issuer="GROCER",
    name="Summer feast",
    program="LUCK",
    first_day=date(2026, 11, 20),
    last_day=date(2026, 11, 22),
    prizes=(Prize("A bicycle"), Prize("Gift card of 10.00", 2)),
)


def ticket_network() -> dict:
    """The test network, where the grocer's club cards get a ticket for each euro."""
    document = network_document()
    for code, per in (("LUCK", 100), ("SUMS", 0)):
        document["programs"].append(
            {
                "code": code,
                "issuer": "GROCER",
                "kind": "purchase_accounting",
                "name": code.title(),
                "parameters": {"ticket_per": per},
            }
        )
    for kind in document["card_types"]:
        if kind["code"] == "GRO-CLUB":
            kind["programs"], kind["pool"] = ["LUCK", "SUMS"], True
    document["terminals"].append({"id": "000000OD", "branch": "G1", "protocol": "odoo"})
    return document


def tickets(shop: Shop, card: str, count: int) -> Request:
    """A purchase that gives so many tickets."""
    request = shop.request("sale", card, 100 * count + 99)
    assert shop.send(request).rc == "00"
    return request


class Office:
    """What an issuer's office does with draws, each step a transaction."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def open(self, terms: DrawTerms = TERMS) -> int:
        shop = self.shop
        with psycopg2.connect(shop.dsn) as connection, connection.cursor() as cr:
            return open_draw(cr, shop.keyring, shop.network, terms, shop.now)

    def freeze(self, draw: int) -> str:
        shop = self.shop
        with psycopg2.connect(shop.dsn) as connection, connection.cursor() as cr:
            return freeze_draw(cr, shop.keyring, shop.network, draw, shop.now)

    def draw(self, draw: int, keyring: Keyring | None = None) -> str:
        shop = self.shop
        with psycopg2.connect(shop.dsn) as connection, connection.cursor() as cr:
            return draw_winners(cr, keyring or shop.keyring, draw, shop.now)

    def read(self, draw: int) -> Draw:
        with psycopg2.connect(self.shop.dsn) as connection, connection.cursor() as cr:
            return read_draw(cr, draw)

    def winners(self, draw: int) -> list[Winner]:
        with psycopg2.connect(self.shop.dsn) as connection, connection.cursor() as cr:
            return winning_cards(cr, self.shop.keyring, draw)

    def pseudonym(self, draw: int, card: str) -> str | None:
        with psycopg2.connect(self.shop.dsn) as connection, connection.cursor() as cr:
            return draw_pseudonym(cr, self.shop.keyring, draw, CardRef(value=card))

    def tickets(self, draw: int, *cards: str) -> list[int]:
        """How many tickets the frozen list gives these cards."""
        listed = read_tickets(self.read(draw).listed or "")
        return [listed.get(self.pseudonym(draw, card) or "", 0) for card in cards]


@pytest.fixture
def office(shop: Shop) -> Office:
    shop.publish(ticket_network())
    return Office(shop)


def card(serial: int) -> str:
    return number(CLUB, serial)


@pytest.fixture
def drawn(shop: Shop, office: Office) -> int:
    """A draw of three prizes among five cards with 1 to 5 tickets, over and done."""
    draw = office.open()
    for serial in range(1, 6):
        tickets(shop, card(serial), serial)
    shop.later(days=3)
    office.freeze(draw)
    shop.later(days=1)
    office.draw(draw)
    assert shop.broken() == []
    return draw


# --- the pure part


def test_a_number_is_below_its_end_and_passed_over_where_it_would_be_unfair():
    assert below(iter([7]), 5) == 2
    fair = 2**256 - 2**256 % 5
    assert below(iter([fair, fair + 1, 2**256 - 1, fair - 1]), 5) == 4


def test_numbers_are_the_digests_of_seed_and_counter():
    seed = bytes(range(32))
    first = [number for number, _ in zip(numbers(seed), range(3), strict=False)]
    for counter, value in enumerate(first):
        digest = sha256(seed + counter.to_bytes(8, "big")).hexdigest()
        assert value == int(digest, 16)


def test_the_winners_of_a_known_seed_are_known_for_ever():
    """Whoever changes the rule changes this line, and breaks every published draw."""
    listed = {"a": 1, "b": 5, "c": 2, "d": 90, "e": 2}
    assert winners(bytes(32), listed, 3) == ["d", "a", "c"]


def test_nobody_wins_twice_and_nobody_is_left_out():
    listed = {str(n): n for n in range(1, 30)}
    found = winners(b"seed", listed, 100)
    assert sorted(found) == sorted(listed)
    assert winners(b"seed", listed, 5) == found[:5]
    assert winners(b"seed", {}, 5) == []


def test_chances_follow_the_tickets():
    """A card with three tickets of four wins three times in four."""
    wins = Counter(
        winners(seed.to_bytes(4, "big"), {"a": 1, "b": 3}, 1)[0]
        for seed in range(10_000)
    )
    assert 7350 < wins["b"] < 7650  # the seeds are fixed: so is the count


@pytest.mark.parametrize(
    "change",
    [
        {"last_day": date(2026, 11, 19)},
        {"name": " "},
        {"name": "a\nprize-1 b"},
        {"name": "a\u2028b"},
        {"name": "x" * 81},
        {"prizes": ()},
        {"prizes": (Prize("a", 0),)},
        {"prizes": (Prize("a\n"),)},
        {"prizes": (Prize("a", 1001),)},
        {"program": "NONE"},
        {"program": "FUEL-DISC"},
        {"program": "BONUS"},
        {"program": "SUMS"},
    ],
    ids=str,
)
def test_terms_that_cannot_be_are_refused(office: Office, change: dict):
    names = DrawTerms.__struct_fields__
    terms = {name: getattr(TERMS, name) for name in names} | change
    with pytest.raises(DrawRefused):
        office.open(DrawTerms(**terms))


def test_terms_at_the_border_are_accepted(office: Office):
    office.open(
        DrawTerms(
            issuer="GROCER",
            name="x" * 80,
            program="LUCK",
            first_day=TERMS.first_day,
            last_day=TERMS.first_day,
            prizes=(Prize("ā € 1", 1000),),
        )
    )


# --- the life of a draw


def test_a_draw_goes_its_way(shop: Shop, office: Office, drawn: int):
    draw = office.read(drawn)
    assert draw.terms == TERMS
    assert draw.listed is not None
    assert draw.result is not None
    assert office.tickets(drawn, *map(card, range(1, 7))) == [1, 2, 3, 4, 5, 0]
    assert "cards 5\ntickets 15\n" in draw.listed
    won = read_winners(draw.result)
    assert [prize for _, _, prize in won] == TERMS.prize_names
    assert len({pseudonym for _, pseudonym, _ in won}) == 3


def test_winners_are_known_to_the_office_by_their_cards(
    shop: Shop, office: Office, drawn: int
):
    found = office.winners(drawn)
    names = {card_: office.pseudonym(drawn, card_) for card_ in map(card, range(1, 6))}
    ids = dict(shop.sql("SELECT last4, id FROM ekarte.card"))
    for winner in found:
        (holder,) = [who for who, name in names.items() if name == winner.pseudonym]
        assert (ids[holder[-4:]],) == winner.card_ids
    assert [winner.place for winner in found] == [1, 2, 3]


def test_before_the_draw_nobody_has_won(shop: Shop, office: Office):
    draw = office.open()
    assert office.winners(draw) == []
    with pytest.raises(DrawRefused, match="not frozen"):
        office.draw(draw)


def test_the_commitment_stands_from_the_beginning_and_fits_the_seed(
    shop: Shop, office: Office
):
    draw = office.open()
    promised = office.read(draw).commitment
    shop.later(days=4)
    assert f"commitment {promised.hex()}\n" in office.freeze(draw)
    head = office.draw(draw).partition("\n\n")[0]
    seed = dict(line.split(" ", 1) for line in head.splitlines())["seed"]
    assert sha256(bytes.fromhex(seed)).digest() == promised


def test_the_seed_is_nowhere_in_the_database_before_the_draw(
    shop: Shop, office: Office
):
    draw = office.open()
    shop.later(days=4)
    office.freeze(draw)
    tables = shop.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'ekarte'")
    before = [
        row for (table,) in tables for row in shop.sql(f"SELECT * FROM ekarte.{table}")
    ]
    office.draw(draw)
    ((seed,),) = shop.sql("SELECT seed FROM ekarte.draw_result")
    assert bytes(seed).hex() not in repr(before)
    assert not any(isinstance(x, memoryview) and x == seed for y in before for x in y)


def test_other_draws_have_other_seeds_and_pseudonyms(shop: Shop, office: Office):
    shop.do("sale", card(1), 100)
    one = office.open()
    fields = {name: getattr(TERMS, name) for name in DrawTerms.__struct_fields__}
    two = office.open(DrawTerms(**fields | {"name": "Autumn feast"}))
    assert one != two
    assert office.read(one).commitment != office.read(two).commitment
    assert office.pseudonym(one, card(1)) != office.pseudonym(two, card(1))


def test_a_stranger_has_no_pseudonym(shop: Shop, office: Office):
    assert office.pseudonym(office.open(), card(9)) is None


def test_a_list_tells_no_number_and_no_ledger_id(office: Office, drawn: int):
    text = f"{office.read(drawn).listed}{office.read(drawn).result}"
    for serial in range(1, 6):
        assert card(serial) not in text
        assert card(serial)[-4:] + " " not in text


# --- which tickets count


def test_days_of_the_period_count_and_others_do_not(shop: Shop, office: Office):
    shop.later(days=-2)
    tickets(shop, card(1), 1)  # the 19th: a day too early
    shop.later(days=1)
    tickets(shop, card(1), 10)
    shop.later(days=2)
    tickets(shop, card(1), 100)
    shop.later(days=1)
    tickets(shop, card(1), 1000)  # the 23rd
    draw = office.open()
    shop.later(days=1)
    office.freeze(draw)
    assert office.tickets(draw, card(1)) == [110]


def refund(shop: Shop, sale: Request, amount: int | None = None) -> Request:
    """Goods of a purchase come back, all of them as a rule."""
    amount = sale.amount if amount is None else amount
    request = shop.request("refund", amount=amount, original=sale)
    assert shop.send(request).rc == "00"
    return request


def reverse(shop: Shop, original: Request) -> None:
    assert shop.do("reverse", original=original).rc == "00"


@pytest.mark.parametrize("days", [0, 4])
def test_what_comes_back_before_the_freeze_lowers_the_tickets(
    shop: Shop, office: Office, days: int
):
    """On the day, and after the period's end."""
    draw = office.open()
    _, some, all_, undone = (tickets(shop, card(1), n) for n in (2, 30, 400, 5000))
    shop.later(days=days)
    refund(shop, some, 1000)
    refund(shop, all_)
    reverse(shop, undone)
    shop.later(days=4)
    office.freeze(draw)
    # 2 and 30 tickets, less the 10 of 30.99 that 10.00 stand for, rounded.
    assert office.tickets(draw, card(1)) == [22]
    assert shop.broken() == []


def test_a_refund_that_is_reversed_gives_the_tickets_back(shop: Shop, office: Office):
    draw = office.open()
    sale = tickets(shop, card(1), 5)
    shop.later(days=3)
    back = refund(shop, sale)
    reverse(shop, back)
    shop.later(days=1)
    office.freeze(draw)
    assert office.tickets(draw, card(1)) == [5]


def test_a_refund_of_an_earlier_purchase_takes_nothing(shop: Shop, office: Office):
    shop.later(days=-2)
    sale = tickets(shop, card(1), 5)
    shop.later(days=2)
    draw = office.open()
    tickets(shop, card(1), 3)
    refund(shop, sale)
    shop.later(days=4)
    office.freeze(draw)
    assert office.tickets(draw, card(1)) == [3]


def test_what_comes_back_after_the_freeze_changes_nothing(shop: Shop, office: Office):
    draw = office.open()
    sale = tickets(shop, card(1), 5)
    shop.later(days=4)
    listed = office.freeze(draw)
    refund(shop, sale)
    assert office.freeze(draw) == listed
    assert office.tickets(draw, card(1)) == [5]
    assert office.winners(draw) == []
    office.draw(draw)
    assert len(office.winners(draw)) == 1


def test_a_card_whose_tickets_all_went_back_is_not_listed(shop: Shop, office: Office):
    draw = office.open()
    reverse(shop, tickets(shop, card(1), 5))
    shop.later(days=4)
    assert "cards 0\ntickets 0\n" in office.freeze(draw)
    office.draw(draw)
    assert office.winners(draw) == []


def test_a_purchase_in_two_phases_counts_when_it_is_confirmed(
    shop: Shop, office: Office
):
    shop.later(days=-1, hours=11, minutes=58)  # two minutes before midnight in Rīga
    hold = shop.request("authorize", card(1), 500)
    assert shop.send(hold).rc == "00"
    shop.later(minutes=3)
    assert shop.do("confirm", original=hold).rc == "00"
    draw = office.open()
    shop.later(days=4)
    office.freeze(draw)
    assert office.tickets(draw, card(1)) == [5]


# --- cards that share an account


def pool(shop: Shop, joins: str, main: str) -> None:
    answer = shop.do("pool", joins, other=CardRef(value=main), terminal="000000OD")
    assert answer.rc == "00", answer


def test_cards_of_a_pool_are_one_in_the_list(shop: Shop, office: Office):
    """Also what one of them had earned before it joined."""
    draw = office.open()
    before, _ = tickets(shop, card(1), 20), tickets(shop, card(2), 3)
    pool(shop, card(1), card(2))
    tickets(shop, card(1), 400)
    refund(shop, before)  # the ledger takes it off the shared purse
    shop.later(days=4)
    office.freeze(draw)
    assert office.pseudonym(draw, card(1)) == office.pseudonym(draw, card(2))
    assert office.tickets(draw, card(1)) == [403]
    office.draw(draw)
    (winner,) = office.winners(draw)
    assert winner.card_ids == (1, 2)


def test_who_joins_a_pool_after_the_freeze_is_found_under_the_old_name(
    shop: Shop, office: Office
):
    draw = office.open()
    tickets(shop, card(1), 20)
    tickets(shop, card(2), 3)
    shop.later(days=4)
    office.freeze(draw)
    pool(shop, card(1), card(2))
    assert office.tickets(draw, card(1), card(2)) == [20, 3]
    office.draw(draw)
    assert len(office.winners(draw)) == 2


def test_a_new_card_takes_the_tickets_of_the_old_one(shop: Shop, office: Office):
    draw = office.open()
    tickets(shop, card(1), 20)
    assert shop.do("replace", card(1), other=CardRef(value=card(7))).rc == "00"
    tickets(shop, card(7), 3)
    shop.later(days=4)
    office.freeze(draw)
    assert office.tickets(draw, card(7)) == [23]
    office.draw(draw)
    ((id_,),) = shop.sql("SELECT id FROM ekarte.card WHERE last4 = %s", card(7)[-4:])
    (winner,) = office.winners(draw)
    assert id_ in winner.card_ids


# --- moments


def test_a_draw_freezes_an_hour_after_its_last_day(shop: Shop, office: Office):
    """The last day, the 22nd, ends in Rīga at 22:00 UTC."""
    draw = office.open()
    shop.now = datetime.fromisoformat("2026-11-22T22:59:59+00:00")
    with pytest.raises(DrawRefused, match="an hour after"):
        office.freeze(draw)
    shop.later(seconds=1)
    assert office.freeze(draw)


def test_there_is_no_other_draw(shop: Shop, office: Office):
    asked = office.read, office.freeze, office.draw, office.winners
    for ask in (*asked, lambda draw: office.pseudonym(draw, card(1))):
        with pytest.raises(DrawRefused, match="no such draw"):
            ask(99)


# --- twice, and in parallel


def test_every_step_taken_twice_gives_what_the_first_gave(
    shop: Shop, office: Office, drawn: int
):
    before = office.read(drawn)
    shop.later(days=1)
    tickets(shop, card(1), 100)
    assert office.open() == drawn
    assert office.freeze(drawn) == before.listed
    assert office.draw(drawn) == before.result
    assert shop.sql("SELECT count(*) FROM ekarte.draw") == [(1,)]


def test_a_name_stands_for_one_draw(office: Office):
    office.open()
    fields = {name: getattr(TERMS, name) for name in DrawTerms.__struct_fields__}
    with pytest.raises(DrawRefused, match="other terms"):
        office.open(DrawTerms(**fields | {"prizes": (Prize("A car"),)}))


def in_parallel(work, times: int = 6) -> list:
    found: list = []
    gate = threading.Barrier(times)

    def one() -> None:
        gate.wait()
        found.append(work())

    threads = [threading.Thread(target=one, daemon=True) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == times
    return found


def test_every_step_taken_by_many_at_once_is_taken_once(shop: Shop, office: Office):
    for serial in range(1, 6):
        tickets(shop, card(serial), serial)
    (draw,) = set(in_parallel(office.open))
    shop.later(days=4)
    assert len(set(in_parallel(lambda: office.freeze(draw)))) == 1
    assert len(set(in_parallel(lambda: office.draw(draw)))) == 1
    assert len(office.winners(draw)) == 3


# --- keys and damage


def test_another_keyring_cannot_draw(shop: Shop, office: Office):
    draw = office.open()
    shop.later(days=4)
    office.freeze(draw)
    keys = dict.fromkeys(
        (("card_token", 1), ("access_code", 1), ("terminal", 1)), bytes(32)
    )
    with pytest.raises(DrawRefused, match="not the one it was opened with"):
        office.draw(draw, Keyring(keys))
    keys["card_token", 2] = keys.pop(("card_token", 1))
    with pytest.raises(KeyringInvalid, match="card_token 1"):
        office.draw(draw, Keyring(keys))
    assert office.draw(draw)


def test_a_changed_list_is_not_drawn_from_and_is_named(shop: Shop, office: Office):
    draw = office.open()
    tickets(shop, card(1), 1)
    shop.later(days=4)
    office.freeze(draw)
    plant(shop, "UPDATE ekarte.draw_list SET body = replace(body, ' 1\n', ' 2\n')")
    with pytest.raises(DrawRefused, match="not what was frozen"):
        office.draw(draw)
    assert red(shop)["I10"] == f"list of draw {draw}"


def test_a_changed_seed_is_named(shop: Shop, office: Office, drawn: int):
    assert "I10" not in red(shop)
    plant(shop, "UPDATE ekarte.draw_result SET seed = 'x'")
    assert red(shop)["I10"] == f"seed of draw {drawn}"


# --- the program that proves it


@pytest.fixture
def published(office: Office, drawn: int, tmp_path: Path) -> tuple[Path, Path]:
    """The two documents as anybody can load them down."""
    draw = office.read(drawn)
    listed, result = tmp_path / "list.txt", tmp_path / "result.txt"
    listed.write_bytes((draw.listed or "").encode())
    result.write_bytes((draw.result or "").encode())
    return listed, result


def proven(*files: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-I", str(VERIFIER), *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_shipped_program_proves_a_draw(published: tuple[Path, Path]):
    code, told = proven(*published)
    assert (code, told[:6]) == (0, "proven")
    assert sha256(published[0].read_bytes()).hexdigest() in told


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_bytes(text.replace(old, new, 1).encode())


def last_line(file: Path) -> str:
    return file.read_text().splitlines()[-1]


def test_the_shipped_program_sees_a_changed_list(published: tuple[Path, Path]):
    """Even a ticket more that changes no winner."""
    line = last_line(published[0])
    change(published[0], line, line + "0")
    code, told = proven(*published)
    assert (code, told[:10]) == (1, "NOT PROVEN")


def test_the_shipped_program_sees_another_seed(published: tuple[Path, Path]):
    line = published[1].read_text().splitlines()[3]
    assert line.startswith("seed ")
    change(published[1], line, f"seed {bytes(32).hex()}")
    assert proven(*published)[0] == 1


def test_the_shipped_program_sees_another_commitment(published: tuple[Path, Path]):
    """Who changes seed, list and its digest alike still lacks what was promised."""
    seed = f"seed {bytes(32).hex()}"
    change(published[1], published[1].read_text().splitlines()[3], seed)
    assert proven(*published)[0] == 1


def test_the_shipped_program_sees_winners_that_were_swapped(
    published: tuple[Path, Path],
):
    text = published[1].read_text()
    one, two = (row.split(" ")[1] for row in text.splitlines()[-2:])
    swapped = text.replace(one, "?").replace(two, one).replace("?", two)
    published[1].write_bytes(swapped.encode())
    assert proven(*published)[0] == 1


def test_the_shipped_program_sees_a_winner_left_out(published: tuple[Path, Path]):
    change(published[1], last_line(published[1]) + "\n", "")
    assert proven(*published)[0] == 1


def test_the_shipped_program_agrees_on_draws_of_every_shape(
    dice, tmp_path: Path, keyring: Keyring
):
    from ekarte_core.draws.document import write_list, write_result

    for turn in range(12):
        names = [dice.randbytes(12).hex() for _ in range(dice.choice([0, 1, 3, 200]))]
        listed = {name: dice.choice([1, 2, 10**9]) for name in names}
        terms = DrawTerms(
            issuer="GROCER",
            name="x",
            program="LUCK",
            first_day=TERMS.first_day,
            last_day=TERMS.last_day,
            prizes=(Prize("a b", dice.choice([1, 5])), Prize("ā")),
        )
        seed = dice.randbytes(32)
        now = datetime.fromisoformat("2026-12-01T00:00:00+00:00")
        text = write_list(turn, terms, sha256(seed).digest(), listed, now)
        won = winners(seed, read_tickets(text), len(terms.prize_names))
        digest = sha256(text.encode()).digest()
        files = tmp_path / "list.txt", tmp_path / "result.txt"
        files[0].write_bytes(text.encode())
        files[1].write_bytes(write_result(turn, terms, digest, seed, won).encode())
        assert proven(*files)[0] == 0, text


def test_the_shipped_program_is_the_one_in_the_page_and_short():
    program = VERIFIER.read_text()
    assert len(program.splitlines()) <= 20
    assert f"```python\n{program}```" in (DOCS / "DRAWS.md").read_text()
