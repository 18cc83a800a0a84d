"""Parameters over HTTP: downloaded, checked, resumed, patched, and what they say."""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ekarte_auth_gateway.__main__ import main
from ekarte_auth_gateway.parameters import Document, Download, ParametersRefused
from ekarte_core import (
    Answer,
    CardRef,
    Keyring,
    Parameters,
    ParametersWish,
)
from tests.gateway import town
from tests.gateway.conftest import MakeGateway, publish
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.shop import ask, gift_card

Wished = Callable[[ParametersWish], Parameters]


@pytest.fixture
def key_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A key made as a person would make it."""
    path = tmp_path / "parameters.pem"
    assert main(["parameters-key", str(path)]) == 0
    capsys.readouterr()
    return path


@pytest.fixture(scope="module")
def still(
    new_ledger: Callable[[], str],
    keyring: Keyring,
    keyring_file: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[GatewayProcess]:
    """A gateway that tells parameters, for all tests that leave them as they are."""
    folder = tmp_path_factory.mktemp("still")
    assert main(["parameters-key", str(folder / "parameters.pem")]) == 0
    process = GatewayProcess(
        new_ledger(),
        keyring,
        keyring_file,
        folder,
        EKARTE_PARAMETERS_KEY_FILE=str(folder / "parameters.pem"),
        EKARTE_PARAMETERS_EVERY_S="0.1",
    ).start_ready()
    wait_for_version(process, 1)
    yield process
    assert process.stop() == 0


@pytest.fixture
def telling(make_gateway: MakeGateway, key_file: Path) -> GatewayProcess:
    """A gateway of the test's own that tells parameters, and looks for news."""
    process = make_gateway(
        EKARTE_PARAMETERS_KEY_FILE=str(key_file), EKARTE_PARAMETERS_EVERY_S="0.1"
    ).start_ready()
    wait_for_version(process, 1)
    return process


def wait_for_version(process: GatewayProcess, version: int, branch: str = "G1") -> None:
    """Wait until answers at a branch tell of a version."""
    terminal = process.http() if branch == "G1" else process.iso(town.ISO_2)

    def told() -> bool:
        newest = process.sql(
            "SELECT max(version) FROM ekarte.parameters WHERE branch = %s", branch
        )
        return newest == [(version,)] and echo(terminal).params_version == version

    process.wait_until(told, f"version {version}")
    terminal.close()


def echo(terminal: Any) -> Answer:
    return ask(terminal, "echo")


def trusted(process: GatewayProcess) -> dict[str, bytes]:
    """The public keys as they are handed over with a terminal."""
    rows = process.sql("SELECT key_id, public_key FROM ekarte.parameters_key")
    return {key_id: bytes(key) for key_id, key in rows}


def wished(terminal: Any) -> Wished:
    def send(wish: ParametersWish) -> Parameters:
        answer = ask(terminal, "parameters", parameters=wish)
        assert answer.rc == "00", answer
        assert answer.parameters is not None
        return answer.parameters

    return send


def load(download: Download, send: Wished) -> list[str]:
    """Ask until there is nothing more to ask; returns the kinds of what came."""
    kinds = []
    download.done = False
    while not download.done:
        part = send(download.wish())
        kinds.append(part.kind)
        download.take(part)
    return kinds


def loaded(process: GatewayProcess, terminal: Any) -> Document:
    download = Download("G1", trusted(process))
    load(download, wished(terminal))
    assert download.document is not None
    return download.document


# --- download


def test_a_terminal_downloads_its_parameters_and_then_has_them(still: GatewayProcess):
    terminal = still.http()
    download = Download("G1", trusted(still))
    assert load(download, wished(terminal)) == ["full", "same"]
    document = download.document
    assert document is not None
    assert (document.branch, document.version) == ("G1", 1)
    assert town.HTTP_1 in document.network["terminals"]
    assert echo(terminal).params_version == document.version
    assert still.operations() == 0, "it books nothing"


@pytest.mark.parametrize("transport", ["iso", "frame"])
def test_elsewhere_the_same_comes_in_small_chunks(
    still: GatewayProcess, transport: str
):
    by_http, by_other = (Download("G1", trusted(still)) for _line in range(2))
    load(by_http, wished(still.http()))
    kinds = load(by_other, wished(getattr(still, transport)()))
    assert len(kinds) > 5
    assert set(kinds[:-1]) == {"full"}
    assert by_other.text == by_http.text


def test_every_answer_of_a_branch_tells_its_version(telling: GatewayProcess):
    other = town.document()["branches"]
    other[1]["name"] = "Teika, second floor"
    publish(telling.dsn, telling.log_file.parent, branches=other)
    wait_for_version(telling, 2, "G2")
    # Nothing changed for the first branch.
    assert echo(telling.http()).params_version == 1
    assert echo(telling.iso(town.ISO_2)).params_version == 2
    answer = ask(telling.iso(town.ISO_2), "sale", card=town.club_number(), amount=100)
    assert answer.params_version == 2


