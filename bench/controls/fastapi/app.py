"""FastAPI with the services' features: models in and out, request log, histogram and counter, security headers, ETag, request id.

Handlers are plain functions, so FastAPI runs them on its thread pool: the idiomatic way for a blocking store.
The middleware is plain ASGI, which costs far less than `@app.middleware("http")`.
"""

import json
import logging
import os
import sqlite3
import sys
import threading
import time
import uuid
from datetime import datetime, timezone
from typing import Annotated

from fastapi import FastAPI, HTTPException, Path, Response
from prometheus_client import Counter, Histogram, make_asgi_app
from pydantic import BaseModel, ConfigDict, Field

SCHEMA = """
CREATE TABLE IF NOT EXISTS users (
  id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL, email_key TEXT NOT NULL UNIQUE, name TEXT NOT NULL, age INTEGER,
  version INTEGER NOT NULL DEFAULT 1, created_at TEXT NOT NULL, updated_at TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS orders (
  id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER NOT NULL, status TEXT NOT NULL DEFAULT 'pending', items TEXT NOT NULL,
  shipping_address TEXT, total_minor INTEGER, version INTEGER NOT NULL DEFAULT 1, created_at TEXT NOT NULL, updated_at TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS orders_user ON orders (user_id, id);
"""
USER_COLUMNS = "id, email, name, age, created_at, updated_at"
ORDER_COLUMNS = "id, user_id, status, items, shipping_address, total_minor, created_at, updated_at"

local = threading.local()


def connection() -> sqlite3.Connection:
    """One connection a thread, every statement a durable commit of its own."""
    if not hasattr(local, "connection"):
        opened = sqlite3.connect(os.environ["SHOP_DB_PATH"], isolation_level=None, timeout=60)
        opened.row_factory = sqlite3.Row
        opened.execute("PRAGMA journal_mode = WAL")
        opened.execute("PRAGMA synchronous = FULL")
        local.connection = opened
    return local.connection


connection().executescript(SCHEMA)


class NewUser(BaseModel):
    model_config = ConfigDict(extra="forbid")
    email: Annotated[str, Field(min_length=3, max_length=255, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
    name: Annotated[str, Field(min_length=1, max_length=255)]
    age: Annotated[int, Field(ge=0, le=150)] | None = None


class User(NewUser):
    id: int
    created_at: str
    updated_at: str


class Item(BaseModel):
    model_config = ConfigDict(extra="forbid")
    product_id: Annotated[str, Field(min_length=1, max_length=64)]
    product_name: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    quantity: Annotated[int, Field(ge=1, le=10_000)]
    price: Annotated[float, Field(ge=0, le=9_999_999.99)] | None = None


class NewOrder(BaseModel):
    model_config = ConfigDict(extra="forbid")
    user_id: Annotated[int, Field(ge=1)]
    items: Annotated[list[Item], Field(min_length=1, max_length=100)]
    shipping_address: Annotated[str, Field(min_length=1, max_length=255)] | None = None


class Order(NewOrder):
    id: int
    status: str
    total: float | None
    created_at: str
    updated_at: str


api = FastAPI()
api.mount("/metrics", make_asgi_app())
Id = Annotated[int, Path(ge=1)]


@api.get("/api/v1/users/{id}")
def get_user(id: Id, response: Response) -> User:
    row = connection().execute(f"SELECT {USER_COLUMNS} FROM users WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise HTTPException(404, "User not found")
    response.headers["etag"] = f'"{id}-1"'
    response.headers["cache-control"] = "private, no-cache"
    return User(**row)


@api.post("/api/v1/users", status_code=201)
def create_user(user: NewUser, response: Response) -> User:
    at = now()
    sql = f"INSERT INTO users (email, email_key, name, age, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?) RETURNING {USER_COLUMNS}"
    row = connection().execute(sql, (user.email, user.email.lower(), user.name, user.age, at, at)).fetchall()[0]
    response.headers["location"] = f"/api/v1/users/{row['id']}"
    response.headers["etag"] = f'"{row["id"]}-1"'
    return User(**row)


@api.get("/api/v1/orders/{id}")
def get_order(id: Id, response: Response) -> Order:
    row = connection().execute(f"SELECT {ORDER_COLUMNS} FROM orders WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise HTTPException(404, "Order not found")
    response.headers["etag"] = f'"{id}-1"'
    response.headers["cache-control"] = "private, no-cache"
    return to_order(row)


@api.post("/api/v1/orders", status_code=201)
def create_order(order: NewOrder, response: Response) -> Order:
    at = now()
    items = json.dumps([item.model_dump() for item in order.items])
    sql = f"""INSERT INTO orders (user_id, items, shipping_address, total_minor, created_at, updated_at)
              VALUES (?, ?, ?, ?, ?, ?) RETURNING {ORDER_COLUMNS}"""
    values = (order.user_id, items, order.shipping_address, total_minor(order.items), at, at)
    row = connection().execute(sql, values).fetchall()[0]
    response.headers["location"] = f"/api/v1/orders/{row['id']}"
    response.headers["etag"] = f'"{row["id"]}-1"'
    return to_order(row)


def to_order(row: sqlite3.Row) -> Order:
    fields = dict(row)
    total = fields.pop("total_minor")
    fields["items"] = json.loads(fields["items"])
    return Order(**fields, total=None if total is None else total / 100)


def total_minor(items: list[Item]) -> int | None:
    if any(item.price is None for item in items):
        return None
    return sum(round(item.price * 100) * item.quantity for item in items)


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


DURATION = Histogram("http_request_duration_seconds", "Request duration", ["method", "route", "status"])
REQUESTS = Counter("http_requests_total", "Requests", ["method", "route", "status"])
with open(os.path.join(os.path.dirname(__file__), "..", "security-headers.json"), encoding="utf-8") as file:
    HEADERS = [(name.encode(), value.encode()) for name, value in json.load(file).items()]
logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
log = logging.getLogger("request")


class Observed:
    """Adds the headers, writes the log line and the metrics."""

    def __init__(self, inner):
        self.inner = inner

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = str(uuid.uuid4())
        status = 500

        async def answer(message):
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *HEADERS, (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self.inner(scope, receive, answer)
        finally:
            seconds = time.perf_counter() - started
            route = getattr(scope.get("route"), "path", "unmatched")
            DURATION.labels(scope["method"], route, status).observe(seconds)
            REQUESTS.labels(scope["method"], route, status).inc()
            line = {"time": now(), "level": "info", "service": "fastapi", "request_id": request_id, "msg": "request"}
            line.update(method=scope["method"], route=route, status=status, duration_ms=round(seconds * 1000, 3))
            log.info(json.dumps(line))




def end_with_parent() -> None:
    """The benchmark's end of the channel closes when it dies, in whatever way."""
    os.read(int(os.environ["NODE_CHANNEL_FD"]), 1)
    os._exit(0)


if "NODE_CHANNEL_FD" in os.environ:
    threading.Thread(target=end_with_parent, daemon=True).start()
app = Observed(api)
