"""Who asks, and of what: tokens and known ids for schemathesis, from the file that FUZZ_WORLD names."""

import json
import os
import zlib

import requests
import schemathesis

with open(os.environ["FUZZ_WORLD"], encoding="utf-8") as f:
    WORLD = json.load(f)

# What an id is one of: by the segment of the path before it, or by the name of a field or parameter.
SEGMENTS = {
    "members": "member", "redemptions": "redemption", "orders": "order", "items": "item", "catalogue": "item", "rules": "version",
    "late-events": "late", "retro-runs": "retro", "addresses": "address", "freezes": "freeze", "adjustments": "adjustment",
    "returns": "return", "problems": "problem",
}
NAMES = {"member": "member", "item": "item", "rulebook": "version", "version": "version", "against": "version", "yaml": "rulebook", "freeze": "freeze"}
# Where the ETag is found that a change must name.
TAGGED = {"PATCH /v1/items/{id}": "/v1/catalogue/{id}", "PUT /v1/settings": "/v1/settings"}


def number(case, salt):
    """The same for the same case, so that what was found can be found again and made smaller."""
    given = (case.method, case.path, case.path_parameters, case.query, case.body, salt)
    return zlib.crc32(repr(given).encode("utf-8", "replace"))


def known(values, kinds, drawn):
    """Ids that there are in place of three in four that were made."""
    for i, (name, value) in enumerate(values.items()):
        there, n = WORLD["known"].get(kinds.get(name)), drawn // 7**i
        if there and isinstance(value, str) and value not in there and n % 4:
            values[name] = there[n // 4 % len(there)]


@schemathesis.hook
def before_call(context, case, kwargs):
    drawn = number(case, "ids")
    linked = case.meta is not None and case.meta.phase.name.value == "stateful" and drawn % 2  # has ids from answers
    if case.path_parameters and not linked:
        parts = case.path.split("/")
        known(case.path_parameters, {p[1:-1]: SEGMENTS.get(parts[i - 1]) for i, p in enumerate(parts) if p.startswith("{")}, drawn)
    for values in (case.query, case.body):
        if isinstance(values, dict):
            known(values, NAMES, drawn)
    operation = case.method + " " + case.path
    if operation == "POST /v1/items" and isinstance(case.body, dict) and drawn % 4:
        defined(case, drawn)
    if operation in TAGGED and drawn % 4:
        tagged(case, operation)


def defined(case, drawn):
    """An item that there can be, with what was made in place of one of its fields, or of none."""
    item = {**WORLD["definitions"][drawn % len(WORLD["definitions"])], "id": f"made-{drawn}"}
    made = list(case.body.values())
    if made and drawn % 3 == 0:
        item[list(item)[drawn % len(item)]] = made[0]
    case.body = item


def tagged(case, operation):
    """The ETag of what is changed."""
    where = WORLD["url"] + TAGGED[operation].format(**{k: requests.utils.quote(str(v), safe="") for k, v in (case.path_parameters or {}).items()})
    tag = requests.get(where, headers={"Authorization": "Bearer " + WORLD["all"][0]}, timeout=30).headers.get("ETag")
    if tag:
        case.headers = case.headers or {}
        case.headers["If-Match"] = tag


@schemathesis.auth(refresh_interval=None)
class Token:
    """Most ask with all roles, so that what is behind them is reached."""

    def get(self, case, context):
        drawn = number(case, "token")
        various = any(isinstance(g, (dict, list)) and g for g in (case.path_parameters, case.query, case.body))
        tokens = WORLD["few"] if various and drawn % 8 == 0 else WORLD["all"]
        return tokens[drawn // 8 % len(tokens)]

    def set(self, case, data, context):
        case.headers = case.headers or {}
        case.headers["Authorization"] = "Bearer " + data
