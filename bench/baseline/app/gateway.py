"""Toss Payments: charges by billing keys."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote
from uuid import UUID

import httpx

from .settings import Settings

log = logging.getLogger(__name__)

# The text on the customer's bank statement.
ORDER_NAME = "배달 주문"

# Codes which mean that this charge was not made, and will not be.
DECLINES = frozenset(
    {
        "BELOW_MINIMUM_AMOUNT",
        "EXCEED_MAX_AMOUNT",
        "EXCEED_MAX_AUTH_COUNT",
        "EXCEED_MAX_DAILY_PAYMENT_COUNT",
        "EXCEED_MAX_MONTHLY_PAYMENT_AMOUNT",
        "EXCEED_MAX_ONE_DAY_AMOUNT",
        "EXCEED_MAX_PAYMENT_AMOUNT",
        "INVALID_BILL_KEY_REQUEST",
        "INVALID_CARD_EXPIRATION",
        "INVALID_CARD_LOST_OR_STOLEN",
        "INVALID_CARD_NUMBER",
        "INVALID_REJECT_CARD",
        "INVALID_STOPPED_CARD",
        "NOT_MATCHES_CUSTOMER_KEY",
        "REJECT_ACCOUNT_PAYMENT",
        "REJECT_CARD_COMPANY",
        "REJECT_CARD_PAYMENT",
    }
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a charge. Anything uncertain is `unknown`."""

    kind: Literal["approved", "declined", "unknown"]
    detail: str | None = None


class Gateway:
    """The payment gateway, over kept connections."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.gateway_url
        self._http = httpx.AsyncClient(
            auth=(settings.gateway_secret_key, ""),
            timeout=settings.gateway_timeout_s,
            limits=httpx.Limits(max_connections=200, max_keepalive_connections=200),
        )

    async def close(self) -> None:
        """Ends the connections."""
        await self._http.aclose()

    async def charge(self, payment: UUID, customer: UUID, billing_key: str, amount: int) -> Outcome:
        """Takes the money once, however often it is called with the same payment."""
        try:
            answer = await self._http.post(
                f"{self._url}/v1/billing/{quote(billing_key, safe='')}",
                headers={"idempotency-key": str(payment)},
                json={
                    "amount": amount,
                    "customerKey": str(customer),
                    "orderId": str(payment),
                    "orderName": ORDER_NAME,
                },
            )
        except httpx.ConnectError:
            # It was never sent, so it takes no money.
            return Outcome("declined", "the payment gateway cannot be reached")
        except httpx.HTTPError as error:
            log.warning("payment %s: the gateway failed: %r", payment, error)
            return Outcome("unknown", type(error).__name__)
        return _meaning(payment, answer, amount)


def _meaning(payment: UUID, answer: httpx.Response, amount: int) -> Outcome:
    try:
        said: dict[str, Any] = answer.json()
        if not answer.is_success:
            code = said["code"]
            return Outcome("declined" if code in DECLINES else "unknown", code)
        status, taken = said["status"], said["totalAmount"]
    except (ValueError, KeyError, TypeError):
        return Outcome("unknown", f"an answer of status {answer.status_code} that cannot be read")
    if status in ("ABORTED", "EXPIRED"):
        return Outcome("declined", status)
    if status != "DONE":
        return Outcome("unknown", status)
    if taken != amount:
        log.error("payment %s: %s won asked, %s taken", payment, amount, taken)
        return Outcome("unknown", f"{taken} won were taken")
    return Outcome("approved")
