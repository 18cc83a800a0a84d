"""Where a message begins and ends: each kind of length, in pieces, and the TPDU."""

import asyncio

import pytest

from ekarte_auth_gateway.channel import ChannelLimits, TcpServer
from ekarte_auth_gateway.codec import CodecError, answer_tpdu, framing, split_tpdu, tpdu
from ekarte_auth_gateway.flow import Counters

LENGTHS = {
    "two bytes": (framing.BINARY_2, b"\x00\x0c"),
    "two bytes that count themselves": (framing.BINARY_2_OWN, b"\x00\x0e"),
    "four digits": (framing.DIGITS_4, b"0012"),
}
MESSAGE = b"twelve bytes"
every_length = pytest.mark.parametrize(
    ("length", "head"), LENGTHS.values(), ids=LENGTHS
)


@every_length
def test_a_length_is_these_bytes_and_comes_out_as_it_went_in(length, head):
    assert length.write(len(MESSAGE)) == head
    assert length.read(head) == len(MESSAGE)
    for count in (1, 255, 256, 8192):
        assert length.read(length.write(count)) == count


@every_length
def test_a_message_longer_than_its_length_can_say_is_refused(length, head):
    most = 9999 if length.digits else 65535 - length.counts_itself * 2
    assert length.read(length.write(most)) == most
    with pytest.raises(CodecError, match="longer than its length"):
        length.write(most + 1)


@pytest.mark.parametrize("head", [b"12x4", b"-012", b"    ", b"\xb2\xb2\xb2\xb2"])
def test_digits_that_are_none_are_no_length(head):
    assert framing.DIGITS_4.read(head) < 0


class Mirror:
    """Answers each message with itself, backwards."""

    label = "mirror"

    def __init__(self, length: framing.Length) -> None:
        self.length = length

    def take(self, frame: bytes, send, certificate: str = "") -> None:
        send(frame[::-1])


@every_length
@pytest.mark.parametrize("piece", [1, 3, 999])
def test_frames_are_found_in_a_stream_of_pieces(length, head, piece):
    async def play() -> bytes:
        server = TcpServer(Mirror(length), Counters(), ChannelLimits())
        port = await server.start("127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        stream = (head + MESSAGE) * 3
        for at in range(0, len(stream), piece):
            writer.write(stream[at : at + piece])
            await writer.drain()
            await asyncio.sleep(0)
        answer = await asyncio.wait_for(reader.readexactly(len(stream)), 30)
        writer.close()
        await server.stop()
        return answer

    assert asyncio.run(play()) == (head + MESSAGE[::-1]) * 3


def test_the_way_back_is_the_other_way_round_and_back_again_the_first():
    asked = tpdu("0815", "4711")
    assert asked.hex() == "6008154711"
    assert answer_tpdu(asked).hex() == "6047110815"
    assert answer_tpdu(answer_tpdu(asked)) == asked
    assert split_tpdu(asked + MESSAGE) == (asked, MESSAGE)


@pytest.mark.parametrize("frame", [b"", b"\x60\x00", b"\x68" + bytes(9)])
def test_a_frame_without_tpdu_is_refused(frame):
    with pytest.raises(CodecError, match="TPDU"):
        split_tpdu(frame)
