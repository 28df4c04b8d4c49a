"""Bearer tokens: JWTs that are signed with ES256."""

from __future__ import annotations

import time
from functools import cache, lru_cache
from typing import Annotated, Any
from uuid import UUID

import jwt
from fastapi import Depends, Request
from jwt.algorithms import ECAlgorithm

from .problems import Problem
from .settings import settings


@cache
def keys() -> dict[str | None, Any]:
    """The public keys by their ids: those of a JWK set, or the one of a PEM file."""
    text = settings().jwks_file.read_text()
    if text.lstrip().startswith("{"):
        return {key.key_id: key.key for key in jwt.PyJWKSet.from_json(text).keys}
    return {None: ECAlgorithm(ECAlgorithm.SHA256).prepare_key(text)}


@lru_cache(maxsize=100_000)
def verified(token: str) -> tuple[UUID, frozenset[str], float]:
    """Whose token it is, their roles, and until when it is valid.

    Cached, because a client sends the same token with every request of its session. The caller
    compares the time, which goes on.
    """
    known = keys()
    key = known.get(jwt.get_unverified_header(token).get("kid"), known.get(None))
    if key is None:
        raise jwt.InvalidTokenError("unknown key")
    asked = settings()
    claims = jwt.decode(
        token,
        key,
        algorithms=["ES256"],
        issuer=asked.jwt_issuer,
        audience=asked.jwt_audience,
        options={"require": ["sub", "exp"], "verify_aud": asked.jwt_audience is not None},
        leeway=30,
    )
    return UUID(claims["sub"]), frozenset(claims.get("roles", ())), float(claims["exp"])


async def customer(request: Request) -> UUID:
    """The customer who asks."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Problem(401, "auth.token_missing", "A bearer token is needed.")
    try:
        user, roles, expires_at = verified(token)
    except (jwt.PyJWTError, ValueError) as error:
        raise Problem(401, "auth.token_invalid", "The token is not valid.") from error
    if expires_at <= time.time():
        raise Problem(401, "auth.token_expired", "The token has expired.")
    if "customer" not in roles:
        raise Problem(403, "forbidden", "This is for customers.")
    return user


Customer = Annotated[UUID, Depends(customer)]
