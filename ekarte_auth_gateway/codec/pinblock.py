"""The access code on the wire: an ISO 9564-1:2017 format 4 block (AES-128).

A clear code on a plain socket is not acceptable, so the code travels enciphered
under a key of the terminal and bound to the card's number. Format 4 is 16 bytes
long; field 52 of the 1987 version holds 8, which is format 0 and needs triple DES:
that is for old devices and comes with them. Ours goes as 32 hex digits in
sub-field ``PB`` of DE48.
"""

import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from ekarte_auth_gateway.codec.errors import CodecError

BLOCK_BYTES = 16
RANDOM_BYTES = 8
CODE_DIGITS_MIN, CODE_DIGITS_MAX = 4, 12
PAN_DIGITS_MIN, PAN_DIGITS_MAX = 12, 19
PLACE = "DE48.PB"
_KEY_LABEL = b"ekarte pin block aes-128\x01"


def block_key(terminal_key: bytes) -> bytes:
    """Derive the 16-byte block key from a terminal's key (HKDF-Expand, RFC 5869)."""
    return hmac.new(terminal_key, _KEY_LABEL, hashlib.sha256).digest()[:BLOCK_BYTES]


def encipher(code: str, number: str, key: bytes, random: bytes) -> str:
    """Return the block as 32 hex digits.

    Args:
        code: 4 to 12 digits.
        number: the card's number as the terminal read it; its digits bind the block.
        key: from `block_key`.
        random: 8 fresh random bytes; they make equal codes look different.

    Raises:
        CodecError: the code is not 4 to 12 digits.
    """
    if not (
        code.isascii()
        and code.isdigit()
        and CODE_DIGITS_MIN <= len(code) <= CODE_DIGITS_MAX
    ):
        raise CodecError(PLACE, "an access code has 4 to 12 digits")
    text = f"4{len(code):X}{code:A<14}"
    first = _aes(key, bytes.fromhex(text) + random, decrypt=False)
    return _aes(key, _xor(first, _pan_block(number)), decrypt=False).hex().upper()


def decipher(block: str, number: str, key: bytes) -> str:
    """Return the access code of a block.

    Raises:
        CodecError: not a block, another card's block, or made with another key.
    """
    try:
        raw = bytes.fromhex(block)
    except ValueError:
        raise CodecError(PLACE, "is not 32 hex digits") from None
    if len(raw) != BLOCK_BYTES:
        raise CodecError(PLACE, "is not 32 hex digits")
    first = _xor(_aes(key, raw, decrypt=True), _pan_block(number))
    text = _aes(key, first, decrypt=True)[:RANDOM_BYTES].hex().upper()
    digits = int(text[1], 16)
    code, fill = text[2 : 2 + digits], text[2 + digits :]
    if (
        text[0] != "4"
        or not CODE_DIGITS_MIN <= digits <= CODE_DIGITS_MAX
        or not code.isdigit()
        or fill != "A" * len(fill)
    ):
        raise CodecError(PLACE, "was not made for this card with this terminal's key")
    return code


def _pan_block(number: str) -> bytes:
    """Length digit and number, filled with zeros; short numbers get zeros in front."""
    digits = "".join(sign for sign in number if "0" <= sign <= "9")
    digits = digits[-PAN_DIGITS_MAX:].rjust(PAN_DIGITS_MIN, "0")
    return bytes.fromhex(f"{len(digits) - PAN_DIGITS_MIN}{digits}".ljust(32, "0"))


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def _aes(key: bytes, block: bytes, *, decrypt: bool) -> bytes:
    # One block, chained by hand as the standard says: ECB is the bare cipher here.
    cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305 - one block, as the norm has it
    step = cipher.decryptor() if decrypt else cipher.encryptor()
    return step.update(block) + step.finalize()
