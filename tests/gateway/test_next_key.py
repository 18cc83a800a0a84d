"""The next key on the wire: only who has the present one can read it."""

import pytest

from ekarte_auth_gateway.codec import CodecError, echo, keychange, pack, unpack
from tests.gateway import golden_messages as golden

PRESENT, NEXT = bytes(range(32)), bytes(range(100, 132))
TOLD = keychange.wrap(PRESENT, 2, NEXT)
ASKED = {"t": "0800", "11": "000431", "41": "00000012", "60": "000003", "70": "101"}


@pytest.mark.parametrize("name", golden.WAYS)
def test_a_key_comes_out_as_it_went_in(name):
    way = golden.WAYS[name]
    raw = pack(ASKED, way.mac, way.profile)
    asked = unpack(raw, way.profile)
    assert keychange.is_asked(asked)
    answer = pack(keychange.write(TOLD, echo(asked)), way.mac, way.profile)
    fields = unpack(answer, way.profile)
    assert (fields["t"], fields["39"], fields["70"]) == ("0810", "00", "101")
    told = keychange.read(fields)
    assert keychange.unwrap(PRESENT, told) == NEXT
    assert NEXT not in answer


def test_the_wrapped_key_is_these_bytes():
    """Written down once: a terminal in the field unwraps what it was built for."""
    assert keychange.pairs_of(TOLD) == [
        ("KV", "2"),
        (
            "KW",
            "888A41F28369D9C28E34E06B1893FA1E18F47F919C3263C1379086D792670607B1AB3B3FAAAE6EB1",
        ),
    ]


def test_another_key_or_another_version_does_not_open_it():
    assert keychange.unwrap(PRESENT, TOLD) == NEXT
    for present, told in ((NEXT, TOLD), (PRESENT, TOLD._replace(version=3))):
        with pytest.raises(CodecError, match="KW"):
            keychange.unwrap(present, told)


@pytest.mark.parametrize(
    "pairs",
    [
        [],
        [("KV", "2")],
        [("KV", "x"), ("KW", "00" * 40)],
        [("KV", "9" * 12), ("KW", "00" * 40)],
        [("KV", "2"), ("KW", "00" * 32)],
        [("KV", "2"), ("KW", "zz" * 40)],
    ],
)
def test_an_answer_without_a_key_is_refused(pairs):
    with pytest.raises(CodecError, match=r"DE48\.K"):
        keychange.key_in(pairs)


@pytest.mark.parametrize(("kind", "network"), [("0800", "301"), ("0200", "101")])
def test_other_messages_ask_for_no_key(kind, network):
    assert not keychange.is_asked({**ASKED, "t": kind, "70": network})
