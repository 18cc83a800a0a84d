"""What comes out of the printer, looked at: letters, codes, cuts, in four languages."""

import logging
import subprocess
import sys

import pytest
from pyzbar import pyzbar

from ekarte_auth_gateway.slips import copies_of, knows, plain, slip_bytes
from ekarte_auth_gateway.slips.library import PROFILES
from ekarte_auth_gateway.slips.paper import PAGES, press, printable
from ekarte_core import Answer, SlipLine, slip_rows
from tests.gateway.gateway_process import ROOT
from tests.gateway.slips_day import LANGUAGES, whole_day
from tests.gateway.slips_picture import Paper, slip_picture

BALTIC = "āčēģīķļņšūžĀČĒĢĪĶĻŅŠŪŽõäöüÕÄÖÜ"
RUSSIAN = "абвгдеёжзийклмнопрстуфхцчшщъыьэюяАБЯ"


BATCHES = {spoken: 3 + place for place, spoken in enumerate(LANGUAGES)}


@pytest.fixture(scope="module")
def dsn(new_ledger) -> str:
    return new_ledger()


@pytest.fixture(scope="module")
def days(dsn, keyring) -> dict[str, dict[str, Answer]]:
    """Answers of one day in each language, by name."""
    return {
        spoken: whole_day(dsn, keyring, spoken, batch=batch)
        for spoken, batch in BATCHES.items()
    }


def printed(answer: Answer, spoken: str, profile: str, columns: int) -> Paper:
    copies = copies_of(answer, [spoken], reprint=False)
    return slip_picture(slip_bytes(copies, profile, columns), profile, columns)


def of_text(text: str, profile: str = "TM-T88V") -> Paper:
    data = slip_bytes([[SlipLine(text=text)]], profile, 42)
    return slip_picture(data, profile, 42)


# --- letters


@pytest.mark.parametrize("columns", [32, 42])
@pytest.mark.parametrize("spoken", LANGUAGES)
def test_every_slip_of_the_day_is_printed_letter_by_letter(days, spoken, columns):
    for name, answer in days[spoken].items():
        paper = printed(answer, spoken, "TM-T88V", columns)
        assert paper.unknown == [], name
        rows = [
            " " * row.indent + row.text
            for lines in copies_of(answer, [spoken], reprint=False)
            for row in slip_rows(lines, columns)
            if row.kind == "text"
        ]
        told = [row for row in paper.text if row != "=" * 8]
        assert told == rows, name
        assert "?" not in "".join(told)
        assert paper.cuts == max(answer.copies, 1)


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_every_printer_that_is_known_prints_the_slip_in_known_commands(days, profile):
    for spoken in LANGUAGES:
        paper = printed(days[spoken]["signed"], spoken, profile, 32)
        assert paper.unknown == []
        assert "?" not in "".join(paper.text)
        assert set(paper.pages_used) <= set(PAGES)


@pytest.mark.parametrize("text", [BALTIC, RUSSIAN, "5,00 € ā", "5,00 € я", "–„x”–"])
def test_letters_and_the_euro_are_printed_as_they_are(text: str):
    assert of_text(text).text[0] == text


def test_a_row_needs_one_page_where_one_is_enough():
    assert of_text("Paldies! Zaļš 5,00 €").pages_used == ["CP1257"]
    assert of_text("Спасибо! 5,00 €").pages_used == ["CP1251"]
    assert of_text("Thank you!").pages_used == []


def test_a_row_of_two_alphabets_changes_pages_within():
    paper = of_text("Paldies! Ļoti. Спасибо! Aitäh!")
    assert paper.text[0] == "Paldies! Ļoti. Спасибо! Aitäh!"
    assert paper.pages_used[0] == "CP1257"
    assert "CP1251" in paper.pages_used


def test_a_page_holds_also_after_the_paper_was_cut():
    line = [SlipLine(text="Zaļš")]
    paper = slip_picture(slip_bytes([line, line], "TM-T88V", 32), "TM-T88V", 32)
    assert paper.pages_used == ["CP1257", "CP1257"]
    assert paper.text == ["Zaļš", "=" * 8] * 2


@pytest.mark.parametrize(
    ("profile", "text", "told"),
    [
        ("TM-T88III", "Zaļš ēna 5 €", "Zalš ena 5 €"),
        ("TM-T88III", "Спасибо", "Спасибо"),
        ("simple", "Спасибо, щи", "Spasibo, schi"),
        ("simple", "Zaļš 5,00 €", "Zals 5,00 EUR"),
        ("Sunmi-V2", "Zaļš 5,00 €", "Zaļš 5,00 €"),
        ("TM-T88V", "−3 × 2 …", "-3 × 2 …"),
    ],
)
def test_what_a_printer_lacks_is_written_with_what_it_has(profile, text, told):
    assert of_text(text, profile).text[0] == told


