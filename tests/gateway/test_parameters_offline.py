"""Rules that were downloaded decide like the host: the very same files run on them.

`quote` is the little that a terminal adds to them; deciding offline with limits and
advices comes on top of it.
"""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ekarte_auth_gateway.__main__ import main
from ekarte_auth_gateway.parameters import (
    Document,
    Download,
    Sources,
    canonical,
    read_document,
)
from ekarte_core import CardRef, Line, Network, identify, read_network
from ekarte_core.rules.pricing import Goods, Pricing, price
from ekarte_core.rules.purses import Sheet
from ekarte_core.rules.running import Moment, Programs
from ekarte_core.rules.turnover import Clock
from tests.gateway import town
from tests.gateway.conftest import core_command
from tests.gateway.gateway_process import ROOT, GatewayProcess
from tests.gateway.shop import ask

DEMO = ROOT / "demo" / "network.json"
AT = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
TERMINALS = {
    "G1": "00000011",
    "G2": "00000021",
    "G3": "00000051",
    "F1": "00000031",
    "F2": "00000061",
    "B1": "00000041",
}
PREFIXES = {
    "club of three issuers": "99900010",
    "silver": "99900070",
    "gold": "99900080",
    "family": "99900100",
    "fleet": "99900120",
    "friend": "99900150",
}
GROUPS = ["food", "fuel", "books", "household", "wash", ""]
TO_BE_ACTIVATED = {"silver": "G1", "gold": "G1", "fleet": "F1"}


def quote(
    network: Network, branch_code: str, number: str, lines: list[Line], at: datetime
) -> Pricing:
    """Price goods for a card of which nothing is known but its number."""
    branch = network.branches[branch_code]
    identity = identify(CardRef(value=number))
    assert identity is not None
    types = [kind.code for kind in network.admitting(identity)]
    moment = Moment(now=at, local=network.local_time(branch, at))
    programs = Programs(network.running(branch, types), moment)
    goods = [
        Goods(
            group=line.group,
            gross=line.amount,
            tax_rate_bp=network.tax_rate_bp(branch, line.group),
        )
        for line in lines
    ]
    today = network.business_day(branch, at)
    clock = Clock(at, today, network.zone(branch))
    return price(programs, Sheet((), at), goods, clock)


# --- pure: the cut against the whole


@pytest.fixture(scope="module")
def whole() -> Network:
    return read_network(DEMO.read_bytes())


@pytest.fixture(scope="module")
def documents(whole: Network) -> dict[str, Document]:
    sources = Sources(whole, (), {}, ())
    return {
        branch: read_document(sources.text(branch, 1, AT)) for branch in whole.branches
    }


LINES = st.lists(
    st.builds(Line, group=st.sampled_from(GROUPS), amount=st.integers(1, 100_000)),
    min_size=1,
    max_size=4,
)
MOMENTS = st.integers(0, 2 * 365 * 24 * 60).map(lambda n: AT + timedelta(minutes=n))


@given(
    branch=st.sampled_from(sorted(TERMINALS)),
    prefix=st.sampled_from(sorted(PREFIXES.values())),
    lines=LINES,
    at=MOMENTS,
)
def test_a_branch_prices_by_its_part_as_by_the_whole(
    whole: Network,
    documents: dict[str, Document],
    branch: str,
    prefix: str,
    lines: list[Line],
    at: datetime,
):
    number = town.number(prefix, 1)
    mine = quote(documents[branch].rules(), branch, number, lines, at)
    assert mine == quote(whole, branch, number, lines, at)


# --- the host


@pytest.fixture(scope="module")
def host(
    new_ledger: Any, keyring: Any, keyring_file: Path, tmp_path_factory: Any
) -> Iterator[GatewayProcess]:
    """A gateway on the demonstration's network that tells parameters."""
    folder = tmp_path_factory.mktemp("host")
    key_file = folder / "parameters.pem"
    assert main(["parameters-key", str(key_file)]) == 0
    dsn = new_ledger()
    core_command("publish", str(DEMO), "--dsn", dsn)
    process = GatewayProcess(
        dsn,
        keyring,
        keyring_file,
        folder,
        EKARTE_PARAMETERS_KEY_FILE=str(key_file),
        EKARTE_PARAMETERS_EVERY_S="0.1",
    ).start_ready()
    yield process
    assert process.stop() == 0


def downloaded(host: GatewayProcess, branch: str) -> Document:
    terminal = host.http(TERMINALS[branch])
    told = "SELECT count(*) FROM ekarte.parameters WHERE branch = %s"
    host.wait_until(lambda: host.sql(told, branch) != [(0,)], "parameters")
    rows = host.sql("SELECT key_id, public_key FROM ekarte.parameters_key")
    download = Download(branch, {name: bytes(key) for name, key in rows})
    while not download.done:
        answer = ask(terminal, "parameters", parameters=download.wish())
        assert answer.parameters is not None, answer
        download.take(answer.parameters)
    assert download.document is not None
    return download.document


def baskets(branch: str) -> list[list[Line]]:
    chance = random.Random(branch)
    found = [
        [Line(group=group, amount=amount)]
        for group in GROUPS
        for amount in (1999, 4000, 7777, 12_345)
    ]
    for _basket in range(12):
        lines = [
            Line(group=chance.choice(GROUPS), amount=chance.randint(1, 9000))
            for _line in range(chance.randint(2, 4))
        ]
        found.append(lines)
    return found


@pytest.mark.parametrize("branch", sorted(TERMINALS))
def test_a_discount_quoted_offline_is_the_host_s(host: GatewayProcess, branch: str):
    network = downloaded(host, branch).rules()
    terminal = host.http(TERMINALS[branch])
    lowered = 0
    for name, prefix in PREFIXES.items():
        number = town.number(prefix, chance_serial(branch, name))
        home = TO_BE_ACTIVATED.get(name)
        if home is not None:
            given_out = ask(host.http(TERMINALS[home]), "activate", card=number)
            assert given_out.rc == "00", given_out
        for lines in baskets(branch):
            before = datetime.now(timezone.utc)
            theirs = ask(terminal, "inquire", card=number, lines=tuple(lines))
            moments = {before, datetime.now(timezone.utc)}
            mine = [quote(network, branch, number, lines, at) for at in moments]
            if theirs.rc != "00":
                assert not any(one.discount for one in mine), (name, theirs)
                continue
            assert theirs.discount in [one.discount for one in mine], (name, lines)
            told = [line.discount for line in theirs.lines]
            priced = [[line.discount for line in one.lines] for one in mine]
            assert told in priced, (name, lines)
            lowered += theirs.discount > 0
    assert lowered > 5, "discounts were seen, not only their absence"


def chance_serial(branch: str, name: str) -> int:
    """A card that no other branch of this test has."""
    return 1 + sorted(TERMINALS).index(branch) * 10 + sorted(PREFIXES).index(name)


def test_a_document_takes_few_messages_of_a_slow_line(documents: dict[str, Document]):
    """600 bytes each: the largest branch of the demonstration fits into fifty."""
    for document in documents.values():
        assert len(canonical(document)) < 50 * 600
