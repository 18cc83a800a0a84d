"""What a printer would put on paper: ESC/POS bytes become a picture.

Written from the commands' description, apart from what makes the bytes: letters are
decoded with Python's own codecs by the page number of the printer, codes are drawn by
other libraries. A command that is not known here is listed, never passed over.
"""

import json
import struct
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path

import qrcode
from barcode.charsets import code128
from PIL import Image, ImageDraw, ImageFont

FONTS = Path("/usr/share/fonts/truetype/dejavu")
CELL_W, CELL_H, SPACING = 12, 24, 30
FONT_PX = 20  # its letters are 12 dots wide
MARGIN = 24
_PROFILES = json.loads((files("escpos") / "capabilities.json").read_text())["profiles"]
_QR_LEVELS = {48: 1, 49: 0, 50: 3, 51: 2}


@cache
def _font(bold: bool) -> ImageFont.FreeTypeFont:
    name = f"DejaVuSansMono{'-Bold' if bold else ''}.ttf"
    return ImageFont.truetype(str(FONTS / name), FONT_PX)


@cache
def _glyph(sign: str, bold: bool, width: int, height: int) -> Image.Image:
    cell = Image.new("L", (CELL_W, CELL_H + 4), 255)
    ImageDraw.Draw(cell).text((0, 1), sign, font=_font(bold), fill=0)
    return cell.resize((CELL_W * width, (CELL_H + 4) * height))


