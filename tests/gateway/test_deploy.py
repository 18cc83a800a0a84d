"""The files in deploy/ speak of what the gateway really has."""

import configparser
import json
import re
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from ekarte_auth_gateway.bank import BankFigures
from ekarte_auth_gateway.flow import Counters
from ekarte_auth_gateway.settings import SettingsInvalid, read_settings

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
METRIC = re.compile(r"\bekarte_[a-z_]+\b")
LABELS = re.compile(r"(\bekarte_[a-z_]+)\{([^}]*)\}")
FROM_PROMETHEUS = {"job", "instance", "le"}


@pytest.fixture(scope="module")
def told():
    """Metric name to its labels, from the gateway's own page."""
    counters = Counters()
    counters.answered("sale", "00", "http", 0.001)
    counters.connections.labels("http").set(1)
    counters.lines_up.labels("/dev/ttyS0").set(1)
    counters.line_events.labels("/dev/ttyS0", "opened").inc()
    banks = BankFigures(counters.registry)
    banks.answers.labels("ACQ1", "00").inc()
    banks.strays.labels("ACQ1", "late").inc()
    banks.delivered.labels("ACQ1", "acknowledged").inc()
    for gauge in (banks.up, banks.waiting, banks.oldest_s):
        gauge.labels("ACQ1").set(1)
    found = {}
    for family in text_string_to_metric_families(counters.page().decode()):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def _dashboard():
    return json.loads((DEPLOY / "grafana/ekarte.json").read_text())


def _queries():
    board = _dashboard()
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["label"], variable["query"]["query"]
    rules = yaml.safe_load((DEPLOY / "prometheus/ekarte-alerts.yml").read_text())
    for group in rules["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]


@pytest.mark.parametrize(("where", "query"), list(_queries()))
def test_a_query_names_only_figures_that_the_gateway_has(where, query, told):
    unknown = set(METRIC.findall(query)) - set(told)
    assert not unknown, where


@pytest.mark.parametrize(("where", "query"), list(_queries()))
def test_a_query_asks_only_for_labels_that_the_figure_has(where, query, told):
    for name, labels in LABELS.findall(query):
        asked = set(re.findall(r"(\w+)\s*!?=", labels))
        assert asked <= told[name] | FROM_PROMETHEUS, where


def test_every_figure_of_the_gateway_is_on_the_dashboard(told):
    shown = {name for _, query in _queries() for name in METRIC.findall(query)}
    # A histogram is shown by its buckets or its mean; "created" is a time stamp.
    known = {re.sub(r"_(bucket|sum|count|total|created)$", "", name) for name in told}
    assert known == {
        re.sub(r"_(bucket|sum|count|total|created)$", "", name) for name in shown
    }


def test_panels_do_not_lie_over_each_other():
    taken = set()
    for panel in _dashboard()["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24, panel["title"]
        taken |= cells


def test_every_alert_says_what_to_do():
    rules = yaml.safe_load((DEPLOY / "prometheus/ekarte-alerts.yml").read_text())
    for rule in rules["groups"][0]["rules"]:
        assert rule["labels"]["severity"] in ("page", "ticket"), rule["alert"]
        assert rule["annotations"].keys() == {"summary", "action"}, rule["alert"]


def _environment():
    text = (DEPLOY / "container/gateway.env.example").read_text()
    rows = [row for row in text.splitlines() if row and not row.startswith("#")]
    return dict(row.split("=", 1) for row in rows)


def test_the_example_of_settings_is_one_that_the_gateway_reads(tmp_path):
    environment = _environment()
    for name in (
        "EKARTE_KEYRING",
        "EKARTE_ODOO_KEY_FILE",
        "EKARTE_PARAMETERS_KEY_FILE",
    ):
        secret = tmp_path / Path(environment[name]).name
        secret.write_text("a secret")
        secret.chmod(0o600)
        environment[name] = str(secret)
    settings = read_settings(environment)
    assert settings.odoo is not None
    assert settings.odoo.database == "prod"
    assert settings.parameters is not None
    assert settings.figures is not None


def test_an_example_without_its_dsn_is_refused_by_name():
    environment = _environment()
    del environment["EKARTE_DSN"]
    with pytest.raises(SettingsInvalid, match="EKARTE_DSN"):
        read_settings(environment)


@pytest.mark.parametrize("name", ["ekarte-gateway", "ekarte-gateway@"])
def test_a_unit_runs_as_nobody_in_particular_and_is_restarted(name):
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(DEPLOY / f"systemd/{name}.service")
    service = unit["Service"]
    assert service["User"] == "ekarte"
    assert service["Restart"] == "always"
    assert service["NoNewPrivileges"] == "yes"
    assert service["CapabilityBoundingSet"] == ""
    assert "SIGTERM" in service["KillSignal"]
    assert service["LimitCORE"] == "0"


def test_prometheus_asks_every_gateway_of_the_compose_file():
    compose = yaml.safe_load((DEPLOY / "container/compose.yaml").read_text())
    scrape = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
    gateways = {name for name in compose["services"] if name.startswith("gateway")}
    targets = scrape["scrape_configs"][0]["static_configs"][0]["targets"]
    assert {target.partition(":")[0] for target in targets} == gateways
    door = _environment()["EKARTE_METRICS"].rpartition(":")[2]
    assert {target.partition(":")[2] for target in targets} == {door}


def test_every_secret_of_the_example_is_one_that_the_compose_file_prepares():
    text = (DEPLOY / "container/compose.yaml").read_text()
    example = (DEPLOY / "container/gateway.env.example").read_text()
    named = re.findall(r"/run/secrets/([\w.]+)", example)
    assert len(named) == 4
    for name in named:
        line = rf"^#     install .* secrets/{re.escape(name)}$"
        assert re.search(line, text, re.MULTILINE), name


def test_the_container_has_every_package_that_the_gateway_names():
    lock = (DEPLOY.parent / "requirements-gateway.lock").read_text()
    project = (DEPLOY.parent / "pyproject.toml").read_text()
    wanted = re.search(r"dependencies = \[(.*?)\]", project, re.DOTALL)
    assert wanted is not None
    for name in re.findall(r'"([\w-]+)"', wanted.group(1)):
        assert re.search(rf"^{name}==", lock, re.MULTILINE), name
