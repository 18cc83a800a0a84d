"""npm's iso_8583 as a terminal: it knows the gateway only from docs/TERMINALS.md."""

import pytest

from tests.gateway import town
from tests.gateway.shop import balance, gift_card


@pytest.fixture
def play(gateway, peer):
    def run(*steps, terminal=town.ISO_1, kind="hmac-sha256"):
        for step in steps:
            step["fields"]["41"] = terminal
        return peer(
            "iso_peer.js",
            {
                "host": "127.0.0.1",
                "port": gateway.iso_port,
                "key": gateway.key(terminal).hex(),
                "kind": kind,
                "steps": list(steps),
            },
        )

    return run


def fields(kind: str, code: str | None, operation: int, **more: str) -> dict:
    made = {
        "0": kind,
        "7": "1121081500",
        "11": f"{operation % 10**6:06d}",
        "12": "101500",
        "13": "1121",
        "41": town.ISO_1,
        "49": "978",
        "60": "000001",
    }
    if code is not None:
        made["3"] = code
    return made | {name.removeprefix("f"): value for name, value in more.items()}


def original(kind: str, operation: int) -> str:
    return f"{kind}{operation:06d}1121081500" + "0" * 22


def amount(minor: int) -> str:
    return f"{minor:012d}"


def test_a_day_of_a_foreign_terminal(gateway, play):
    """Echo, inquiry, hold, capture, sale with its repeat, refund and reversal."""
    shop = gateway.iso()
    value = gift_card(shop, 5000)
    hold, capture, sale, refund, reverse = (town.operation() for _ in range(5))
    spend = fields("0200", "000060", sale, f2=value, f4=amount(1500))
    steps = [
        {"fields": fields("0800", None, town.operation(), f70="301")},
        {"fields": fields("0100", "310000", town.operation(), f2=value)},
        {"fields": fields("0100", "000060", hold, f2=value, f4=amount(3000))},
        {
            "fields": fields(
                "0220", "000060", capture, f4=amount(2000), f90=original("0100", hold)
            )
        },
        {"fields": spend},
        {"fields": {**spend, "0": "0201"}},
        {
            "fields": fields(
                "0200", "200060", refund, f4=amount(500), f90=original("0200", sale)
            )
        },
        {"fields": fields("0400", "000060", reverse, f90=original("0100", capture))},
    ]
    answers = play(*steps)
    assert all(answer["macIsRight"] for answer in answers)
    told = [(answer["fields"]["0"], answer["fields"]["39"]) for answer in answers]
    assert told == [
        ("0810", "00"),
        ("0110", "00"),
        ("0110", "00"),
        ("0230", "00"),
        ("0210", "00"),
        ("0210", "00"),
        ("0210", "00"),
        ("0410", "00"),
    ]
    assert answers[5]["raw"] == answers[4]["raw"]
    assert len(answers[4]["fields"]["38"]) == 6
    # 54: ledger and available balance of the gift purse, 50.00 before anything.
    assert answers[1]["fields"]["54"] == (
        "6001978C" + amount(5000) + "6002978C" + amount(5000)
    )
    assert balance(shop, value) == 5000 - 1500 + 500


def test_messages_in_pieces_of_any_size(gateway, play):
    steps = [
        {
            "fields": fields(
                "0200",
                "000060",
                town.operation(),
                f2=town.club_number(),
                f4=amount(999),
            ),
            "split": size,
        }
        for size in (1, 2, 3, 7, 50)
    ]
    assert [answer["fields"]["39"] for answer in play(*steps)] == ["00"] * 5


def test_the_peers_mac_is_taken_and_a_wrong_or_missing_one_refused(gateway, play):
    before = gateway.operations()
    value = town.club_number()

    def step(mac: str) -> dict:
        made = fields("0200", "000060", town.operation(), f2=value, f4=amount(500))
        return {"fields": made, "mac": mac}

    answers = play(step("right"), step("wrong"), step("none"), step("right"))
    assert [answer["fields"]["39"] for answer in answers] == ["00", "63", "63", "00"]
    assert gateway.operations() == before + 2


def test_the_peers_access_code_block_is_understood(gateway, play):
    value = gift_card(gateway.iso(), 1000, code="27182")
    answers = play(
        *(
            {
                "fields": fields(
                    "0200", "000060", town.operation(), f2=value, f4=amount(100)
                ),
                "code": code,
            }
            for code in ("27182", "31415", "27182")
        )
    )
    assert [answer["fields"]["39"] for answer in answers] == ["00", "55", "00"]