def test_a_change_comes_as_a_patch_and_the_same_signature_proves_it(
    telling: GatewayProcess,
):
    terminal = telling.http()
    download = Download("G1", trusted(telling))
    load(download, wished(terminal))
    programs = town.document()["programs"]
    programs[2]["parameters"]["base_rate"] = 700
    publish(telling.dsn, telling.log_file.parent, programs=programs)
    wait_for_version(telling, 2)
    assert load(download, wished(terminal)) == ["delta", "same"]
    assert download.document is not None
    assert download.document.version == 2
    program = download.document.network["programs"]["GRO-DISC"]
    assert program["parameters"]["base_rate"] == 700
    # From nothing the very same comes as a whole.
    fresh = Download("G1", trusted(telling))
    load(fresh, wished(terminal))
    assert fresh.text == download.text


def test_what_a_terminal_has_is_noted_once(telling: GatewayProcess):
    terminal = telling.http()
    noted = "SELECT terminal, version FROM ekarte.parameters_loaded ORDER BY number"
    download = Download("G1", trusted(telling))
    download.take(wished(terminal)(download.wish()))
    assert telling.sql(noted) == [], "a download is not yet a document in force"
    for _again in range(3):
        load(download, wished(terminal))
    telling.wait_until(lambda: telling.sql(noted), "noted")
    assert telling.sql(noted) == [(town.HTTP_1, 1)]
    wished(terminal)(ParametersWish(known=99))  # a version that never was
    assert telling.sql(noted) == [(town.HTTP_1, 1)]


def test_without_a_key_the_command_is_not_known_here(gateway: GatewayProcess):
    assert ask(gateway.http(), "parameters").rc == "12"


def test_a_chunk_that_is_not_there_is_refused(still: GatewayProcess):
    answer = ask(still.http(), "parameters", parameters=ParametersWish(chunk=9000))
    assert (answer.rc, answer.field) == ("30", "parameters.chunk")


# --- resumed


def stop_many(process: GatewayProcess, count: int) -> None:
    """Put cards on the stop list that nobody holds, so that there is much to load."""
    process.sql(
        "INSERT INTO ekarte.stop_change "
        "SELECT n + (SELECT coalesce(max(number), 0) FROM ekarte.stop_change), -n, "
        "'blocked', substring(sha256(n::text::bytea), 1, 5), 1, '{GROCER}', now() "
        "FROM generate_series(1, %s) AS n RETURNING 1",
        count,
    )


def test_a_download_goes_on_though_a_newer_version_has_appeared(
    telling: GatewayProcess,
):
    stop_many(telling, 20_000)
    wait_for_version(telling, 2)
    terminal = telling.http()
    send = wished(terminal)
    download = Download("G1", trusted(telling))
    download.take(send(download.wish()))
    telling.stop()
    publish(telling.dsn, telling.log_file.parent, name="Renamed")
    telling.start_ready()
    wait_for_version(telling, 3)
    terminal = telling.http()
    wish = download.wish()
    assert (wish.version, wish.chunk) == (2, 1)
    document = None
    while document is None:
        document = download.take(wished(terminal)(download.wish()))
    assert (document.version, document.stop_list.count()) == (2, 20_000)
    assert load(download, wished(terminal)) == ["delta", "same"]
    assert download.document is not None
    assert download.document.version == 3


def test_a_version_that_is_not_kept_begins_anew(still: GatewayProcess):
    terminal = still.http()
    part = wished(terminal)(ParametersWish(version=77, chunk=5))
    assert (part.version, part.chunk, part.kind) == (1, 0, "full")


# --- tampered


@pytest.mark.parametrize("place", [0, 700, -2])
def test_a_document_with_one_bit_changed_is_refused(still: GatewayProcess, place: int):
    def spoilt(wish: ParametersWish) -> Parameters:
        part = wished(terminal)(wish)
        content = bytearray(base64.b64decode(part.data))
        content[place] ^= 1
        data = base64.b64encode(content).decode()
        return Parameters(
            version=part.version,
            kind=part.kind,
            chunks=part.chunks,
            chunk=part.chunk,
            data=data,
            signature=part.signature,
            key_id=part.key_id,
        )

    terminal = still.http()
    download = Download("G1", trusted(still))
    with pytest.raises(ParametersRefused, match="signature"):
        load(download, spoilt)
    assert download.document is None
    load(download, wished(terminal))
    assert download.document is not None


def test_a_key_that_was_not_handed_over_is_refused(still: GatewayProcess):
    download = Download("G1", {"0" * 16: bytes(32)})
    with pytest.raises(ParametersRefused, match="not known here"):
        load(download, wished(still.http()))


