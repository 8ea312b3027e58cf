"""Who asks, and of what: tokens and known ids for schemathesis, from the file that FUZZ_WORLD names."""

import json
import os
import urllib.parse
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
NAMES = {
    "member": "member", "item": "item", "rulebook": "version", "version": "version", "against": "version", "yaml": "rulebook", "freeze": "freeze",
    "lines": "lines", "source": "source",
}
# Where the ETag is found that a change must name.
TAGGED = {"PATCH /v1/items/{id}": "/v1/catalogue/{id}", "PUT /v1/settings": "/v1/settings"}


def number(case, salt):
    """The same for the same case, so that what was found can be found again and made smaller."""
    given = (case.method, case.path, case.path_parameters, case.query, case.body, salt)
    return zlib.crc32(repr(given).encode("utf-8", "replace"))


def wrong(case, where):
    """That a part of a request was made to be refused."""
    return case.meta is not None and any(k.value == where and c.mode.is_negative for k, c in case.meta.components.items())


def known(values, kinds, drawn):
    """Ids that there are in place of three in four that were made."""
    for i, (name, value) in enumerate(values.items()):
        there, n = WORLD["known"].get(kinds.get(name)), drawn // 7**i
        if there and isinstance(value, str) and value not in there and n % 4:
            values[name] = there[n // 4 % len(there)]


@schemathesis.hook
def before_call(context, case, kwargs):
    drawn, operation = number(case, "ids"), case.method + " " + case.path
    linked = case.meta is not None and case.meta.phase.name.value == "stateful" and drawn % 2  # has ids from answers
    if case.path_parameters and not linked and not wrong(case, "path"):
        named(case, drawn)
    for where, values in (("query", case.query), ("body", case.body)):
        if isinstance(values, dict) and not wrong(case, where):
            known(values, NAMES, drawn)
    if operation in WORLD["bodies"] and drawn % 4 and not wrong(case, "body"):
        defined(case, drawn, WORLD["bodies"][operation])
    if operation in TAGGED and drawn % 4 and "If-Match" in (case.headers or {}):
        tagged(case, operation)


def named(case, drawn):
    """Objects that there are, mostly asked for by the member whose they are."""
    parts = case.path.split("/")
    chains = WORLD["chains"].get(case.path)
    if chains and drawn % 4:
        case.path_parameters.update(chains[drawn // 4 % len(chains)])
    else:
        known(case.path_parameters, {p[1:-1]: SEGMENTS.get(parts[i - 1]) for i, p in enumerate(parts) if p.startswith("{")}, drawn)
    headers = case.headers or {}
    owner = next((WORLD["owners"][v] for v in case.path_parameters.values() if v in WORLD["owners"]), None)
    if owner is not None and drawn % 5 and headers.get("Authorization", "")[len("Bearer ") :] in WORLD["all"]:
        headers["Authorization"] = "Bearer " + WORLD["all"][owner]
    if owner is not None and drawn % 3 and isinstance(case.query, dict) and "member" in case.query and not wrong(case, "query"):
        case.query["member"] = WORLD["known"]["member"][owner]  # staff say whose it is


def defined(case, drawn, bodies):
    """A body that there can be, with what was made in place of one of its fields, or of none."""
    body = bodies[drawn // 4 % len(bodies)]
    if isinstance(body, dict):
        made = list(case.body.values()) if isinstance(case.body, dict) else []
        body = {k: f"made-{drawn}" if v == "NEW" else v for k, v in body.items()}
        if made and drawn % 3 == 0:
            body[list(body)[drawn % len(body)]] = made[0]
    case.body = body.replace("NEW", str(drawn)) if isinstance(body, str) else body


def tagged(case, operation):
    """The ETag of what is changed."""
    where = WORLD["url"] + TAGGED[operation].format(**{k: requests.utils.quote(str(v), safe="") for k, v in (case.path_parameters or {}).items()})
    tag = requests.get(where, headers={"Authorization": "Bearer " + WORLD["all"][0]}, timeout=30).headers.get("ETag")
    if tag:
        case.headers["If-Match"] = tag


@schemathesis.serializer("text/csv")
def csv(context, value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """A null field and an empty parameter are as if they were not there: no wrong data that had to be refused."""
    if type(failure).__name__ != "AcceptedNegativeData":
        return True
    sent = urllib.parse.parse_qsl(urllib.parse.urlsplit(response.request.url).query, keep_blank_values=True)  # {"x": {}} is sent as an empty x
    query = any(v in ([], None) for v in (case.query or {}).values()) or any(not v for _, v in sent)
    return not (query or null_field(case.body))


def null_field(body):
    """Says whether a field of a body, or of what is in it, is null."""
    if isinstance(body, dict):
        return any(v is None or null_field(v) for v in body.values())
    return isinstance(body, list) and any(null_field(v) for v in body)


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
