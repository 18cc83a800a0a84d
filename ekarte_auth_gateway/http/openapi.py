"""The OpenAPI 3.1 document, made from the core's own types: it cannot lag behind."""

from typing import Any

import msgspec

from ekarte_auth_gateway.http.key import KeyAnswer, KeyRequest
from ekarte_core import COMMANDS, Answer, Rc, Request

_REF = "#/components/schemas/{name}"

_ABOUT: dict[str, str] = {
    "inquire": "State of a card; with an amount or lines, a quote. Books nothing.",
    "authorize": "Quote a purchase and hold what the card shall pay.",
    "confirm": "Capture a hold: the operator has confirmed.",
    "reverse": "Undo a hold or a booked operation; safe for an unknown one.",
    "sale": "Authorize and confirm in one.",
    "refund": "Goods come back; names the original operation.",
    "top_up": "Load money onto a gift card, sell a pass, pay a credit back.",
    "activate": "Put a card into use, with its first load and access code.",
    "block": "Block a card; with a reason (lost, stolen, closed) for good.",
    "unblock": "Lift a card's block.",
    "replace": "Another card takes everything over, the old one ends.",
    "pool": "A card shares the purses of another; for the back office only.",
    "pay_out": "Gift money goes back to its holder; for the back office only.",
    "charge_back": "A load's money was taken back; for the back office only.",
    "write_off": "A debt is given up as lost; for the back office only.",
    "restore": "Value back to the card, no goods; for the back office only.",
    "put_on": "Value is put right upwards; for the back office only.",
    "take_off": "Value is put right downwards; for the back office only.",
    "bring_in": "A balance of another system; for the back office only.",
    "set_code": "Give a card an access code, or another one.",
    "enroll": "A questionnaire is filled: its gifts, once, and consents.",
    "check_in": "Count a visit; a pass gives one of its visits.",
    "accrue": "A purchase paid elsewhere earns; no discount, nothing is taken.",
    "voucher": "Use a voucher, once.",
    "advice": "What a terminal did on its own while nobody answered; always booked.",
    "parameters": "The terminal's own rules and limits, signed, in chunks.",
    "redeem": "Points for a prize, or for goods of another issuer.",
    "close": "Close the batch: compare totals.",
    "echo": "The gateway's time and parameter version.",
    "status": "What became of an operation, with its stored answer.",
}

_IN_ANSWERS = (
    "Answer",
    "Balance",
    "BankAnswer",
    "Earned",
    "KeyAnswer",
    "LineAnswer",
    "Parameters",
    "SlipLine",
    "Voucher",
)

_REFUSALS: dict[str, str] = {
    "400": "Malformed; `field` names the fault, `rc` is 30 or 13. Nothing booked.",
    "401": "Signature missing, wrong, stale, or its nonce used before; `rc` 63 or 58.",
    "403": "This terminal is blocked (`rc` 58), or may not ask for this (12, 03).",
    "408": "The body did not arrive in time.",
    "409": "The same terminal, batch and operation with other content; `rc` 94.",
    "413": "The body is too large.",
    "415": "The body is encoded (Content-Encoding).",
    "429": "Too many requests a second, or too many unknown cards; `rc` 65.",
    "500": "The gateway failed; `rc` 96. Ask for the status of the operation.",
    "503": "Overloaded, or the ledger is away; `rc` 91. Repeat after Retry-After.",
}

_RETRY_HEADER = {
    "Retry-After": {
        "description": "Seconds to wait.",
        "schema": {"type": "integer", "minimum": 0},
    }
}


def openapi() -> dict[str, Any]:
    """Return the document as JSON-ready values."""
    schemas = _schemas()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "E-karte terminal gateway",
            "version": "1.0.0",
            "summary": "Commands of terminals, HTTP/JSON transport.",
            "description": (
                "Amounts are integers in minor units, rates in basis points. HTTP 200"
                " for every business answer, declines included: `rc` decides. An"
                " operation is known by terminal, batch and operation number; a repeat"
                " gets the stored answer, byte for byte. Silence and 5xx mean"
                " unknown: ask `status` or send `reverse`."
            ),
            "license": {"name": "LGPL-3.0-or-later", "identifier": "LGPL-3.0-or-later"},
        },
        "servers": [{"url": "/", "description": "This gateway."}],
        "security": [{"signature": []}],
        "paths": {**_command_paths(), **_key_path(), **_page_paths()},
        "components": {
            "schemas": schemas,
            "securitySchemes": {"signature": _signature_scheme()},
        },
    }