def test_the_parameters_of_another_branch_are_refused(still: GatewayProcess):
    download = Download("G2", trusted(still))
    with pytest.raises(ParametersRefused, match="branch G1"):
        load(download, wished(still.http()))


# --- the stop list


def test_a_blocked_card_is_on_the_list_and_off_it_again(telling: GatewayProcess):
    terminal = telling.http()
    value = gift_card(terminal, 1000)
    assert loaded(telling, terminal).stopped(CardRef(value=value)) == ""
    assert ask(terminal, "block", card=value).rc == "00"
    wait_for_version(telling, 2)
    document = loaded(telling, terminal)
    assert document.stopped(CardRef(value=value)) == "62"
    assert document.stopped(CardRef(value=town.gift_number())) == ""
    assert ask(terminal, "unblock", card=value).rc == "00"
    wait_for_version(telling, 3)
    assert loaded(telling, terminal).stopped(CardRef(value=value)) == ""


@pytest.mark.parametrize(("reason", "rc"), [("lost", "41"), ("stolen", "43")])
def test_the_list_says_what_the_host_would_say(
    telling: GatewayProcess, reason: str, rc: str
):
    terminal = telling.http()
    value = gift_card(terminal, 1000)
    ask(terminal, "block", card=value, reason=reason)
    wait_for_version(telling, 2)
    assert loaded(telling, terminal).stopped(CardRef(value=value)) == rc
    assert ask(terminal, "sale", card=value, amount=100).rc == rc


def test_neither_number_nor_key_of_the_list_is_in_the_logs_or_the_ledger(
    telling: GatewayProcess,
):
    terminal = telling.http()
    value = gift_card(terminal, 1000)
    ask(terminal, "block", card=value)
    wait_for_version(telling, 2)
    document = loaded(telling, terminal)
    (key,) = document.stop_list.keys.values()
    said = telling.log_text() + str(
        telling.sql("SELECT * FROM ekarte.card")
        + telling.sql("SELECT * FROM ekarte.stop_change")
        + telling.sql("SELECT * FROM ekarte.parameters")
    )
    assert value not in said
    assert key not in said


# --- keys


def test_a_new_key_is_known_before_it_signs(telling: GatewayProcess, key_file: Path):
    terminal = telling.http()
    handed = trusted(telling)
    download = Download("G1", handed)
    load(download, wished(terminal))
    (old,) = handed
    assert main(["parameters-key", str(key_file), "--next"]) == 0
    telling.stop()
    telling.start_ready()
    wait_for_version(telling, 2)
    part = wished(telling.http())(ParametersWish())
    assert part.key_id == old
    load(download, wished(telling.http()))
    assert set(download.trusted) == set(trusted(telling))
    assert main(["parameters-key", str(key_file), "--retire"]) == 0
    telling.stop()
    publish(telling.dsn, telling.log_file.parent, name="Renamed")
    telling.start_ready()
    wait_for_version(telling, 3)
    part = wished(telling.http())(ParametersWish())
    assert part.key_id != old
    assert load(download, wished(telling.http())) == ["delta", "same"]
    # Who slept through it has the old key only.
    with pytest.raises(ParametersRefused, match="not known here"):
        load(Download("G1", handed), wished(telling.http()))


def test_a_gateway_that_lacks_the_key_does_not_start(
    make_gateway: MakeGateway, tmp_path: Path
):
    path = tmp_path / "open.pem"
    main(["parameters-key", str(path)])
    path.chmod(0o644)
    process = make_gateway(EKARTE_PARAMETERS_KEY_FILE=str(path))
    with pytest.raises(AssertionError, match="open to others"):
        process.start()


# --- several gateways


def test_two_gateways_on_one_ledger_tell_the_same(
    telling: GatewayProcess,
    make_gateway: MakeGateway,
    key_file: Path,
    tmp_path: Path,
):
    folder = tmp_path / "second"
    folder.mkdir()
    second = GatewayProcess(
        telling.dsn,
        telling.keyring,
        telling.keyring_file,
        folder,
        EKARTE_PARAMETERS_KEY_FILE=str(key_file),
        EKARTE_PARAMETERS_EVERY_S="0.1",
    ).start_ready()
    try:
        value = gift_card(telling.http(), 1000)
        ask(second.http(), "block", card=value)
        wait_for_version(telling, 2)
        wait_for_version(second, 2)
        publish(telling.dsn, tmp_path, name="Renamed")
        wait_for_version(telling, 3)
        wait_for_version(second, 3)
        one, other = (Download("G1", trusted(telling)) for _gateway in range(2))
        load(one, wished(telling.http()))
        load(other, wished(second.http(town.HTTP_2)))
        assert one.text == other.text
        made = telling.sql(
            "SELECT branch, version FROM ekarte.parameters ORDER BY 1, 2"
        )
        assert made == [(branch, n) for branch in ("G1", "G2") for n in (1, 2, 3)]
    finally:
        assert second.stop() == 0
