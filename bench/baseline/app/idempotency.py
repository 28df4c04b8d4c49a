"""Idempotency keys: a repeated request gets the first answer.

The answer is stored in the transaction of the work, so there is never one without the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Request
from pydantic import BaseModel
from pydantic_core import to_json
from sqlalchemy import Insert, bindparam, insert, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from .models import IdempotencyKey, table
from .problems import Problem

_KEPT = select(IdempotencyKey.request_hash, IdempotencyKey.status, IdempotencyKey.body).where(
    IdempotencyKey.user_id == bindparam("user_id"), IdempotencyKey.name == bindparam("name")
)
KEEP = insert(table(IdempotencyKey))
# For an answer that another request under the same key may have given first.
KEEP_FIRST = postgresql.insert(table(IdempotencyKey)).on_conflict_do_nothing()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it is sent and kept."""

    status: int
    body: bytes
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """The key of a request; without a name nothing is kept."""

    name: str | None
    path: str

    def _hash(self, request: BaseModel) -> bytes:
        return sha256(self.path.encode() + b"\0" + to_json(request)).digest()

    async def kept(self, connection: AsyncConnection, user: UUID, request: BaseModel) -> Answer | None:
        """The answer that was given under this key."""
        if self.name is None:
            return None
        row = (await connection.execute(_KEPT, {"user_id": user, "name": self.name})).one_or_none()
        if row is None:
            return None
        if row.request_hash != self._hash(request):
            raise Problem(422, "idempotency.key_reused", "The key was used for another request.")
        return Answer(row.status, row.body, replayed=True)

    async def keep(
        self,
        connection: AsyncConnection,
        user: UUID,
        request: BaseModel,
        answer: Answer,
        now: datetime,
        statement: Insert = KEEP,
    ) -> None:
        """Stores the answer with the work of this transaction."""
        if self.name is None:
            return
        row = {
            "user_id": user,
            "name": self.name,
            "request_hash": self._hash(request),
            "status": answer.status,
            "body": answer.body,
            "created_at": now,
        }
        await connection.execute(statement, row)


async def key(
    request: Request, idempotency_key: Annotated[str | None, Header(min_length=1, max_length=255)] = None
) -> Key:
    """The key of this request."""
    return Key(idempotency_key, request.url.path)


OfferedKey = Annotated[Key, Depends(key)]
