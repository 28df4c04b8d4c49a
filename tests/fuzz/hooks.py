"""What Schemathesis cannot derive from a document: texts in our own formats, the ids of
existing things, and the cursors of numbered lists."""

import base64
import json
import os
import uuid

import schemathesis
from hypothesis import strategies as st

REAL = json.loads(os.environ.get("BAEDAL_FUZZ_IDS", "{}"))

# Things that others stand on: they are changed, and not removed.
KEPT = ("/v1/menu-groups/", "/v1/menus/", "/v1/option-groups/", "/v1/options/")

LETTERS = st.characters(categories=("Lu", "Ll", "Lo", "Nd"), exclude_characters="\u3164\u115f\u1160\uffa0")


def cursor(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def business_number(digits):
    """Nine digits with their check digit (domain::restaurant::BusinessNumber)."""
    weighted = sum(digit * weight for digit, weight in zip(digits, (1, 3, 7, 1, 3, 7, 1, 3, 5)))
    check = -(weighted + digits[8] * 5 // 10) % 10
    return "".join(map(str, [*digits, check]))


schemathesis.openapi.format("text", st.text(LETTERS, min_size=1, max_size=30))
schemathesis.openapi.format("phone", st.from_regex(r"\A010-[0-9]{4}-[0-9]{4}\Z"))
schemathesis.openapi.format("business-number", st.lists(st.integers(0, 9), min_size=9, max_size=9).filter(any).map(business_number))
schemathesis.openapi.format("mail-order-number", st.from_regex(r"\A20[0-9]{2}-서울강남-[0-9]{5}\Z"))
schemathesis.openapi.format("password", st.text(LETTERS, min_size=16, max_size=60))
# Most cursors contain an id, a few a number.
schemathesis.openapi.format("cursor", st.uuids().map(lambda id: cursor(str(id))))
schemathesis.openapi.format("number-cursor", st.integers(0, 1000).map(cursor))
NUMBERED = ["/v1/faqs", "/v1/conversations/{id}/messages"]


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Removes the idempotency key: the fuzzer would reuse one for different requests, which the
    server correctly refuses. Also marks the cursors that contain a number."""
    for path, item in raw_schema["paths"].items():
        for operation in item.values():
            parameters = operation.get("parameters", [])
            operation["parameters"] = [one for one in parameters if not one.get("$ref", "").endswith("/IdempotencyKey")]
            for one in operation["parameters"]:
                if path in NUMBERED and one.get("name") == "cursor":
                    one["schema"]["format"] = "number-cursor"


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Replaces about half of the ids by those of existing things, so that not all requests end
    with 404. Of several prefixes the longest one says which."""
    operation = context.operation
    if operation.method.upper() == "DELETE" and operation.path.startswith(KEPT):
        return path_parameters
    prefix = max((one for one in REAL if operation.path.startswith(one)), key=len, default=None)
    for name, real in REAL.get(prefix, {}).items():
        given = (path_parameters or {}).get(name)
        if isinstance(given, str) and len(given) == 36 and given[-1] in "01234567":
            path_parameters[name] = real
    return path_parameters