def test_a_sum_with_a_plainer_sign_still_ends_at_the_right_edge():
    line = SlipLine(text="Kopā ļoti 5,00 €", right="5,00 €")
    data = slip_bytes([[line]], "simple", 32)
    assert (
        slip_picture(data, "simple", 32).text[0] == "Kopa loti               5,00 EUR"
    )


def test_a_sign_that_no_printer_has_is_told_and_is_no_question_mark(caplog):
    with caplog.at_level(logging.WARNING):
        line = printable([SlipLine(text="漢 ok")], press("TM-T88V"))[0]
    assert line.text == "_ ok"
    assert "lacks a sign" in caplog.text


def test_no_command_of_a_printer_comes_in_by_a_text():
    paper = of_text("a\x1b@\x1dV\x00b")
    assert paper.cuts == 1
    assert paper.text[0] == "a @ V b"


# --- codes


@pytest.mark.parametrize("spoken", LANGUAGES)
@pytest.mark.parametrize(("profile", "columns"), [("POS-5890", 32), ("TM-T88V", 42)])
def test_the_printed_qr_code_is_read_back(days, spoken, profile, columns):
    answer = days[spoken]["sale"]
    found = pyzbar.decode(printed(answer, spoken, profile, columns).picture())
    content = f"EKARTE:{answer.txn}:00000011:{BATCHES[spoken]}:403"
    assert [(x.type, x.data.decode()) for x in found] == [("QRCODE", content)] * 2


@pytest.mark.parametrize(("profile", "columns"), [("TM-P80", 32), ("TM-T88V", 42)])
def test_the_printed_barcode_is_read_back(dsn, keyring, profile, columns):
    answer = whole_day(dsn, keyring, "lv", "code128", columns)["sale"]
    found = pyzbar.decode(printed(answer, "lv", profile, columns).picture())
    assert {(x.type, x.data.decode()) for x in found} == {("CODE128", answer.txn)}
    longest = SlipLine(text="9" * 12, style="barcode")
    wide = slip_picture(slip_bytes([[longest]], profile, columns), profile, columns)
    assert pyzbar.decode(wide.picture())[0].data == b"9" * 12


def test_a_code_that_nobody_can_print_is_there_to_be_read():
    lines = plain([SlipLine(text="EKARTE:77", style="qr")], 25)
    assert [line.text for line in lines] == ["", "        EKARTE:77"]


def test_a_slip_without_a_code_shows_none(dsn, keyring):
    answer = whole_day(dsn, keyring, "lv", "none", 99)["sale"]
    assert pyzbar.decode(printed(answer, "lv", "TM-T88V", 42).picture()) == []


def test_what_gives_nothing_back_shows_no_code(days):
    day = days["lv"]
    for name in ("hold", "refund", "reversal", "refused", "closed", "balance"):
        assert pyzbar.decode(printed(day[name], "lv", "TM-T88V", 42).picture()) == []


# --- copies


@pytest.mark.parametrize("spoken", LANGUAGES)
def test_one_copy_is_signed_and_each_says_whose_it_is(days, spoken):
    theirs = {
        "lv": ("Tirgotāja eksemplārs", "Pircēja eksemplārs", "Paraksts"),
        "ru": ("Экземпляр продавца", "Экземпляр покупателя", "Подпись"),
        "en": ("Merchant's copy", "Customer's copy", "Signature"),
        "et": ("Kaupmehe eksemplar", "Kliendi eksemplar", "Allkiri"),
    }
    whole = "\n".join(printed(days[spoken]["signed"], spoken, "TM-T88V", 42).text)
    first, second, _ = whole.split("=" * 8)
    seller, customer, signature = theirs[spoken]
    assert seller in first
    assert customer in second
    assert f"{signature}: __" in first
    assert signature not in second


def test_a_slip_that_nobody_signs_is_one_and_has_no_name(days):
    whole = "\n".join(printed(days["en"]["load"], "en", "TM-T88V", 42).text)
    assert "copy" not in whole.lower()
    assert whole.count("=" * 8) == 1


# --- the library


def test_profiles_are_those_of_the_library():
    assert knows("TM-T88V")
    assert not knows("TM-T8")
    assert "default" in PROFILES


def test_the_library_comes_in_without_a_trace(tmp_path):
    """No folder left, no logging set up, nothing said, its data as it reads them."""
    code = (
        "import logging, os, yaml, escpos\n"
        "from ekarte_auth_gateway.slips.library import CAPABILITIES\n"
        "from pathlib import Path\n"
        "assert not logging.getLogger().handlers\n"
        "assert 'ESCPOS_CAPABILITIES_PICKLE_DIR' not in os.environ\n"
        "own = Path(escpos.__file__).parent / 'capabilities.json'\n"
        "assert CAPABILITIES == yaml.safe_load(own.read_text())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
