"""The profiles in the shape that pyiso8583 takes: a codec by others, as oracle."""

from typing import Any

from ekarte_auth_gateway.codec import Profile
from ekarte_auth_gateway.codec.fields import Field


def spec_of(profile: Profile) -> dict[str, dict[str, Any]]:
    return {
        "h": _entry(Field("ans", 0, 0, "header"), profile),
        "t": _entry(Field("n", 0, 4, "message type"), profile),
        "p": _entry(Field("b", 0, 8, "bitmap"), profile),
        "1": _entry(Field("b", 0, 8, "secondary bitmap"), profile),
        **{str(n): _entry(row, profile) for n, row in profile.fields.items()},
    }


def _entry(row: Field, profile: Profile) -> dict[str, Any]:
    encoding = {"b": "b", "u": "latin-1"}.get(row.kind, profile.characters)
    entry = {
        "data_enc": encoding,
        "len_enc": profile.characters,
        "len_type": row.prefix,
        "max_len": row.size,
        "desc": row.name,
    }
    if profile.packed:
        entry |= {"len_enc": "bcd", "len_type": (row.prefix + 1) // 2}
        if row.kind in ("n", "z"):
            pad = {"left_pad": "0"} if profile.pad == "front" else {"right_pad": "F"}
            entry |= {"data_enc": "b", "len_count": "nibbles", **pad}
    return entry
