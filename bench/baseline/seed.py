"""Fills an empty database with restaurants, menus and customers, and writes what a client needs to order.

usage: seed.py CUSTOMERS [--out people.jsonl] [--public-key public.pem] …
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

HERE = Path(__file__).resolve().parent
TOKEN_LIFE_S = 24 * 60 * 60
# A card of the sandbox that is always approved.
GOOD_CARD = "9420000100000000"
# The middle of Gangnam; everybody is within the delivery radius of every restaurant.
LAT, LON = 37.4979, 127.0276
TIERS = ((0, 4_000), (15_000, 3_000), (30_000, 0))


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("customers", type=int)
    parser.add_argument("--restaurants", type=int, default=100)
    parser.add_argument("--menus", type=int, default=30, help="dishes of each restaurant")
    parser.add_argument("--out", type=Path, default=Path("people.jsonl"), help="one JSON line per customer")
    parser.add_argument("--public-key", type=Path, default=Path("public.pem"), help="what JWKS_FILE is to be")
    parser.add_argument("--private-key", type=Path, help="signs the tokens; made if it does not exist")
    parser.add_argument(
        "--gateway-book", type=Path, help="the sandbox's toss.jsonl, to which the billing keys are added"
    )
    return parser.parse_args()


def signing_key(public: Path, private: Path | None) -> Any:
    """The key that signs the tokens; its public half goes into a file for the service."""
    if private is not None and private.exists():
        key: Any = load_pem_private_key(private.read_bytes(), None)
    else:
        key = generate_private_key(SECP256R1())
        if private is not None:
            pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            private.touch(mode=0o600)
            private.write_bytes(pem)
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return key


async def seed(asked: argparse.Namespace) -> None:
    """Creates the tables and fills them."""
    began = time.monotonic()
    chance = random.Random(1)

    def fresh() -> UUID:
        return UUID(int=chance.getrandbits(128), version=4)

    tables: dict[str, list[tuple[Any, ...]]] = {
        name: []
        for name in (
            "restaurants",
            "opening_hours",
            "tip_tiers",
            "menus",
            "option_groups",
            "options",
            "customers",
            "addresses",
            "payment_methods",
        )
    }
    dishes: list[tuple[UUID, UUID]] = []
    for number in range(asked.restaurants):
        dishes.append(restaurant(tables, chance, fresh, number, asked.menus))
    people: list[dict[str, str]] = []
    billings: list[dict[str, Any]] = []
    key = signing_key(asked.public_key, asked.private_key)
    issued = int(time.time())
    written_at = datetime.now(UTC).isoformat()
    for number in range(asked.customers):
        customer, address, method = fresh(), fresh(), fresh()
        billing_key = f"bk_{fresh().hex}"
        tables["customers"].append((customer, f"손님 {number}"))
        lat, lon = LAT + chance.uniform(-0.01, 0.01), LON + chance.uniform(-0.01, 0.01)
        road = f"서울특별시 강남구 테헤란로 {number % 500 + 1}"
        tables["addresses"].append((address, customer, lat, lon, road, f"{number % 20 + 1}층", ""))
        tables["payment_methods"].append((method, customer, "card", billing_key))
        claims = {
            "iss": os.environ.get("JWT_ISSUER", "https://baedal.example"),
            "aud": os.environ.get("JWT_AUDIENCE", "baedal"),
            "sub": str(customer),
            "jti": str(fresh()),
            "iat": issued,
            "exp": issued + TOKEN_LIFE_S,
            "roles": ["customer"],
        }
        at, menu = dishes[number % len(dishes)]
        people.append(
            {
                "token": jwt.encode(claims, key, "ES256", {"typ": "at+jwt"}),
                "address_id": str(address),
                "payment_method_id": str(method),
                "restaurant_id": str(at),
                "menu_id": str(menu),
            }
        )
        billings.append(
            {
                "key": billing_key,
                "auth_key": f"auth_{billing_key}",
                "customer": str(customer),
                "number": GOOD_CARD,
                "at": written_at,
            }
        )
    connection = await asyncpg.connect(os.environ["DATABASE_URL"].replace("+asyncpg", ""))
    try:
        async with connection.transaction():
            await connection.execute((HERE / "schema.sql").read_text())
            for name, rows in tables.items():
                await connection.copy_records_to_table(name, records=rows)
        # The planner must not take the tables for empty.
        await connection.execute("analyze")
    finally:
        await connection.close()
    write_lines(asked.out, people, "w")
    if asked.gateway_book is not None:
        asked.gateway_book.parent.mkdir(parents=True, exist_ok=True)
        write_lines(asked.gateway_book, [{"issued": billing} for billing in billings], "a")
    print(f"{asked.customers} customers in {time.monotonic() - began:.1f} s")


def restaurant(
    tables: dict[str, list[tuple[Any, ...]]], chance: random.Random, fresh: Any, number: int, menus: int
) -> tuple[UUID, UUID]:
    """Adds a restaurant that is always open. Returns it with a dish of which one is enough for an order."""
    at = fresh()
    lat, lon = LAT + chance.uniform(-0.01, 0.01), LON + chance.uniform(-0.01, 0.01)
    rules = (12_000, 5_000, 1_000, 500, 500, True, False, 1)
    tables["restaurants"].append((at, f"식당 {number}", lat, lon, *rules))
    tables["opening_hours"].extend((at, weekday, 0, 24 * 60) for weekday in range(7))
    tables["tip_tiers"].extend((at, start, tip) for start, tip in TIERS)
    ids = [fresh() for _ in range(menus)]
    for dish, menu in enumerate(ids):
        # The first one costs enough and needs no choice.
        price = 18_000 if dish == 0 else chance.randrange(50, 250) * 100
        tables["menus"].append((menu, at, f"메뉴 {dish}", price, False))
        for name, least, most in (("맵기", 0 if dish == 0 else 1, 1), ("추가", 0, 5)):
            group = fresh()
            tables["option_groups"].append((group, menu, name, least, most))
            tables["options"].extend(
                (fresh(), group, f"{name} {choice}", choice * 500, most, False) for choice in range(4)
            )
    return at, ids[0]


def write_lines(path: Path, rows: list[dict[str, Any]], mode: str) -> None:
    """Writes one JSON line per row."""
    with path.open(mode, encoding="utf-8") as file:
        file.writelines(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)


if __name__ == "__main__":
    asyncio.run(seed(arguments()))
