"""An acquirer's host, written without our codec: pyiso8583's own table, own sockets.

Run as a program. It listens on a free port, tells it in its first line, and then obeys
JSON lines, {"do": {...}}: how to behave; each is answered with its book. It keeps its
book by what came over the line and nothing else, and it is not a kind host: it drops
messages before or after booking them, answers late, twice, with garbage, or hangs up.
"""

import asyncio
import hashlib
import hmac
import json
import random
import struct
import sys
from typing import Any

import iso8583
from iso8583.specs import default as spec

Fields = dict[str, str]
ANSWER_TYPES = {"0100": "0110", "0200": "0210", "0220": "0230", "0221": "0230"}
ANSWER_TYPES |= {"0400": "0410", "0401": "0410", "0800": "0810"}
ECHOED = ("3", "4", "7", "11", "12", "13", "32", "37", "41", "42", "49", "70")
MAC_BYTES = 8


class Host:
    """What the host knows and how it feels today."""

    def __init__(self, key: bytes | None) -> None:
        self.key = key
        self.chance = random.Random(1)
        self.weights = {"approve": 1}
        self.follow_weights = {"approve": 1}
        self.late_s = 1.0
        self.signs_on = True
        self.purchases: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.early: set[str] = set()
        self.faults: list[str] = []
        self.seen: list[Fields] = []
        self.writers: set[asyncio.StreamWriter] = set()
        self.under_way: set[asyncio.Future[None]] = set()

    # --- the book

    def purchase(self, fields: Fields, mood: str) -> str:
        """Book a purchase once; return the answer code."""
        name = f"{fields['t']}{fields['11']}{fields['7']}"
        entry = self.purchases.get(name)
        if entry is not None:
            entry["asked"] += 1
            return entry["rc"]
        rc = {"decline": "51", "unclear": "96", "partial": "10"}.get(mood, "00")
        if name in self.early:
            rc = "94"  # its reversal came first
        number = fields.get("2") or fields.get("35", "=").partition("=")[0]
        self.purchases[name] = {
            "rc": rc,
            "amount": int(fields["4"]),
            "terminal": fields["41"],
            "number": number,
            "reference": fields["37"],
            "charged": rc in ("00", "10", "96"),
            "reversed": False,
            "completed": None,
            "asked": 1,
        }
        return rc

    def original_of(self, fields: Fields) -> str:
        return fields["90"][:20]

    def refund(self, fields: Fields, mood: str) -> str:
        """Give money back once; return the answer code."""
        name = f"0220{fields['11']}{fields['7']}"
        known = self.refunds.get(name)
        if known is not None:
            return str(known["rc"])
        if mood in ("decline", "unclear"):
            return {"decline": "78", "unclear": "96"}[mood]
        bought = self.original_of(fields)
        entry = self.purchases.get(bought)
        if entry is None or entry["reversed"] or not entry["charged"]:
            self.faults.append("a refund of nothing")
            return "25"
        amount = int(fields["4"])
        self.refunds[name] = {"rc": "00", "of": bought, "amount": amount, "kept": False}
        if self.given_back(bought) > entry["amount"]:
            self.faults.append("a refund above the purchase")
        return "00"

    def given_back(self, bought: str) -> int:
        return sum(
            one["amount"]
            for one in self.refunds.values()
            if one["of"] == bought and not one["kept"]
        )

    def reverse(self, fields: Fields) -> str:
        if self.original_of(fields).startswith("0220"):
            refund = self.refunds.get(self.original_of(fields))
            if refund is not None:
                refund["kept"] = True
            return "00" if refund is not None else "25"
        if self.given_back(self.original_of(fields)):
            self.faults.append("a reversal of what was refunded")
        entry = self.purchases.get(self.original_of(fields))
        if entry is None:
            self.early.add(self.original_of(fields))
            return "25"
        if int(fields["4"]) != entry["amount"]:
            self.faults.append("a reversal of another amount")
        if "2" in fields and fields["2"] != entry["number"]:
            self.faults.append("a reversal of another card")
        entry["reversed"] = True
        return "00"

    def complete(self, fields: Fields) -> str:
        entry = self.purchases.get(self.original_of(fields))
        if entry is None or entry["reversed"] or not entry["charged"]:
            self.faults.append("a completion of nothing")
            return "25"
        if int(fields["4"]) > entry["amount"]:
            self.faults.append("a completion above the authorization")
        entry["completed"] = int(fields["4"])
        return "00"

    # --- the line

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.writers.add(writer)
        try:
            while True:
                (count,) = struct.unpack(">H", await reader.readexactly(2))
                raw = await reader.readexactly(count)
                under_way = asyncio.ensure_future(self.answer(raw, writer))
                self.under_way.add(under_way)
                under_way.add_done_callback(self.under_way.discard)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
        finally:
            self.writers.discard(writer)

    async def answer(self, raw: bytes, writer: asyncio.StreamWriter) -> None:
        fields, _ = iso8583.decode(raw, spec)
        if self.key is not None and not self._mac_is_right(raw):
            self.faults.append("a wrong MAC")
            return
        self.seen.append({name: fields[name] for name in fields if name != "52"})
        kind = fields["t"]
        if kind == "0800":
            if self.signs_on:
                self._send(writer, fields, "00")
            return
        weights = self.weights if kind in ("0100", "0200") else self.follow_weights
        mood = self.chance.choices(list(weights), list(weights.values()))[0]
        if mood == "drop":
            return
        if kind in ("0100", "0200"):
            rc = self.purchase(fields, mood)
        elif kind in ("0400", "0401"):
            rc = self.reverse(fields)
        elif fields["3"] == "200000":
            rc = self.refund(fields, mood)
        else:
            rc = self.complete(fields)
        await self._deliver(writer, fields, rc, mood)

    async def _deliver(
        self, writer: asyncio.StreamWriter, fields: Fields, rc: str, mood: str
    ) -> None:
        """Everything is booked by now; what is told about it is another thing."""
        if mood == "swallow":
            return
        if mood == "hang_up":
            writer.close()
            return
        if mood == "garbage":
            writer.write(struct.pack(">H", 40) + self.chance.randbytes(40))
            return
        if mood == "late":
            await asyncio.sleep(self.late_s)
        if mood == "slow":
            await asyncio.sleep(self.chance.random() * 0.1)
        changes = {"4": "000000000001"} if mood == "wrong_amount" else {}
        self._send(writer, {**fields, **changes}, rc)
        if mood == "twice":
            self._send(writer, fields, rc)

    def _send(self, writer: asyncio.StreamWriter, fields: Fields, rc: str) -> None:
        answer = {name: fields[name] for name in ECHOED if name in fields}
        answer |= {"t": ANSWER_TYPES[fields["t"]], "39": rc}
        if rc == "00" and fields["t"] in ("0100", "0200"):
            answer["38"] = fields["11"][::-1]
        mac_field = "128" if "70" in answer else "64"
        if self.key is not None:
            answer[mac_field] = "00" * MAC_BYTES
        raw, _ = iso8583.encode(answer, spec)
        raw = bytes(raw)
        if self.key is not None:
            raw = raw[:-MAC_BYTES] + self._mac(raw[:-MAC_BYTES])
        if not writer.is_closing():
            writer.write(struct.pack(">H", len(raw)) + raw)

    def _mac(self, body: bytes) -> bytes:
        assert self.key is not None
        return hmac.new(self.key, body, hashlib.sha256).digest()[:MAC_BYTES]

    def _mac_is_right(self, raw: bytes) -> bool:
        return self._mac(raw[:-MAC_BYTES]) == raw[-MAC_BYTES:]

    # --- orders

    def obey(self, order: dict[str, Any]) -> dict[str, Any]:
        wishes = order.get("do", {})
        self.weights = wishes.get("weights", self.weights)
        self.follow_weights = wishes.get("follow_weights", self.follow_weights)
        self.late_s = wishes.get("late_s", self.late_s)
        self.signs_on = wishes.get("signs_on", self.signs_on)
        if "seed" in wishes:
            self.chance = random.Random(wishes["seed"])
        if wishes.get("forget"):
            for book in (
                self.purchases,
                self.refunds,
                self.early,
                self.faults,
                self.seen,
            ):
                book.clear()
        if wishes.get("hang_up"):
            for writer in list(self.writers):
                writer.close()
        return {
            "purchases": self.purchases,
            "refunds": self.refunds,
            "faults": self.faults,
            "seen": self.seen,
            "lines": len(self.writers),
        }


async def main(key: bytes | None, port: int) -> None:
    host = Host(key)
    server = await asyncio.start_server(host.serve, "127.0.0.1", port)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(orders), sys.stdin
    )
    while line := await orders.readline():
        print(json.dumps(host.obey(json.loads(line))), flush=True)


if __name__ == "__main__":
    secret = sys.argv[1] if len(sys.argv) > 1 else ""
    asyncio.run(
        main(
            bytes.fromhex(secret) or None, int(sys.argv[2]) if len(sys.argv) > 2 else 0
        )
    )
