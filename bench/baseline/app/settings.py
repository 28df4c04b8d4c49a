"""What is set by the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """All settings; see README.md."""

    database_url: str
    database_pool: int
    gateway_url: str
    gateway_secret_key: str
    gateway_timeout_s: float
    jwks_file: Path
    jwt_issuer: str | None
    jwt_audience: str | None
    menu_ttl_s: float


@cache
def settings() -> Settings:
    """Reads the environment once."""
    env = os.environ
    return Settings(
        database_url=async_url(env["DATABASE_URL"]),
        database_pool=int(env.get("DATABASE_POOL", "20")),
        gateway_url=env["GATEWAY_URL"].rstrip("/"),
        gateway_secret_key=env.get("GATEWAY_SECRET_KEY", "test_sk_sandbox"),
        gateway_timeout_s=float(env.get("GATEWAY_TIMEOUT_S", "5")),
        jwks_file=Path(env["JWKS_FILE"]),
        jwt_issuer=env.get("JWT_ISSUER"),
        jwt_audience=env.get("JWT_AUDIENCE"),
        menu_ttl_s=float(env.get("MENU_TTL_S", "30")),
    )


def async_url(url: str) -> str:
    """The address with SQLAlchemy's name of the driver, whichever way it is written."""
    scheme, rest = url.split("://", 1)
    return f"postgresql+asyncpg://{rest}" if scheme in ("postgres", "postgresql") else url
