"""Decoders with a bug each, for the fuzzer to find."""

_kept: list[bytes] = []


def behind_four_doors(raw: bytes) -> None:
    """Break on an input that begins with four certain signs, found one by one."""
    if raw[:1] != b"E":
        raise ValueError
    if raw[1:2] != b"K":
        raise ValueError
    if raw[2:3] != b"A":
        raise ValueError
    if raw[3:4] == b"7":
        raise KeyError("planted")


def behind_a_door(raw: bytes) -> None:
    if raw[1:2] == b"0":
        raise KeyError("planted")


def hangs_on_an_a(raw: bytes) -> None:
    while b"A" in raw:
        raw = raw[:]


def remembers_all(raw: bytes) -> None:
    _kept.append(raw * 100)


def takes_a_lot(raw: bytes) -> None:
    bytearray(2_000_000 if raw else 0)


def is_fine(raw: bytes) -> int:
    if not raw:
        raise ValueError
    return raw[0]


def repeats_what_it_was_sent(raw: bytes) -> None:
    raise ValueError(f"this is no card: {raw!r}")


def names_a_limit(raw: bytes) -> None:
    raise ValueError("must be 1 to 999999999999")
