"""Threads that read a record for the first time at the same moment all read it.

Each attempt is a process of its own: only there nothing has been read before.
"""

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from ekarte_core import Parser
from ekarte_core.values import CardRef, SlipLine

ROOT = Path(__file__).parents[2]
NETWORK = ROOT / "demo" / "network.json"
ATTEMPTS = 3
FIRST_READERS = """
import sys, threading
from pathlib import Path
from ekarte_core import read_network

text = Path(sys.argv[1]).read_bytes()
sys.setswitchinterval(1e-6)
gate, read = threading.Barrier(8), []


def first():
    gate.wait()
    read.append(read_network(text))


threads = [threading.Thread(target=first, daemon=True) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(read), all(one.document == read[0].document for one in read))
"""
_cards = Parser(CardRef)


@pytest.mark.parametrize("attempt", range(ATTEMPTS))
def test_eight_threads_read_their_first_network_at_once(attempt):
    """Without Parsers the process ended with SIGSEGV, six times of six."""
    ended = subprocess.run(
        [sys.executable, "-c", FIRST_READERS, str(NETWORK)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "8 True\n", "")


def test_a_parser_reads_json_and_plain_values_alike():
    tree = {"value": "9990001000000019"}
    card = CardRef(**tree)
    assert _cards.from_json(json.dumps(tree)) == card
    assert _cards.from_tree(tree) == card


def test_a_parser_reads_objects_where_that_is_asked_for_only():
    card = CardRef(value="9990001000000019")
    with pytest.raises(msgspec.ValidationError):
        _cards.from_tree(SlipLine(text="x"))
    assert _cards.from_tree(card, from_attributes=True) == card


def test_a_parser_refuses_what_has_another_type():
    with pytest.raises(msgspec.ValidationError, match="value"):
        _cards.from_json(b'{"value": 7}')
    with pytest.raises(msgspec.DecodeError):
        _cards.from_json(b"{")
