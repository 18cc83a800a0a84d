"""node:crypto makes the same MACs and code blocks, from docs/TERMINALS.md alone."""

import random

from ekarte_auth_gateway.codec import MAC_KINDS, code_keys, mac_of, pinblock
from tests.gateway import golden_messages as golden


def test_node_makes_the_same_macs_and_blocks_from_the_documents_alone(peer):
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    orders = [
        {
            "key": dice.randbytes(32).hex(),
            "message": dice.randbytes(count).hex(),
            "code": f"{dice.randrange(10**6):06d}",
            "pan": f"{dice.randrange(10**16):016d}",
        }
        for count in [*range(1, 40), 100, 255, 256, 1000]
    ]
    for order, told in zip(orders, peer("mac_peer.js", orders), strict=True):
        key = bytes.fromhex(order["key"])
        message = bytes.fromhex(order["message"])
        made = {
            kind: mac_of(kind, key)(message).hex()
            for kind in MAC_KINDS
            if kind != "none"
        }
        old = code_keys(key, old=True).old
        block = pinblock.encipher_old(order["code"], order["pan"], old)
        assert told == {**made, "block": block.lower()}


def test_the_golden_messages_carry_the_macs_that_node_makes(peer):
    for name, kind in (("A", "hmac-sha256"), ("B", "x9.19")):
        raws = [
            bytes.fromhex(entry[part]["hex"])
            for entry in golden.read(name)
            for part in ("asked", "told")
        ]
        orders = [
            {
                "key": golden.KEY.hex(),
                "message": raw[:-8].hex(),
                "code": "1234",
                "pan": "9990001000000017",
            }
            for raw in raws
        ]
        told = peer("mac_peer.js", orders)
        assert [entry[kind] for entry in told] == [raw[-8:].hex() for raw in raws]
