"""A stub of the payment gateway: approves every charge, once per order, unless it is told otherwise."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Stub:
    """What it was asked."""

    def __init__(self) -> None:
        self.url = ""
        # What it answers instead, while there is something.
        self.instead: tuple[int, dict[str, Any]] | None = None
        self.charges: dict[str, dict[str, Any]] = {}

    def answer(self, billing_key: str, key: str | None, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """What it says to a charge."""
        if self.instead is not None:
            return self.instead
        if key is None:
            return 400, {"code": "INVALID_REQUEST", "message": "no idempotency key"}
        charge = {**body, "key": key, "billingKey": billing_key}
        known = self.charges.setdefault(body["orderId"], charge)
        if known != charge:
            return 400, {"code": "DUPLICATED_ORDER_ID", "message": "duplicated"}
        return 200, {
            "paymentKey": f"pay_{body['orderId']}",
            "orderId": body["orderId"],
            "status": "DONE",
            "totalAmount": body["amount"],
            "failure": None,
        }


@contextmanager
def running() -> Iterator[Stub]:
    """A stub that listens on a free port."""
    stub = Stub()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if not self.headers.get("authorization", "").startswith("Basic "):
                status, said = 401, {"code": "UNAUTHORIZED_KEY", "message": "who?"}
            else:
                billing_key = self.path.removeprefix("/v1/billing/")
                status, said = stub.answer(billing_key, self.headers.get("idempotency-key"), body)
            written = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(written)))
            self.end_headers()
            self.wfile.write(written)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stub.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
