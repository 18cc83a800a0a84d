"""Slip lines on paper of any width: folded, aligned, nothing cut."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ekarte_core import SlipLine, slip_rows
from ekarte_core.service.layout import COLUMNS_MAX, COLUMNS_MIN, fold

WIDTHS = st.integers(COLUMNS_MIN, COLUMNS_MAX)


def texts(*lines: SlipLine, columns: int = 32) -> list[str]:
    return [row.text for row in slip_rows(lines, columns)]


def pair(label: str, right: str, **look: str) -> SlipLine:
    return SlipLine(text=f"{label} {right}", right=right, **look)


def test_a_label_stands_left_and_its_sum_right():
    assert texts(pair("Atlaide", "-1,05")) == ["Atlaide                    -1,05"]


def test_a_label_that_is_too_long_is_folded_beside_its_sum():
    told = texts(pair("Оплачено подарочной картой магазина", "12 345,00 EUR"))
    assert told == [
        "Оплачено",
        "подарочной картой",
        "магазина           12 345,00 EUR",
    ]


def test_a_sum_too_wide_for_its_label_has_a_row_of_its_own():
    told = texts(pair("Kartē palika", "99 999 999,99 EUR"), columns=24)
    assert told == ["Kartē palika", "       99 999 999,99 EUR"]


def test_words_that_only_look_like_a_right_end_stay_where_they_are():
    line = SlipLine(text="Summa 5,00", right="6,00")
    assert texts(line) == ["Summa 5,00"]


@pytest.mark.parametrize(
    ("align", "row"),
    [
        ("left", "Paldies!"),
        ("center", "            Paldies!"),
        ("right", "                        Paldies!"),
    ],
)
def test_a_line_stands_where_it_belongs(align: str, row: str):
    assert texts(SlipLine(text="Paldies!", align=align)) == [row]


def test_a_sentence_is_folded_at_its_words_and_hangs():
    line = SlipLine(text="Kluba atlaide: vēl 27,55 līdz 7 %, tad vēl vairāk")
    assert texts(line, columns=28) == [
        "Kluba atlaide: vēl 27,55",
        "  līdz 7 %, tad vēl vairāk",
    ]


def test_a_per_cent_sign_stays_with_its_number():
    assert fold("vēl 27,55 līdz 7 %", 17) == ["vēl 27,55 līdz", "7 %"]


def test_a_rule_goes_across_and_a_signature_has_room_above():
    rows = slip_rows(
        [SlipLine(text="", style="rule"), SlipLine(text="Paraksts", style="signature")],
        24,
    )
    assert [row.text for row in rows] == ["-" * 24, "", "", "Paraksts: " + "_" * 14]


def test_large_letters_take_twice_the_room_or_are_only_high():
    name = SlipLine(text="Grozs", align="center", size="double")
    longer = SlipLine(text='SIA "Zaļais grozs un citi"', align="center", size="double")
    first, second = slip_rows([name, longer], 32)
    assert (first.text, first.size, first.indent) == ("Grozs", "double", 11)
    assert second.size == "tall"
    assert len(second.text) <= 32
    assert [row.size for row in slip_rows([name], 32, large=False)] == ["normal"]


def test_control_signs_and_runs_of_spaces_are_one_space():
    assert texts(SlipLine(text="a\x1b@b\n\tc  d")) == ["a @b c d"]


def test_a_code_keeps_its_content_and_has_room_above():
    rows = slip_rows([SlipLine(text="EKARTE:77", style="qr")], 24)
    assert [(row.text, row.kind) for row in rows] == [("", "text"), ("EKARTE:77", "qr")]


WORDS = st.text(st.sampled_from("aāиõ0-,%  "), max_size=80)


@settings(max_examples=300, deadline=None)
@given(
    lines=st.lists(
        st.builds(
            lambda text, count, align, size, style: SlipLine(
                text=text,
                right=text[-count:] if count and align == "left" else "",
                align=align,
                size=size,
                style=style,
            ),
            WORDS,
            st.integers(0, 30),
            st.sampled_from(["left", "center", "right"]),
            st.sampled_from(["", "double"]),
            st.sampled_from(["", "bold", "rule", "signature"]),
        ),
        max_size=5,
    ),
    columns=WIDTHS,
)
@example([SlipLine(text="9" * 70, right="9" * 65)], 24)
def test_no_row_is_too_wide_and_no_sign_is_lost(lines: list[SlipLine], columns: int):
    for line in lines:
        rows = slip_rows([line], columns)
        for row in rows:
            wide = 2 if row.size == "double" else 1
            assert row.indent + wide * len(row.text) <= columns
        if line.style in ("", "bold"):
            there = "".join(row.text for row in rows)
            assert there.replace(" ", "") == line.text.replace(" ", "")
