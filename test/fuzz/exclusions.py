"""The answers that the fuzz excuses, each with its reason; whatever is not named here fails it.

All of them are about one check, "a request that fits the schema is accepted": they are rules that OpenAPI can't express.
"""

from typing import Callable, NamedTuple

import schemathesis
from schemathesis.openapi.checks import RejectedPositiveData
from schemathesis.specs.openapi.checks import positive_data_acceptance


class Exclusion(NamedTuple):
    """A refusal of a request that fits the schema, excused when its problem has this code and the request is of this kind."""

    code: str
    applies: Callable[[schemathesis.Case], bool]
    reason: str


def _has_header(name: str) -> Callable[[schemathesis.Case], bool]:
    return lambda case: any(header.lower() == name for header in case.headers or {})


EXCLUSIONS = (
    Exclusion(
        code="invalid_parameter",
        applies=lambda case: {"cursor", "offset"} <= set(case.query or {}),
        reason="cursor together with offset is 400; OpenAPI can't say that two parameters exclude each other",
    ),
    Exclusion(
        code="precondition_failed",
        applies=_has_header("if-match"),
        reason="a made-up If-Match names no current entity tag: 412 is its purpose",
    ),
    Exclusion(
        code="idempotency_key_reused",
        applies=_has_header("idempotency-key"),
        reason="the same made-up key with two bodies is 422: the key's purpose",
    ),
)


@schemathesis.check
def valid_data_is_accepted(ctx, response, case):
    """Schemathesis' positive_data_acceptance (404 and 409 count as accepted), but for the exclusions."""
    try:
        return positive_data_acceptance(ctx, response, case)
    except RejectedPositiveData:
        if any(exclusion.code == _problem_code(response) and exclusion.applies(case) for exclusion in EXCLUSIONS):
            return None
        raise


def _problem_code(response):
    try:
        return response.json().get("code")
    except ValueError:
        return None
