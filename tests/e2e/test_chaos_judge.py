"""The judge of the fault trials finds each kind of fault, and nothing where none is."""

import dataclasses
import random
from datetime import datetime, timedelta, timezone
from pathlib import Path

import msgspec
import pytest

from ekarte_core import (
    Answer,
    CardRef,
    Keyring,
    Request,
    Tender,
    load_keyring,
    write_new_keyring,
)
from ekarte_stack.chaos import town
from ekarte_stack.chaos.journal import Asked, Journal, read
from ekarte_stack.chaos.judge import Row, Seen, Verdict, judge
from ekarte_stack.chaos.office import unlike
from ekarte_stack.chaos.till import Counter, Seller

NOON = datetime(2026, 11, 21, 10, tzinfo=timezone.utc)
TILL = town.TILLS[0].number
CARD = town.cards(1)[0]
COMMANDS = ("activate", "sale", "sale")


class Story:
    """A card is sold with 40.00 and pays 10.00 and 5.00, told by three witnesses."""

    def __init__(self, keyring: Keyring) -> None:
        self.keyring = keyring
        self.token = keyring.card_token("number", CARD)
        amounts = (4000, 1000, 500)
        self.journal: dict[tuple[str, int, int], Asked] = {}
        self.rows: list[Row] = []
        for number, (command, amount) in enumerate(
            zip(COMMANDS, amounts, strict=True), 1
        ):
            self.add(number, command, amount)
        self.card = ("active", 2500, 0)
        self.broken: list[str] = []

    def add(self, number: int, command: str, amount: int) -> None:
        """Add an operation to journal and ledger."""
        tender = Tender(gift=amount) if command == "sale" else None
        request = Request(
            command=command,
            terminal=TILL,
            batch=1,
            operation=number,
            card=CardRef(value=CARD),
            amount=amount,
            tender=tender,
        )
        paid = {"gift": amount} if tender else {}
        answer = Answer(rc="00", amount=amount, tendered=paid)
        raw = msgspec.json.encode(answer)
        self.journal[request.key] = Asked(request, [(answer, raw), (answer, raw)])
        key = request.key
        self.rows.append(
            Row(number, key, command, "00", NOON, None, answer, self.token)
        )

    def asked(self, number: int) -> Asked:
        return self.journal[(TILL, 1, number)]

    def change(self, number: int, **fields: object) -> None:
        """Change an operation's row."""
        row = self.rows[number - 1]
        self.rows[number - 1] = dataclasses.replace(row, **fields)

    def verdict(self) -> Verdict:
        seen = Seen(self.rows, {self.token: self.card}, self.broken)
        return judge(self.journal, self.journal, seen, self.keyring)


@pytest.fixture
def story(tmp_path: Path) -> Story:
    write_new_keyring(tmp_path / "keyring")
    return Story(load_keyring(tmp_path / "keyring"))


def test_nothing_is_found_where_all_agree(story: Story) -> None:
    verdict = story.verdict()
    assert verdict.good
    assert (verdict.asked, verdict.acknowledged, verdict.in_doubt) == (3, 3, 0)


def test_an_approval_that_is_not_there_is_lost_though_the_rest_agrees(
    story: Story,
) -> None:
    del story.rows[2]
    story.card = ("active", 3000, 0)
    verdict = story.verdict()
    assert len(verdict.lost) == 1
    assert not verdict.disagreements


def test_an_approval_with_other_content_is_lost(story: Story) -> None:
    told = story.rows[1].answer
    story.change(2, answer=msgspec.structs.replace(told, amount=999))
    assert "amount" in story.verdict().lost[0]
    story.change(2, answer=told, token=b"another card")
    assert "another card" in story.verdict().lost[0]


def test_what_was_refused_and_is_not_there_is_not_lost(story: Story) -> None:
    refused = Answer(rc="51")
    story.asked(3).final = [(refused, b"no")]
    del story.rows[2]
    story.card = ("active", 3000, 0)
    assert not story.verdict().lost


def test_two_answers_to_one_key_are_found(story: Story) -> None:
    story.asked(2).final.append((Answer(rc="51"), b"other"))
    assert len(story.verdict().doubled) == 1


