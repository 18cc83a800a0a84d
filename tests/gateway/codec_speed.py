"""What a sale and its answer cost the codec: ``python -m tests.gateway.codec_speed``.

Without an access code. Microseconds of CPU, the best of many rounds, so that a busy
machine matters little.
"""

import time
from collections.abc import Callable

from msgspec.structs import replace

from ekarte_auth_gateway.codec import (
    MAC_KINDS,
    answer_to_fields,
    command_of,
    echo,
    mac_is_right,
    mac_of,
    pack,
    request_from_fields,
    unpack,
)
from ekarte_core import Request
from tests.gateway import golden_messages as golden

ROUNDS, CALLS = 15, 1000
SALE = replace(golden.SALE, access_code=None)


def cost_us(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.process_time()
        for _ in range(CALLS):
            work()
        best = min(best, time.process_time() - begun)
    return best / CALLS * 1e6


def measure(name: str, way: golden.Way) -> None:
    raw = golden.request_bytes(SALE, way)
    asked = unpack(raw, way.profile)

    def read() -> Request:
        fields = unpack(raw, way.profile)
        assert mac_is_right(raw, fields, way.mac)
        return request_from_fields(fields, command_of(fields), way.context)

    def write() -> bytes:
        fields = answer_to_fields(golden.SOLD, echo(asked))
        return pack(fields, way.mac, way.profile)

    print(f"profile {name}: sale read {cost_us(read):.1f}, answer {cost_us(write):.1f}")


if __name__ == "__main__":
    for name, way in golden.WAYS.items():
        for kind in MAC_KINDS:
            mac = mac_of(kind, golden.KEY)
            if mac is not None:
                measure(f"{name} {kind}", way._replace(mac=mac))
