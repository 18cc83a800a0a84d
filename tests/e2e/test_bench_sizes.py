"""What the bench of sizes divides by what."""

from ekarte_stack.bench_sizes import Taken, lines, per

BEFORE = Taken({"entry": 100, "card": 50}, {"entry": 10, "card": 5}, 1000, 20, 60, 7)
AFTER = Taken({"entry": 500, "card": 50}, {"entry": 90, "card": 5}, 3000, 40, 140, 7)


def test_what_grew_is_told_for_each_operation_and_what_did_not_is_not():
    assert per(BEFORE, AFTER) == [
        {"table": "entry", "row_bytes": 20.0, "index_bytes": 4.0}
    ]
    assert per(AFTER, AFTER.__class__(**vars(AFTER) | {"operations": 41})) == []


def test_people_read_every_table_that_grew():
    figures = dict.fromkeys(
        ("cards", "card_bytes", "operations", "operation_bytes", "log_bytes"), 1
    ) | dict.fromkeys(("entries_each", "dump_s", "dump_mb", "database_mb"), 0.5)
    told = lines(figures | {"tables": per(BEFORE, AFTER)})
    assert any("entry" in line and "20.0" in line for line in told)
