"""Sends valid and invalid requests to every operation of every port and checks each response
against the OpenAPI document. `./dev fuzz` starts what it needs: a server with the demo city,
where one account has every role.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import time
import urllib.request
import uuid
from pathlib import Path

HERE = Path(__file__).parent
PROGRAMS = Path(sys.executable).parent
PASSWORD = "baedal-demo-2026"
ACCOUNT = "owner-01@demo.baedal.example"
# Fuzzed last, because the fuzzer ends its own session there.
LAST = "auth_service"
# After all else: it closes the fuzzer's account.
WITHDRAWAL = ("user_service", "/v1/users/me/withdrawal")


class Api:
    """A client of the gateway, signed in as the account."""

    def __init__(self, url):
        self.url, self.token = url, None

    def call(self, method, path, body=None):
        request = urllib.request.Request(self.url + path, method=method)
        request.add_header("content-type", "application/json")
        if self.token:
            request.add_header("authorization", f"Bearer {self.token}")
        data = json.dumps(body).encode() if body is not None else None
        with urllib.request.urlopen(request, data, timeout=30) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    def sign_in(self):
        signed = self.call("POST", "/v1/auth/sign-in", {"email": ACCOUNT, "password": PASSWORD})
        self.token = signed["access_token"]


def menu_line(restaurant, menus):
    """An available dish of the restaurant, with the required options."""
    menu = next(menu for group in menus["groups"] for menu in group["menus"] if not menu["sold_out"])
    options = [
        {"option_id": option["id"], "quantity": 1}
        for group in menu["option_groups"]
        for option in [one for one in group["options"] if not one["sold_out"]][: group["min"]]
    ]
    return {"restaurant_id": restaurant["id"], "menu_id": menu["id"], "quantity": 1, "options": options}


def real_things(api):
    """Ids of the account's own things, by the prefix of the paths that contain them."""
    restaurant = api.call("GET", "/v1/restaurants/mine")["items"][0]
    menus = api.call("GET", f"/v1/restaurants/{restaurant['id']}/menus")
    address = api.call("POST", "/v1/users/me/addresses", {
        "label": "집", "road_address": "세종대로 1", "position": restaurant["position"], "is_default": True})
    line = menu_line(restaurant, menus)
    while api.call("POST", "/v1/cart/lines", line)["shortfall_won"] > 0:
        pass
    quote = api.call("POST", "/v1/cart/quote", {"address_id": address["id"]})
    order = api.call("POST", "/v1/orders", {"quote_id": quote["quote_id"]})
    conversation = api.call("POST", "/v1/conversations", {
        "topic": "order", "order_id": order["id"], "text": "?", "client_message_id": str(uuid.uuid4())})
    cart = api.call("POST", "/v1/cart/lines", line)
    # A part of the card for itself: what is ordered from stays as it is.
    group = api.call("POST", f"/v1/restaurants/{restaurant['id']}/menu-groups", {"name": "?"})["id"]
    dish = api.call("POST", f"/v1/menu-groups/{group}/menus", {"name": "?", "price_won": 1})["id"]
    options = api.call("POST", f"/v1/menus/{dish}/option-groups", {"name": "?", "max": 1})["id"]
    option = api.call("POST", f"/v1/option-groups/{options}/options", {"name": "?"})["id"]
    return {
        "/v1/restaurants/": {"id": restaurant["id"]},
        # Nobody replaces the whole card.
        "/v1/restaurants/{id}/card": {},
        "/v1/menu-groups/": {"id": group},
        "/v1/menus/": {"id": dish},
        "/v1/option-groups/": {"id": options},
        "/v1/options/": {"id": option},
        "/v1/users/me/addresses/": {"id": address["id"]},
        "/v1/cart/lines/": {"line_id": cart["lines"][0]["id"]},
        "/v1/orders/": {"id": order["id"]},
        "/v1/deliveries/": {"id": order["id"]},
        "/v1/conversations/": {"id": conversation["id"]},
    }


def fuzz(document, port, token, ids, args, deadline, *paths):
    command = [
        PROGRAMS / "st", "--config-file", HERE / "schemathesis.toml", "run", document,
        "--url", f"http://127.0.0.1:{port}", "--header", f"Authorization: Bearer {token}",
        "--max-examples", str(args.cases), "--seed", str(args.seed), "--no-color", *paths,
    ]
    environment = {**os.environ, "BAEDAL_FUZZ_IDS": json.dumps(ids), "PYTHONDONTWRITEBYTECODE": "1"}
    left = max(1, deadline - time.monotonic())
    try:
        done = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, timeout=left)
    except subprocess.TimeoutExpired:
        return f"took longer than the {args.seconds} s for all ports"
    cases = re.search(r"(\d+) generated", done.stdout)
    print(f"  {document.stem}: {cases[1] if cases else 0} cases", flush=True)
    return None if done.returncode == 0 else done.stdout + done.stderr


def main():
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--first-port", type=int, required=True, help="that of auth_service")
    asked.add_argument("--documents", type=Path, required=True, help="the folder for the documents")
    asked.add_argument("--cases", type=int, default=20, help="of one operation and phase, at most")
    asked.add_argument("--seconds", type=int, default=120, help="for all ports together")
    asked.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    asked.add_argument("--service", action="append", help="only this one, by its documented name")
    args = asked.parse_args()
    print(f"  seed {args.seed}")
    args.documents.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + args.seconds
    api = Api(f"http://127.0.0.1:{args.first_port + 1}")
    api.sign_in()
    ids = real_things(api)
    ports = {}
    for port in range(args.first_port, args.first_port + 13):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/openapi.json", timeout=30) as answer:
            text = answer.read().decode()
        name = json.loads(text)["info"]["title"]
        ports[name] = port
        (args.documents / f"{name}.json").write_text(text)
    findings = []
    # The gateway's document combines those of the others, which are fuzzed at their own ports.
    names = [name for name in ports if name not in (LAST, "gateway_service")] + [LAST]
    runs = [(name, "--exclude-path", WITHDRAWAL[1]) for name in names]
    runs.append((WITHDRAWAL[0], "--include-path", WITHDRAWAL[1]))
    for name, *paths in runs:
        if args.service and name not in args.service:
            continue
        api.sign_in()
        found = fuzz(args.documents / f"{name}.json", ports[name], api.token, ids, args, deadline, *paths)
        if found:
            findings.append(f"{name}: {found}")
    for finding in findings:
        print(finding, file=sys.stderr)
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
