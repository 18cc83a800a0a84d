"""The access code on the wire, enciphered and bound to the card's number.

Format 4 of ISO 9564-1:2017 (AES-128, 16 bytes, randomised) is the rule: 32 hex digits
in sub-field ``PB``. Format 0 (triple DES, 8 bytes: what DE52 of the 1987 version has
room for) is for old devices only. It has no random part: the same code on the same
card always looks the same, so who watches the wire learns when a code was wrong.
"""

from typing import NamedTuple

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from ekarte_auth_gateway.codec import keys
from ekarte_auth_gateway.codec.errors import CodecError

BLOCK_BYTES = 16
OLD_BLOCK_BYTES = 8
RANDOM_BYTES = 8
CODE_DIGITS_MIN, CODE_DIGITS_MAX = 4, 12
PAN_DIGITS_MIN, PAN_DIGITS_MAX = 12, 19
PLACE = "DE48.PB"


class CodeKeys(NamedTuple):
    """Keys for the access codes of one terminal. Prints without them.

    Attributes:
        block: for format 4.
        old: for format 0; None: this terminal must not use it.
    """

    block: bytes
    old: bytes | None = None

    def __repr__(self) -> str:
        """Show nothing of the keys."""
        return f"CodeKeys(old={self.old is not None})"


def code_keys(terminal_key: bytes, *, old: bool = False) -> CodeKeys:
    """Derive the keys from a terminal's key; `old` allows format 0."""
    tdes = keys.block_key_tdes(terminal_key) if old else None
    return CodeKeys(keys.block_key_aes(terminal_key), tdes)


def encipher(code: str, number: str, key: bytes, random: bytes) -> str:
    """Return a block of format 4 as 32 hex digits.

    Args:
        code: 4 to 12 digits.
        number: the card's number as the terminal read it; its digits bind the block.
        key: 16 bytes, `CodeKeys.block`.
        random: 8 fresh random bytes; they make equal codes look different.

    Raises:
        CodecError: the code is not 4 to 12 digits.
    """
    _check_code(code)
    assert len(random) == RANDOM_BYTES, "eight random bytes for each block"
    text = f"4{len(code):X}{code:A<14}"
    first = _aes(key, bytes.fromhex(text) + random, decrypt=False)
    return _aes(key, _xor(first, _pan_block(number)), decrypt=False).hex().upper()


def encipher_old(code: str, number: str, key: bytes) -> str:
    """Return a block of format 0 as 16 hex digits; `key` is `CodeKeys.old`.

    Raises:
        CodecError: the code is not 4 to 12 digits.
    """
    _check_code(code)
    text = f"0{len(code):X}{code:F<14}"
    plain = _xor(bytes.fromhex(text), _old_pan_block(number))
    return _tdes(key, plain, decrypt=False).hex().upper()


def decipher(block: str, number: str, keys_: CodeKeys, place: str = PLACE) -> str:
    """Return the access code of a block, whose length tells its format.

    Raises:
        CodecError: not a block, another card's block, made with another key, or of
            format 0 where that is not allowed.
    """
    try:
        raw = bytes.fromhex(block)
    except ValueError:
        raise CodecError(place, "is not 32 hex digits") from None
    if len(raw) == OLD_BLOCK_BYTES:
        if keys_.old is None:
            raise CodecError(place, "format 0 is not for this terminal: use format 4")
        plain = _xor(_tdes(keys_.old, raw, decrypt=True), _old_pan_block(number))
        return _code_of(plain, "0", "F", place)
    if len(raw) != BLOCK_BYTES:
        raise CodecError(place, "is not 32 hex digits")
    first = _xor(_aes(keys_.block, raw, decrypt=True), _pan_block(number))
    text = _aes(keys_.block, first, decrypt=True)[:RANDOM_BYTES]
    return _code_of(text, "4", "A", place)


def _check_code(code: str) -> None:
    right_length = CODE_DIGITS_MIN <= len(code) <= CODE_DIGITS_MAX
    if not (code.isascii() and code.isdigit() and right_length):
        raise CodecError(PLACE, "an access code has 4 to 12 digits")


def _code_of(plain: bytes, control: str, filler: str, place: str) -> str:
    text = plain.hex().upper()
    digits = int(text[1], 16)
    code, fill = text[2 : 2 + digits], text[2 + digits :]
    if (
        text[0] != control
        or not CODE_DIGITS_MIN <= digits <= CODE_DIGITS_MAX
        or not code.isdigit()
        or fill != filler * len(fill)
    ):
        raise CodecError(place, "was not made for this card with this terminal's key")
    return code


def _pan_block(number: str) -> bytes:
    """Length digit and number, filled with zeros; short numbers get zeros in front."""
    digits = _digits(number)[-PAN_DIGITS_MAX:].rjust(PAN_DIGITS_MIN, "0")
    return bytes.fromhex(f"{len(digits) - PAN_DIGITS_MIN}{digits}".ljust(32, "0"))


def _old_pan_block(number: str) -> bytes:
    """The twelve digits before the check digit; short numbers get zeros in front."""
    digits = _digits(number)[:-1][-PAN_DIGITS_MIN:]
    return bytes.fromhex(digits.rjust(2 * OLD_BLOCK_BYTES, "0"))


def _digits(number: str) -> str:
    return "".join(sign for sign in number if "0" <= sign <= "9")


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def _aes(key: bytes, block: bytes, *, decrypt: bool) -> bytes:
    # One block, chained by hand as the standard says: ECB is the bare cipher here.
    cipher = Cipher(AES(key), modes.ECB())  # noqa: S305 - one block, as the norm has it
    step = cipher.decryptor() if decrypt else cipher.encryptor()
    return step.update(block) + step.finalize()


def _tdes(key: bytes, block: bytes, *, decrypt: bool) -> bytes:
    # Two keys: the first serves twice.
    three = key + key[:OLD_BLOCK_BYTES]
    cipher = Cipher(TripleDES(three), modes.ECB())  # noqa: S305 - one block, as the norm has it
    step = cipher.decryptor() if decrypt else cipher.encryptor()
    return step.update(block) + step.finalize()
