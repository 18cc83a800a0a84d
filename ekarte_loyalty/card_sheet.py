"""Cards for the printer: a page of faces with barcode and QR, made in memory."""

import io
from collections.abc import Iterable

from reportlab.graphics import renderPDF
from reportlab.graphics.barcode import code128, qr
from reportlab.graphics.shapes import Drawing
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas

from odoo.tools import file_path

WIDTH, HEIGHT = 85.6 * mm, 53.98 * mm
"""A bank card's, ISO/IEC 7810 ID-1."""
COLUMNS, ROWS = 2, 5
FONT = "ekarte-card"
FONT_FILE = "web/static/fonts/sign/NotoSans-Reg.ttf"
"""Odoo's own: it has the letters of Latvian, Russian and Estonian names."""


def write_sheet(title: str, issuer: str, cards: Iterable[str]) -> bytes:
    """Return a PDF with one face for each number, ten to a page of A4.

    Args:
        title: name of the card type.
        issuer: whose cards they are.
        cards: their numbers.
    """
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    canvas.setTitle(title)
    canvas.setAuthor(issuer)
    font = _font()
    page_width, page_height = A4
    left = (page_width - COLUMNS * WIDTH) / 2
    top = page_height - (page_height - ROWS * HEIGHT) / 2
    for place, number in enumerate(cards):
        row, column = divmod(place % (COLUMNS * ROWS), COLUMNS)
        if place and not row and not column:
            canvas.showPage()
        x, y = left + column * WIDTH, top - (row + 1) * HEIGHT
        _face(canvas, font, x, y, (title, issuer, number))
    canvas.save()
    return out.getvalue()


def _face(canvas, font, x, y, texts):
    title, issuer, number = texts
    canvas.setStrokeGray(0.75)
    canvas.setLineWidth(0.3)
    canvas.roundRect(x, y, WIDTH, HEIGHT, 3.18 * mm)
    canvas.setFillGray(0)
    canvas.setFont(font, 12)
    canvas.drawString(x + 6 * mm, y + HEIGHT - 10 * mm, title[:32])
    canvas.setFont(font, 8)
    canvas.setFillGray(0.35)
    canvas.drawString(x + 6 * mm, y + HEIGHT - 15 * mm, issuer[:44])
    canvas.setFillGray(0)
    _qr(canvas, number, x + WIDTH - 27 * mm, y + HEIGHT - 36 * mm)
    bars = code128.Code128(number, barHeight=11 * mm, barWidth=0.26 * mm, quiet=False)
    bars.drawOn(canvas, x + 6 * mm, y + 12 * mm)
    canvas.setFont(font, 10)
    canvas.drawString(x + 6 * mm, y + 6 * mm, grouped(number))


def _qr(canvas, number, x, y):
    code = qr.QrCodeWidget(number, barLevel="M", barBorder=0)
    left, bottom, right, top = code.getBounds()
    side = 20 * mm
    scale = (side / (right - left), 0, 0, side / (top - bottom), 0, 0)
    drawing = Drawing(side, side, transform=scale)
    drawing.add(code)
    renderPDF.draw(drawing, canvas, x, y)


def grouped(number: str) -> str:
    """Write a number in fours, as people read it out."""
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))


def _font():
    if FONT not in pdfmetrics.getRegisteredFontNames():
        try:
            pdfmetrics.registerFont(TTFont(FONT, file_path(FONT_FILE)))
        except (FileNotFoundError, TTFError):
            return "Helvetica"  # a build of Odoo without the font
    return FONT