def test_a_key_that_is_there_twice_is_found(story: Story) -> None:
    story.rows.append(dataclasses.replace(story.rows[2], id=9))
    assert "2 times" in story.verdict().doubled[0]


def test_what_nobody_asked_for_is_found_but_what_the_house_does_is_not(
    story: Story,
) -> None:
    story.change(3, key=(TILL, 1, 77))
    assert any("asked by nobody" in text for text in story.verdict().doubled)
    story.change(3, key=("~LAPSE", 0, 77))
    assert not story.verdict().doubled


def test_a_balance_that_the_rules_do_not_give_is_found(story: Story) -> None:
    story.card = ("active", 2499, 0)
    assert story.verdict().disagreements


def test_an_answer_that_the_rules_do_not_give_in_this_order_is_found(
    story: Story,
) -> None:
    story.rows.insert(0, story.rows.pop(1))  # paid before it was sold
    assert any("by the model 78" in text for text in story.verdict().disagreements)


def test_a_refusal_while_the_card_is_sold_is_right_and_one_long_after_is_not(
    story: Story,
) -> None:
    story.add(4, "sale", 100)
    refused = Answer(rc="78")
    story.asked(4).final = [(refused, b"unknown")]
    story.change(4, rc="78", answer=refused, token=None)
    assert story.verdict().good
    story.change(4, at=NOON + timedelta(seconds=10))
    assert any("by the model 00" in text for text in story.verdict().disagreements)


def test_a_fault_that_the_ledger_owns_up_to_is_found(story: Story) -> None:
    story.asked(2).transient.append("91")
    assert story.verdict().good
    story.asked(2).transient.append("96")
    assert "96" in story.verdict().disagreements[0]


def test_a_key_without_an_answer_to_the_end_is_found(story: Story) -> None:
    story.asked(2).final.clear()
    assert len(story.verdict().unsettled) == 1


def test_a_broken_invariant_is_found(story: Story) -> None:
    story.broken.append("I1: 1 (operation 2)")
    assert not story.verdict().good


def test_a_journal_outlives_its_writer_in_the_middle_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "one.journal"
    request = Request(command="echo", terminal=TILL, batch=1, operation=1)
    journal = Journal(path)
    journal.ask(request)
    journal.silent(request, "no answer")
    journal.close()
    with path.open("a") as file:
        file.write('{"ask": {"comm')
    (asked,) = read([path]).values()
    assert (asked.request, asked.in_doubt, asked.silences) == (request, True, 1)


def test_the_same_seed_sells_the_same_and_another_does_not() -> None:
    def sold(seed: str) -> list[Request]:
        dice = random.Random(seed)
        seller = Seller(town.TILLS[0], dice, Counter(1), town.cards(3))
        return [seller.next() for _ in range(60)]

    assert sold("1") == sold("1")
    assert sold("1") != sold("2")


def test_a_terminal_takes_back_what_it_has_not_sent_yet() -> None:
    dice = random.Random("1")
    seller = Seller(town.TILLS[0], dice, Counter(1), town.cards(3))
    sent: set[int] = set()
    early = late = 0
    for request in (seller.next() for _ in range(300)):
        original = request.original
        if request.command == "reverse" and original is not None:
            early += original.operation not in sent
        late += request.operation < max(sent, default=0) and request.command == "sale"
        sent.add(request.operation)
    assert early
    assert late


def test_books_that_are_not_what_was_accepted_are_found() -> None:
    papers = {1: {"id": 1, "sum": 5}, 2: {"id": 2, "sum": 7}}
    assert unlike(papers, set(), dict(papers), []) == []
    assert unlike(papers, {2}, {1: papers[1]}, []) == [
        "settlement 2 was never accepted"
    ]
    for books, changed in (
        ({1: papers[1]}, []),  # accepted and not booked
        ({**papers, 2: {"id": 2, "sum": 8}}, []),  # booked otherwise
        ({**papers, 3: {"id": 3}}, []),  # booked, and the ledger knows nothing of it
        (dict(papers), [1]),  # told in two ways
    ):
        assert len(unlike(papers, set(), books, changed)) == 1
    assert unlike({}, set(), {}, []) == ["nothing was settled"]
