"""What the stop list shows of a card: a mark that only who holds the card can make.

Terminals download the list, so it must not be a list of numbers, nor of digests that
a computer quickly turns back into numbers by trying all of them. A mark is made in two
steps: a quick one from the number, under a key that terminals are given (the ledger
keeps its result, for it keeps no numbers), and a slow one from that, scrypt (RFC 7914).
A terminal takes it once for each card it is shown, who tries out numbers for each.

Too few are the numbers of phones and documents, and a bank's cards are not ours: these
kinds are on no list, and nobody decides on them without asking.
"""

import hashlib
import hmac

STOP_KINDS = ("number", "chip")
STOP_TOKEN_BYTES = 16
MARK_BYTES = 5
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**14, 8, 1
_SALT = b"ekarte stop list"
_MEMORY_BYTES_MAX = 64 * 2**20


def stop_token(key: bytes, kind: str, number: str) -> bytes:
    """Return the quick digest of an identifier, under the key of the stop list."""
    message = f"stop|{kind}|{number}".encode()
    return hmac.digest(key, message, "sha256")[:STOP_TOKEN_BYTES]


def stop_mark(token: bytes) -> bytes:
    """Return the mark of a stop token; takes some hundredths of a second."""
    return hashlib.scrypt(
        token,
        salt=_SALT,
        n=SCRYPT_N,
        r=SCRYPT_R,
        p=SCRYPT_P,
        maxmem=_MEMORY_BYTES_MAX,
        dklen=MARK_BYTES,
    )
