"""Errors as RFC 9457 problem documents."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse


class Problem(Exception):
    """A refusal, with the stable code that clients decide by."""

    def __init__(self, status: int, code: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.more = status, code, detail, more


def not_found(noun: str) -> Problem:
    """It does not exist or belongs to somebody else: both are answered alike."""
    return Problem(404, "not_found", f"There is no such {noun}.")


def conflict(code: str, detail: str, **more: Any) -> Problem:
    """The present state does not permit it."""
    return Problem(409, code, detail, **more)


def document(request: Request, problem: Problem) -> JSONResponse:
    """The answer for a refusal."""
    body = {
        "type": problem.code,
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "instance": request.url.path,
        **problem.more,
    }
    headers = {"www-authenticate": "Bearer"} if problem.status == 401 else None
    return JSONResponse(body, problem.status, headers, media_type="application/problem+json")


async def on_problem(request: Request, error: Exception) -> JSONResponse:
    """Answers a refusal."""
    assert isinstance(error, Problem)
    return document(request, error)


async def on_invalid(request: Request, error: Exception) -> JSONResponse:
    """Answers a request that its schema does not accept."""
    assert isinstance(error, RequestValidationError)
    faults = [
        {"pointer": "/" + "/".join(map(str, fault["loc"][1:])), "code": fault["type"], "detail": fault["msg"]}
        for fault in error.errors()
    ]
    return document(request, Problem(422, "invalid", "The request is not valid.", errors=faults))
