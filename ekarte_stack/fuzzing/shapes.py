"""Changes that know a language: they keep lengths right, so that they come further."""

import random

from ekarte_auth_gateway.codec import Profile, frames, pack, tlv, unpack
from ekarte_stack.fuzzing.changes import change
from ekarte_stack.fuzzing.fuzzer import Change

_FRAME_WORDS = tuple(part.tag.encode() for part in frames.REQUEST.parts)


def fields(profile: Profile) -> Change:
    """Return what changes the content of a field of ISO 8583, or takes fields away."""

    def changed(raw: bytes, dice: random.Random) -> bytes:
        found = unpack(raw, profile)
        names = [name for name in found if name not in ("p", "1")]
        for _ in range(dice.randint(1, 3)):
            name = dice.choice(names)
            if dice.random() < 0.2:
                found.pop(name, None)
            elif name in found:
                found[name] = _field(found[name], name, profile, dice)
        return pack(found, None, profile)

    return changed


def _field(text: str, name: str, profile: Profile, dice: random.Random) -> str:
    """Change a text; the number of signs stays where it has to."""
    if name in ("48", "63"):
        return pairs(text.encode("latin-1"), dice).decode("latin-1")
    kind = "n" if name == "t" else profile.fields[int(name)].kind
    if kind not in ("n", "b", "z"):
        return change(text.encode("latin-1"), dice, (), ()).decode("latin-1")
    signs = "0123456789" if kind != "b" else "0123456789ABCDEF"
    return "".join(
        dice.choice(signs) if dice.random() < 0.3 and sign in signs else sign
        for sign in text
    )


def pairs(raw: bytes, dice: random.Random) -> bytes:
    """Change tags and values of TLVs; lengths stay right."""
    found = tlv.split(raw.decode("latin-1"), "")
    for _ in range(dice.randint(1, 3)):
        place = dice.randrange(len(found))
        tag, value = found[place]
        kind = dice.randrange(4)
        if kind == 0:
            found[place:place] = [found[dice.randrange(len(found))]]
        elif kind == 1:
            found[place] = (dice.choice(_FRAME_WORDS).decode(), value)
        else:
            text = change(value.encode(), dice, (), (b";", b"-", b"9" * 18, b" "))
            found[place] = (tag, text.decode(errors="replace"))
    return "".join(tlv.join(pair, "") for pair in found).encode("latin-1")


def behind_first_byte(inner: Change) -> Change:
    """Return the change of what stands behind a first byte, which stays."""
    return lambda raw, dice: raw[:1] + inner(raw[1:], dice)
