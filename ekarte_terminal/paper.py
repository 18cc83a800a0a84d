"""Slips on a printer of the terminal's own, or as rows for the screen."""

from ekarte_auth_gateway.slips import Patience, copies_of, plain, print_slip, slip_bytes
from ekarte_core import Answer, SlipLine
from ekarte_terminal.settings import Settings


def rows(
    answer: Answer, settings: Settings, language: str, *, reprint: bool = False
) -> list[SlipLine]:
    """Return the slip's copies as rows of one width; none without a slip.

    `language`: that of the slip; what copies are called has none of its own.
    """
    if not answer.slip:
        return []
    made: list[SlipLine] = []
    for lines in copies_of(answer, (language,), reprint=reprint):
        if made:
            made.append(SlipLine(text="", style="cut"))
        made += plain(lines, settings.columns)
    return made


def print_answer(
    answer: Answer, settings: Settings, language: str, *, reprint: bool = False
) -> bool:
    """Print the slip; say whether there was anything to print and somewhere.

    Raises:
        PrinterAway: not printed; reprint when the printer is back.
        SlipInDoubt: perhaps printed.
        ValueError: the settings name no printer that is known.
    """
    if not settings.printer or not answer.slip:
        return False
    copies = copies_of(answer, (language,), reprint=reprint)
    data = slip_bytes(copies, settings.printer_profile, settings.columns)
    print_slip(settings.printer, data, Patience())
    return True
