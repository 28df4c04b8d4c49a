"""The connection pool."""

from __future__ import annotations

from typing import Any

from pydantic_core import from_json, to_json
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from .settings import Settings


def engine(settings: Settings) -> AsyncEngine:
    """A pool of this process. A commit is answered when it is on the disk."""
    return create_async_engine(
        settings.database_url,
        pool_size=settings.database_pool,
        max_overflow=0,
        json_serializer=_to_text,
        json_deserializer=from_json,
        connect_args={"server_settings": {"synchronous_commit": "on", "jit": "off"}},
    )


def _to_text(value: Any) -> str:
    return to_json(value).decode()
