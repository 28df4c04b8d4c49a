"""The HTTP interface."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel

from . import auth, schemas
from .auth import Customer
from .catalogue import Catalogue
from .checkout import Checkout
from .database import engine
from .gateway import Gateway
from .idempotency import Answer, OfferedKey
from .problems import Problem, on_invalid, on_problem
from .settings import settings

REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": schemas.ProblemDocument} for status in (401, 403, 404, 409, 422)
}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Opens what all requests share, and closes it."""
    asked = settings()
    auth.keys()
    database, gateway = engine(asked), Gateway(asked)
    app.state.checkout = Checkout(database, Catalogue(asked.menu_ttl_s), gateway)
    yield
    await gateway.close()
    await database.dispose()


app = FastAPI(title="Baseline", lifespan=lifespan, responses=REFUSALS)
app.add_exception_handler(Problem, on_problem)
app.add_exception_handler(RequestValidationError, on_invalid)


async def checkout(request: Request) -> Checkout:
    """The flow of this process. Not a plain function: those are run in threads."""
    flow: Checkout = request.app.state.checkout
    return flow


Flow = Annotated[Checkout, Depends(checkout)]


def created(body: BaseModel) -> Response:
    """Writes the model once; as a response it is not validated a second time."""
    return Response(body.model_dump_json(), 201, media_type="application/json")


def answered(answer: Answer) -> Response:
    """An answer that is kept, or was."""
    headers = {"idempotent-replayed": "true"} if answer.replayed else None
    return Response(answer.body, answer.status, headers, media_type="application/json")


@app.post("/v1/cart/lines", status_code=201, response_model=schemas.Cart)
async def add(addition: schemas.Addition, customer: Customer, flow: Flow) -> Response:
    """Puts a dish in; an equal line grows instead."""
    return created(await flow.add(customer, addition))


@app.post("/v1/cart/quote", status_code=201, response_model=schemas.Quote)
async def quote(wish: schemas.QuoteRequest, customer: Customer, flow: Flow) -> Response:
    """Promises a price for the cart for five minutes."""
    return created(await flow.quote(customer, wish))


@app.post("/v1/orders", status_code=201, response_model=schemas.Order)
async def place(request: schemas.OrderRequest, customer: Customer, key: OfferedKey, flow: Flow) -> Response:
    """Places an order from a quote."""
    return answered(await flow.place(customer, request, key))


@app.post("/v1/orders/{order_id}/payments", response_model=schemas.Order)
async def pay(
    order_id: UUID, request: schemas.PaymentRequest, customer: Customer, key: OfferedKey, flow: Flow
) -> Response:
    """Pays. The outcome is the order's status: `placed`, or still `pending_payment`."""
    return answered(await flow.pay(customer, order_id, request, key))


@app.get("/healthz", include_in_schema=False)
async def healthz() -> Response:
    """Whether this process answers."""
    return Response(status_code=204)