def test_a_refusal_names_the_field_in_what_the_peer_reads(gateway, play):
    bad = fields("0200", "000060", town.operation(), f2=town.club_number())
    answers = play({"fields": {**bad, "3": "990000"}}, {"fields": bad})
    assert [answer["fields"]["39"] for answer in answers] == ["12", "13"]
    assert "FD003DE3" in answers[0]["fields"]["48"]


def test_the_peer_reads_slip_and_sub_fields(gateway, play):
    value = town.club_number()
    (answer,) = play(
        {
            "fields": fields(
                "0200", "000060", town.operation(), f2=value, f4=amount(2000)
            )
        }
    )
    assert "DS003100" in answer["fields"]["48"]
    assert "AD0041900" in answer["fields"]["48"]
    assert "BE0113;GRO-BONUS" in answer["fields"]["48"]
    assert "SL" in answer["fields"]["63"]


@pytest.mark.parametrize(
    ("terminal", "kind"), [(town.ISO_CMAC, "aes-cmac"), (town.ISO_RETAIL, "x9.19")]
)
def test_the_peers_other_macs_are_taken_and_given(gateway, play, terminal, kind):
    def sale() -> dict:
        value = town.club_number()
        return fields("0200", "000060", town.operation(), f2=value, f4=amount(500))

    steps = [{"fields": sale(), "mac": mac} for mac in ("right", "wrong", "none")]
    answers = play(*steps, terminal=terminal, kind=kind)
    assert [answer["fields"]["39"] for answer in answers] == ["00", "63", "63"]
    assert all(answer["macIsRight"] for answer in answers)
    before = gateway.operations()
    (answer,) = play({"fields": sale()}, terminal=terminal, kind="hmac-sha256")
    assert answer["fields"]["39"] == "63"
    assert gateway.operations() == before


def sub(*pairs: tuple[str, str]) -> str:
    """Sub-fields of DE48, by the rule of the documents."""
    return "".join(f"{tag}{len(value):03d}{value}" for tag, value in pairs)


def told(answer: dict) -> tuple[str, str]:
    return answer["fields"]["0"], answer["fields"]["39"]


def test_the_life_of_a_card_by_a_foreign_terminal(gateway, play):
    """Sign-on, activate, code set and changed, block for good, replace, sign-off."""
    one, two = town.gift_number(), town.gift_number()

    def step(code: str, value: str, *pairs: tuple[str, str], **more: str) -> dict:
        number = town.operation()
        made = fields("0200", code, number, f2=value, **more)
        return {"fields": made | ({"48": sub(*pairs)} if pairs else {})}

    answers = play(
        {"fields": fields("0800", None, town.operation(), f70="001")},
        step("720000", one, ("PG", "GRO-GIFT"), f4=amount(3000)),
        {**step("700000", one), "newCode": "27182"},
        {**step("700000", one), "code": "27182", "newCode": "31415"},
        {**step("000060", one, f4=amount(1000)), "code": "31415"},
        {**step("000060", one, f4=amount(1000)), "code": "27182"},
        step("730000", one, ("RS", "lost")),
        step("310000", one),
        step("750000", one, ("OT", f"pan {two}")),
        {"fields": fields("0800", None, town.operation(), f70="002")},
    )
    codes = [code for _, code in map(told, answers)]
    assert codes[:7] == ["00", "00", "00", "00", "00", "55", "00"]
    assert codes[-1] == "00"
    assert codes[-2] == "00"
    assert balance(gateway.http(), two) == 2000


def test_points_for_a_purchase_paid_elsewhere_by_a_foreign_terminal(gateway, play):
    value, number = town.club_number(), town.operation()
    accrue = fields("0220", "290065", number, f2=value, f4=amount(2000))
    answers = play(
        {"fields": accrue},
        {"fields": {**accrue, "0": "0221"}},
        {
            "fields": fields(
                "0400", "290065", town.operation(), f90=original("0220", number)
            )
        },
    )
    assert [told(answer) for answer in answers] == [
        ("0230", "00"),
        ("0230", "00"),
        ("0410", "00"),
    ]
    assert answers[0]["raw"] == answers[1]["raw"]
    assert "BE" in answers[0]["fields"]["48"]
    assert "DS" not in answers[0]["fields"]["48"]
