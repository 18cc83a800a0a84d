"""MACs and code blocks against published vectors and a foreign library, psec."""

import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ekarte_auth_gateway.codec import (
    MAC_KINDS,
    CodecError,
    CodeKeys,
    code_keys,
    keys,
    mac_of,
    mac_with,
    pinblock,
)

with warnings.catch_warnings():
    # psec takes triple DES from where cryptography had it years ago.
    warnings.simplefilter("ignore")
    from psec import mac as psec_mac
    from psec import pinblock as psec_pinblock

KEY = bytes(range(32))
slow_is_fine = settings(deadline=None, print_blob=True)
sixteen = st.binary(min_size=16, max_size=16)
messages = st.binary(min_size=1, max_size=400)

# NIST SP 800-38B, appendix D.1 (AES-128).
NIST_KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
NIST_TEXT = bytes.fromhex(
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)


@pytest.mark.parametrize(
    ("count", "tag"),
    [
        (0, "bb1d6929e9593728"),
        (16, "070a16b46b4d4144"),
        (40, "dfa66747de9ae630"),
        (64, "51f0bebf7e3b9d92"),
    ],
)
def test_aes_cmac_is_that_of_nist(count, tag):
    assert mac_with("aes-cmac", NIST_KEY)(NIST_TEXT[:count]).hex() == tag


@pytest.mark.parametrize(
    ("key", "text", "tag"),
    [  # RFC 4231, cases 1 and 2
        ("0b" * 20, b"Hi There".hex(), "b0344c61d8db3853"),
        (b"Jefe".hex(), b"what do ya want for nothing?".hex(), "5bdcc146bf60754e"),
    ],
)
def test_hmac_is_that_of_the_rfc(key, text, tag):
    mac = mac_with("hmac-sha256", bytes.fromhex(key))
    assert mac(bytes.fromhex(text)).hex() == tag


@slow_is_fine
@given(sixteen, messages)
def test_the_retail_mac_is_that_of_psec(key, message):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = psec_mac.generate_retail_mac(key[:8], key[8:], message, 1)
    assert mac_with("x9.19", key)(message) == theirs


def test_the_retail_mac_is_that_of_a_published_example():
    """ISO/IEC 9797-1 algorithm 3 with padding 1: 'Now is the time for all '."""
    key = bytes.fromhex("0123456789abcdeffedcba9876543210")
    assert (
        mac_with("x9.19", key)(b"Now is the time for all ").hex() == "a1c72e74ea3fa9b6"
    )


@pytest.mark.parametrize("kind", ["aes-cmac", "x9.19"])
def test_a_key_of_another_length_is_refused(kind):
    for count in (8, 24, 32):
        with pytest.raises(ValueError, match="16 bytes"):
            mac_with(kind, bytes(count))
    assert len(mac_with(kind, bytes(16))(b"x")) == 8


def test_an_unknown_mac_is_refused_and_none_is_none():
    with pytest.raises(ValueError, match="no such MAC"):
        mac_of("crc-32", KEY)
    assert mac_of("none", KEY) is None


def test_each_purpose_has_a_key_of_its_own():
    made = [
        keys.mac_key_aes(KEY),
        keys.mac_key_tdes(KEY),
        keys.block_key_aes(KEY),
        keys.block_key_tdes(KEY),
        keys.wrap_key(KEY, 2)[:16],
        keys.wrap_key(KEY, 3)[:16],
        KEY[:16],
    ]
    assert len(set(made)) == len(made)
    sums = {mac_of(kind, KEY)(b"x") for kind in MAC_KINDS if kind != "none"}
    assert len(sums) == 3


@slow_is_fine
@given(st.binary(min_size=32, max_size=32))
def test_keys_for_des_have_odd_parity_and_the_others_are_as_derived(key):
    for derived in (keys.mac_key_tdes(key), keys.block_key_tdes(key)):
        assert all(bin(byte).count("1") % 2 for byte in derived)


codes = st.from_regex(r"[0-9]{4,12}", fullmatch=True)
numbers = st.from_regex(r"[0-9]{13,19}", fullmatch=True)


@slow_is_fine
@given(codes, numbers, sixteen)
def test_a_block_of_format_0_is_that_of_psec(code, number, key):
    block = bytes.fromhex(pinblock.encipher_old(code, number, key))
    plain = pinblock._tdes(key, block, decrypt=True)
    assert plain == psec_pinblock.encode_pinblock_iso_0(code, number)
    assert psec_pinblock.decode_pinblock_iso_0(plain, number) == code
    assert pinblock.decipher(block.hex(), number, CodeKeys(bytes(16), key)) == code


@slow_is_fine
@given(codes, numbers, sixteen)
def test_a_block_of_format_4_is_read_by_psec(code, number, key):
    block = bytes.fromhex(pinblock.encipher(code, number, key, b"8 random"))
    assert psec_pinblock.decipher_pinblock_iso_4(key, block, number) == code
    theirs = psec_pinblock.encipher_pinblock_iso_4(key, code, number)
    assert pinblock.decipher(theirs.hex(), number, CodeKeys(key)) == code


OLD = code_keys(KEY, old=True)


def opened(block: str, number: str) -> str:
    try:
        return pinblock.decipher(block, number, OLD, "DE52")
    except CodecError:
        return "refused"


@slow_is_fine
@given(codes, numbers)
def test_a_block_of_another_card_never_opens_to_its_code(code, number):
    """The fill is broken, or a digit of the code: format 0 cannot always tell."""
    # The tenth digit from the right is certainly in the block.
    digit = str((int(number[-10]) + 1) % 10)
    other = number[:-10] + digit + number[-9:]
    block = pinblock.encipher_old(code, number, OLD.old)
    assert opened(block, number) == code
    assert opened(block, other) != code


@pytest.mark.parametrize("block", ["", "00" * 7, "00" * 9, "xx" * 8, "FF" * 8])
def test_noise_is_no_block(block):
    with pytest.raises(CodecError, match="DE52"):
        pinblock.decipher(block, "9990001000000017", OLD, "DE52")


def test_neither_keys_nor_codes_are_printed():
    for shown in (repr(OLD), str(OLD)):
        for key in OLD:
            assert key.hex() not in shown
            assert str(key) not in shown