class Paper:
    """A printer that draws. `text` is what stands on it, `unknown` what it ignored."""

    def __init__(self, profile: str, columns: int) -> None:
        self._pages = {
            int(number): name
            for number, name in _PROFILES[profile]["codePages"].items()
        }
        self.width = columns * CELL_W
        self.image = Image.new("L", (self.width, 6000), 255)
        self.text: list[str] = []
        self.unknown: list[str] = []
        self.cuts = 0
        self.pages_used: list[str] = []
        self._y = 0
        self._qr = {"size": 3, "level": 48, "data": b""}
        self._bar = {"h": 162, "w": 3, "H": 0, "f": 0}
        self._reset()

    def _reset(self) -> None:
        self._codec = "cp437"
        self._bold = False
        self._wide = self._high = 1
        self._align = 0
        self._row: list[tuple[str, bool, int, int]] = []

    # --- reading

    def feed(self, data: bytes) -> "Paper":
        place = 0
        while place < len(data):
            place = self._one(data, place)
        return self

    def _one(self, data: bytes, place: int) -> int:
        byte = data[place]
        if byte == 0x0A:
            self._line()
            return place + 1
        if byte in (0x1B, 0x1D, 0x10):
            return self._command(data, place)
        if byte < 0x20:
            self.unknown.append(f"{byte:02x}")
            return place + 1
        sign = bytes([byte]).decode(self._codec)
        self._row.append((sign, self._bold, self._wide, self._high))
        return place + 1

    def _command(self, data: bytes, place: int) -> int:
        name = data[place : place + 2]
        longer = data[place : place + 3]
        if longer in (b"\x1d(k", b"\x1dv0"):
            name = longer
        known = self._COMMANDS.get(name)
        if known is None:
            self.unknown.append(data[place : place + 4].hex())
            return place + 2
        return known(self, data, place + len(name))

    def _init(self, data: bytes, at: int) -> int:
        self._reset()
        return at

    def _page(self, data: bytes, at: int) -> int:
        self._codec = self._pages[data[at]].lower()
        self.pages_used.append(self._pages[data[at]])
        return at + 1

    def _set_bold(self, data: bytes, at: int) -> int:
        self._bold = bool(data[at] & 1)
        return at + 1

    def _set_align(self, data: bytes, at: int) -> int:
        self._align = data[at] % 48
        return at + 1

    def _set_size(self, data: bytes, at: int) -> int:
        self._wide, self._high = (data[at] >> 4) + 1, (data[at] & 7) + 1
        return at + 1

    def _feed_lines(self, data: bytes, at: int) -> int:
        if self._row:
            self._line()
        self._y += data[at] * SPACING
        return at + 1

    def _cut(self, data: bytes, at: int) -> int:
        self.cuts += 1
        self.text.append("=" * 8)
        draw = ImageDraw.Draw(self.image)
        for x in range(0, self.width, 12):
            draw.line((x, self._y, x + 6, self._y), fill=128)
        self._y += SPACING
        return at + (2 if data[at] in (65, 66) else 1)

    def _bar_part(self, part: str) -> Callable[[bytes, int], int]:
        def take(data: bytes, at: int) -> int:
            self._bar[part] = data[at]
            return at + 1

        return take

    def _barcode(self, data: bytes, at: int) -> int:
        kind, count = data[at], data[at + 1]
        content = data[at + 2 : at + 2 + count]
        if kind != 73 or content[:2] != b"{B":
            self.unknown.append(f"barcode {kind} {content[:2]!r}")
            return at + 2 + count
        text = content[2:].decode("ascii")
        bars = _bars(text)
        width = len(bars) * self._bar["w"]
        assert width <= self.width, "a real printer leaves out what does not fit"
        code = Image.new("L", (width, self._bar["h"]), 255)
        draw = ImageDraw.Draw(code)
        for number, bar in enumerate(bars):
            if bar == "1":
                x = number * self._bar["w"]
                draw.rectangle((x, 0, x + self._bar["w"] - 1, self._bar["h"]), fill=0)
        self._paste(code)
        if self._bar["H"] == 2:
            self._row = [(sign, False, 1, 1) for sign in text]
            self._line()
        return at + 2 + count

    def _two_dimensional(self, data: bytes, at: int) -> int:
        (count,) = struct.unpack_from("<H", data, at)
        body = data[at + 2 : at + 2 + count]
        function, rest = body[1], body[2:]
        if body[0] != 49 or function not in (65, 67, 69, 80, 81):
            self.unknown.append(f"GS ( k {body[:2].hex()}")
        elif function == 67:
            self._qr["size"] = rest[0]
        elif function == 69:
            self._qr["level"] = rest[0]
        elif function == 80:
            self._qr["data"] = rest[1:]
        elif function == 81:
            self._print_qr()
        return at + 2 + count

    def _print_qr(self) -> None:
        code = qrcode.QRCode(
            border=0,
            box_size=self._qr["size"],
            error_correction=_QR_LEVELS[self._qr["level"]],
        )
        code.add_data(self._qr["data"])
        code.make(fit=True)
        self._y += 2 * self._qr["size"]
        self._paste(code.make_image().get_image().convert("L"))
        self._y += 4 * self._qr["size"]

    def _raster(self, data: bytes, at: int) -> int:
        _mode, wide, high = struct.unpack_from("<BHH", data, at)
        raw = data[at + 5 : at + 5 + wide * high]
        image = Image.frombytes("1", (wide * 8, high), bytes(255 - x for x in raw))
        self._paste(image.convert("L"))
        return at + 5 + wide * high

    _COMMANDS = {
        b"\x1b@": _init,
        b"\x1bt": _page,
        b"\x1bE": _set_bold,
        b"\x1ba": _set_align,
        b"\x1bd": _feed_lines,
        b"\x1d!": _set_size,
        b"\x1dV": _cut,
        b"\x1dh": lambda self, data, at: self._bar_part("h")(data, at),
        b"\x1dw": lambda self, data, at: self._bar_part("w")(data, at),
        b"\x1dH": lambda self, data, at: self._bar_part("H")(data, at),
        b"\x1df": lambda self, data, at: self._bar_part("f")(data, at),
        b"\x1dk": _barcode,
        b"\x1d(k": _two_dimensional,
        b"\x1dv0": _raster,
    }

    # --- drawing

    def _left(self, width: int) -> int:
        return {0: 0, 1: (self.width - width) // 2, 2: self.width - width}[self._align]

    def _line(self) -> None:
        row, self._row = self._row, []
        wide = sum(CELL_W * width for _, _, width, _ in row)
        high = max((height for *_, height in row), default=1)
        assert wide <= self.width, f"too wide: {''.join(x[0] for x in row)!r}"
        x = self._left(wide)
        for sign, bold, width, height in row:
            cell = _glyph(sign, bold, width, height)
            self.image.paste(cell, (x, self._y + (high - height) * CELL_H))
            x += CELL_W * width
        self.text.append("".join(sign for sign, *_ in row))
        self._y += max(SPACING, high * CELL_H + 6)

    def _paste(self, code: Image.Image) -> None:
        self.image.paste(code, (self._left(code.width), self._y))
        self._y += code.height + 6

    def picture(self) -> Image.Image:
        """The printed part, with a margin as paper has one."""
        printed = self.image.crop((0, 0, self.width, max(self._y, 1)))
        whole = Image.new(
            "L", (self.width + 2 * MARGIN, printed.height + 2 * MARGIN), 255
        )
        whole.paste(printed, (MARGIN, MARGIN))
        return whole


def _bars(text: str) -> str:
    """Code 128, set B: start, signs, check, stop; bars and gaps as 1 and 0."""
    values = [104, *(code128.B[sign] for sign in text)]
    check = sum(max(place, 1) * value for place, value in enumerate(values)) % 103
    return (
        "".join(code128.CODES[value] for value in [*values, check])
        + code128.STOP
        + "11"
    )


def slip_picture(data: bytes, profile: str, columns: int) -> Paper:
    """Draw a printer's bytes."""
    return Paper(profile, columns).feed(data)
