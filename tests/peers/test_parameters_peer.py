"""A terminal that is not ours reads parameters: signature, patch and stop list."""

import base64
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ekarte_auth_gateway.parameters import Signer, Sources, build, canonical, delta
from ekarte_core import Network, Stopped, read_network, stop_mark, stop_token
from tests.gateway import town
from tests.gateway.gateway_process import ROOT

AT = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
KEY = bytes(range(32))
NUMBER, OTHER = town.number(town.CLUB, 1), town.number(town.CLUB, 2)


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


def network(**changes: Any) -> Network:
    return read_network(town.document(**changes))


def stage(signer: Signer, kind: str, content: bytes, whole: bytes) -> dict[str, str]:
    return {
        "kind": kind,
        "data": base64_of(content),
        "signature": base64_of(signer.sign(whole)),
        "key_id": signer.key_id,
    }


def test_node_checks_reads_and_patches_a_document(peer: Callable[[str, Any], Any]):
    signer = Signer([Ed25519PrivateKey.generate()])
    mark = stop_mark(stop_token(KEY, "number", NUMBER))
    card = Stopped(mark, 1, "41", frozenset({"GROCER"}))
    first = build(Sources(network(), (), {}, ()), "G1", 1, AT)
    renamed = network(name='Cits "nosaukums" \\ ще\x7f\u2028…\x01\t😀')
    second = build(Sources(renamed, [card], {1: KEY}, ()), "G1", 2, AT)
    whole, patch = canonical(first), canonical(delta(first, second))
    assert len(patch) < len(whole) // 4
    tampered = patch.replace(b'"version":2', b'"version":3')
    answer = peer(
        "parameters_peer.mjs",
        {
            "keys": {signer.key_id: base64_of(signer.public_keys[0])},
            "stages": [
                stage(signer, "full", whole, whole),
                stage(signer, "delta", tampered, canonical(second)),
                stage(signer, "delta", patch, canonical(second)),
            ],
            "numbers": [NUMBER, OTHER],
        },
    )
    assert answer == {
        "versions": [1, 2],
        "refused": 1,
        "stopped": {NUMBER: "41", OTHER: ""},
    }


def test_node_writes_the_canonical_text_of_the_demonstration(
    peer: Callable[[str, Any], Any],
):
    """Patches from nothing are whole documents, written anew by the peer."""
    signer = Signer([Ed25519PrivateKey.generate()])
    demo = read_network((ROOT / "demo" / "network.json").read_bytes())
    made = [
        build(Sources(demo, (), {}, ()), branch, place, AT)
        for place, branch in enumerate(demo.branches, start=1)
    ]
    stages = [
        stage(signer, "delta", canonical(delta(before, after)), canonical(after))
        for before, after in zip([{}, *made], made, strict=False)
    ]
    keys = {signer.key_id: base64_of(signer.public_keys[0])}
    order = {"keys": keys, "stages": stages, "numbers": []}
    answer = peer("parameters_peer.mjs", order)
    assert answer["versions"] == list(range(1, len(made) + 1))