def _schemas() -> dict[str, Any]:
    _, schemas = msgspec.json.schema_components(
        [Request, Answer, KeyRequest, KeyAnswer], ref_template=_REF
    )
    request = schemas["Request"]
    # The command stands in the path; the body must not say it again.
    del request["properties"]["command"]
    request["required"] = [n for n in request["required"] if n != "command"]
    request["description"] = "One command of one terminal; unknown fields are refused."
    # Answers may gain fields; a terminal that refuses them would break.
    for name in _IN_ANSWERS:
        schemas[name].pop("additionalProperties", None)
    schemas["Answer"]["properties"]["rc"] = {
        "enum": sorted(rc.value for rc in Rc),
        "description": "Answer code, as in ISO 8583 field 39.",
    }
    return schemas


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(name=name)}}}


def _refusals(left_out: tuple[str, ...] = ()) -> dict[str, Any]:
    refusals: dict[str, Any] = {}
    for status, about in _REFUSALS.items():
        if status in left_out:
            continue
        refusals[status] = {"description": about, "content": _json("Answer")}
        if status in ("429", "503"):
            refusals[status]["headers"] = _RETRY_HEADER
    return refusals


def _key_path() -> dict[str, Any]:
    about = "The terminal's next key, wrapped under its present one; books nothing."
    answer = {"description": about, "content": _json("KeyAnswer")}
    return {
        "/v1/key": {
            "post": {
                "operationId": "key",
                "summary": about,
                "tags": ["keys"],
                "parameters": [_digest_parameter()],
                "requestBody": {"required": True, "content": _json("KeyRequest")},
                "responses": {"200": answer, **_refusals(("409", "500"))},
            }
        }
    }


def _command_paths() -> dict[str, Any]:
    refusals = _refusals()
    paths: dict[str, Any] = {}
    for command in COMMANDS:
        paths[f"/v1/{command}"] = {
            "post": {
                "operationId": command,
                "summary": _ABOUT[command],
                "tags": ["commands"],
                "parameters": [_digest_parameter()],
                "requestBody": {"required": True, "content": _json("Request")},
                "responses": {
                    "200": {
                        "description": "The answer; `rc` says whether approved.",
                        "content": _json("Answer"),
                    },
                    **refusals,
                },
            }
        }
    return paths


def _digest_parameter() -> dict[str, Any]:
    return {
        "name": "Content-Digest",
        "in": "header",
        "required": True,
        "description": "RFC 9530: sha-256 of the body; covered by the signature.",
        "schema": {"type": "string"},
    }


def _signature_scheme() -> dict[str, Any]:
    return {
        "type": "apiKey",
        "in": "header",
        "name": "Signature",
        "description": (
            "HTTP Message Signatures (RFC 9421) in Signature and Signature-Input:"
            " hmac-sha256, keyid = terminal number, covering @method, @path and"
            " content-digest, created within 120 seconds, nonce used once."
        ),
    }


def _page_paths() -> dict[str, Any]:
    text = {"text/plain": {"schema": {"type": "string"}}}
    thing = {"application/json": {"schema": {"type": "object"}}}
    pages: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
        "/openapi.json": ("This document.", thing, {}),
        "/healthz": ("200 while the process lives.", thing, {}),
        "/readyz": ("200 when it can serve.", thing, {"503": "Not now; says why."}),
        "/metrics": ("Figures for Prometheus.", text, {}),
    }
    return {
        path: {
            "get": {
                "operationId": path.strip("/").replace(".", "_"),
                "summary": about,
                "tags": ["pages"],
                "security": [],
                "responses": {
                    "200": {"description": about, "content": content},
                    **{
                        status: {"description": why, "content": content}
                        for status, why in more.items()
                    },
                },
            }
        }
        for path, (about, content, more) in pages.items()
    }
