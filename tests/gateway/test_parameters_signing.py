"""The key file: made once, tended by command, refused when it is no such file."""

import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ekarte_auth_gateway.__main__ import main
from ekarte_auth_gateway.parameters import (
    ParametersKeyInvalid,
    key_id_of,
    load_signer,
    verify,
)

TEXT = b'{"branch":"G1"}'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "parameters.pem"
    assert main(["parameters-key", str(path)]) == 0
    return path


def told(capsys: pytest.CaptureFixture[str], file: Path, *more: str) -> list[list[str]]:
    """What the command prints: key id, use, public key."""
    capsys.readouterr()
    assert main(["parameters-key", str(file), *more]) == 0
    lines = capsys.readouterr().out.splitlines()
    return [line.replace(":", "").split() for line in lines]


def test_a_new_file_is_the_owner_s_alone_and_never_written_over(
    file: Path, capsys: pytest.CaptureFixture[str]
):
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    ((key_id, use, *_words, public_key),) = told(capsys, file)
    assert file.read_bytes() == before
    assert use == "signs"
    assert key_id == key_id_of(bytes.fromhex(public_key))
    assert b"PRIVATE" in before


def test_what_is_signed_is_verified_and_nothing_else(file: Path):
    signer = load_signer(file)
    signature, key = signer.sign(TEXT), signer.public_keys[0]
    assert len(signature) == 64
    assert verify(TEXT, signature, key)
    assert not verify(TEXT + b" ", signature, key)
    assert not verify(TEXT, signature[:-1] + bytes([signature[-1] ^ 1]), key)
    assert not verify(TEXT, signature, bytes(32))
    assert not verify(TEXT, b"", key)
    assert not verify(TEXT, signature, b"short")


def test_a_key_is_added_and_then_takes_over(
    file: Path, capsys: pytest.CaptureFixture[str]
):
    ((first, *_rest),) = told(capsys, file)
    file.chmod(0o640)
    added = told(capsys, file, "--next")
    assert added[0][:2] == [first, "signs"]
    second = added[1][0]
    assert load_signer(file).key_id == first
    assert [key_id for key_id, _key in load_signer(file).announced] == [first, second]
    assert stat.S_IMODE(file.stat().st_mode) == 0o640, "the rights stay"
    ((now, use, *_more),) = told(capsys, file, "--retire")
    assert (now, use) == (second, "signs")
    assert not file.with_name("parameters.pem.new").exists()


@pytest.mark.parametrize(
    ("changes", "why"),
    [(["--retire"], "only key stays"), (["--next", "--next"], "a next key already")],
)
def test_changes_that_do_not_fit_are_refused(
    file: Path, capsys: pytest.CaptureFixture[str], changes: list[str], why: str
):
    for change in changes[:-1]:
        told(capsys, file, change)
    before = file.read_bytes()
    assert main(["parameters-key", str(file), changes[-1]]) == 2
    assert why in capsys.readouterr().err
    assert file.read_bytes() == before


def _rsa() -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "one private key"),
        (b"secret-of-mine\n-----END PRIVATE KEY-----\n", "no private key in PEM"),
        (b"\xff\xfe", "cannot be read"),
        (_rsa(), "not Ed25519"),
    ],
)
def test_what_holds_no_such_key_is_refused_without_quoting_it(
    file: Path, content: bytes, why: str
):
    file.write_bytes(content)
    with pytest.raises(ParametersKeyInvalid, match=why) as refused:
        load_signer(file)
    assert "secret-of-mine" not in str(refused.value)


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o604])
def test_a_file_that_others_may_read_is_refused(file: Path, mode: int):
    file.chmod(mode)
    with pytest.raises(ParametersKeyInvalid, match="open to others"):
        load_signer(file)


def test_a_file_for_a_group_is_allowed(file: Path):
    file.chmod(0o640)
    assert load_signer(file)


def test_nothing_prints_the_key(file: Path):
    signer = load_signer(file)
    assert repr(signer) == f"Signer({signer.key_id})"
