"""The API's error answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve, field, frozen

TYPES: Mapping[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    503: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}


@frozen
class ApiError(Exception):
    """What the API would refuse with."""

    status: int
    message: str
    error_code: str | None = None
    headers: Mapping[str, str] = field(factory=dict)
    type: str | None = None

    def with_headers(self, headers: Mapping[str, str]) -> ApiError:
        """The same with more headers; those that it has stay."""
        return evolve(self, headers={**headers, **self.headers})

    def body(self, request_id: str) -> dict[str, Any]:
        return {"type": "error", "error": self.error(), "request_id": request_id}

    def error(self) -> dict[str, Any]:
        kind = self.type or TYPES.get(self.status, "api_error")
        error: dict[str, Any] = {"type": kind, "message": self.message}
        if self.error_code is not None:
            error["details"] = {"error_code": self.error_code}
        return error


def bad_request(message: str) -> ApiError:
    return ApiError(400, message)
