"""pygls' protocol with its measured defects mended (pygls 2.1.1).

Each mend has a test named after the defect, so that an upgrade which repairs or moves one fails loudly:

- a cancelled `workspace/executeCommand` went on running;
- two entries stayed behind for each notification, one result type for each refused request;
- a progress token could never be used again;
- a late reply to a request nobody waits for became an error popup;
- `shutdown` with a request under way failed ("dictionary changed size during iteration");
- a request with malformed parameters was never answered;
- errors carried Python's traceback and paths to the client;
- requests before `initialize` and after `shutdown` got the wrong error or none;
- `exit` raised SystemExit inside a callback, and the exit code was always 0;
- a second request with the id of one under way made the first one uncancellable;
- a request that names a notification, or says another version than 2.0, was never answered;
- requests to a client that never answers piled up;
- the capability `workspace.textDocumentContent` could not be advertised;
- `get_message_type` kept every protocol object alive in a process-wide cache.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import traceback
from collections.abc import Awaitable, Callable, Generator, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from attrs import define, frozen
from lsprotocol import types
from pygls.exceptions import (
    FeatureNotificationError,
    JsonRpcException,
    JsonRpcInternalError,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcRequestCancelled,
    JsonRpcServerNotInitialized,
)
from pygls.progress import Progress
from pygls.protocol import LanguageServerProtocol
from pygls.protocol import lsp_method as _lsp_method

from rebuttal.lsp import warming
from rebuttal.lsp.portions import Turns
from rebuttal.lsp.workspace import LspWorkspace

if TYPE_CHECKING:
    from cattrs import Converter
    from pygls.lsp.server import LanguageServer

log = logging.getLogger(__name__)

DIAGNOSTICS_OF_OTHERS = "$/rebuttal.diagnostics"
SCHEME = "rebuttal"
REQUEST_FAILED = -32803
PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
WAITING = 256
"""Requests to a client that does not answer; the oldest are given up, questions to the user never."""

Command = Callable[[dict[str, Any]], Any]
F = TypeVar("F", bound=Callable[..., Any])


def lsp_method(name: str) -> Callable[[F], F]:
    """pygls' decorator, typed."""

    def decorate(function: F) -> F:
        decorated: F = _lsp_method(name)(function)
        return decorated

    return decorate


class UserError(JsonRpcException):
    """A request that cannot be met; the message is one sentence for the user."""

    CODE = REQUEST_FAILED
    MESSAGE = "Rebuttal could not do that."


@frozen
class Rejected:
    """A message that could not be read; if it was a request, it has been answered."""


@define
class OtherDiagnosticsParams:
    """What other tools show in a document (the contract's `$/rebuttal.diagnostics`).

    `version`: of the text that they speak of, where the client knows it.
    """

    uri: str
    diagnostics: list[types.Diagnostic]
    version: int | None = None


@define
class OtherDiagnosticsNotification:
    params: OtherDiagnosticsParams
    method: str = DIAGNOSTICS_OF_OTHERS
    jsonrpc: str = "2.0"


class HardenedProgress(Progress):
    """A progress whose token is forgotten at its end."""

    def end(self, token: types.ProgressToken, value: types.WorkDoneProgressEnd) -> None:
        self.tokens.pop(token, None)
        super().end(token, value)


class HardenedProtocol(LanguageServerProtocol):
    """The protocol that the server speaks. `exited` is set by `exit`; `exit_code` is then what LSP asks for."""

    _server: LanguageServer

    def __init__(self, server: LanguageServer, converter: Converter) -> None:
        super().__init__(server, converter)
        self.progress = HardenedProgress(self)
        self.exited = False
        self.initialized = asyncio.Event()
        self.turns: Turns | None = None
        """Given by the server."""
        self._waiting: dict[str | int, Future[Any]] = {}

    @property
    def exit_code(self) -> int:
        """0 after `shutdown`, else 1."""
        return 0 if self._shutdown else 1

    def get_message_type(self, method: str) -> type[Any] | None:  # type: ignore[override]  # without the cache
        if method == DIAGNOSTICS_OF_OTHERS:
            return OtherDiagnosticsNotification
        return types.METHOD_TO_TYPES.get(method, (None,))[0]

    def get_result_type(self, method: str) -> type[Any] | None:  # type: ignore[override]  # without the cache
        return types.METHOD_TO_TYPES.get(method, (None, None))[1]

    @property
    def is_initialized(self) -> bool:
        return self._workspace is not None

    # Reading messages

    async def prepare(self, data: Any) -> None:
        """Before the first message is read at once: it holds the largest parts there are, and so does its answer."""
        if self.turns is None or self._workspace is not None or not isinstance(data, dict):
            return
        if data.get("method") == types.INITIALIZE:
            await self.turns.finish(warming.for_initialize(self._converter, data))

    def structure_message(self, data: Any) -> Any:
        """The typed message. What is none, or a request that will not run, is answered here; a reply ends its wait."""
        if not isinstance(data, dict):
            batch = isinstance(data, list)
            self.refuse(None, INVALID_REQUEST, "Send each message by itself." if batch else "That is no message.")
            return Rejected()
        method, msg_id = data.get("method"), data.get("id")
        if data.get("jsonrpc") != "2.0" or ("method" in data and not isinstance(method, str)):
            log.warning("left out a message that is not JSON-RPC 2.0")
            if "method" in data and "id" in data:
                self.refuse(_id(msg_id), INVALID_REQUEST, "That is not a request of JSON-RPC 2.0.")
            return Rejected()
        if "method" in data and "id" in data and not self._accepts(str(method), msg_id):
            return Rejected()
        try:
            return self._converter.structure(data, self._type_of(data))
        except Exception:
            # The error names values of the message, so it is not logged.
            log.warning("left out a message with malformed parameters (%s)", _known(method))
            self._reject(data)
            return Rejected()

    def _accepts(self, method: str, msg_id: Any) -> bool:
        """Whether a request may run; the answer of one that may not is sent."""
        code, why = 0, ""
        if _id(msg_id) is None:
            code, why = INVALID_REQUEST, "The id of a request is a whole number or a string."
        elif (refusal := self._refusal(method)) is not None:
            code, why = refusal.code, refusal.message
        elif msg_id in self._request_futures:
            code, why = INVALID_REQUEST, "A request with that id is under way."
        elif method not in self.fm.builtin_features and method not in self.fm.features:
            code, why = METHOD_NOT_FOUND, f"There is no method {method[:80]!r}."
        elif method == DIAGNOSTICS_OF_OTHERS or (
            method in types.METHOD_TO_TYPES and types.METHOD_TO_TYPES[method][1] is None
        ):
            code, why = INVALID_REQUEST, f"{method} is a notification, which has no id."
        if code:
            self.refuse(_id(msg_id), code, why)
        return not code

    def refuse(self, msg_id: int | str | None, code: int, why: str) -> None:
        """Answer what cannot be run; `msg_id` None is what JSON-RPC asks for where it is not known."""
        self._send_data({"jsonrpc": "2.0", "id": msg_id, "error": {"code": code, "message": why}})

    def get_ready(self) -> None:
        """For what comes after `initialize`."""
        if self.turns is not None:
            self.turns.begin(warming.ahead(self._converter))

    def as_json(self, value: Any) -> Any:
        """A part of a message as it is sent: a long message is made in portions."""
        return self._converter.unstructure(value)

    def tell(self, method: str, params: Mapping[str, Any]) -> None:
        """Send a notification whose parameters are JSON already."""
        self._send_data({"jsonrpc": "2.0", "method": method, "params": params})

    def _type_of(self, data: Mapping[str, Any]) -> Any:
        from pygls.protocol.json_rpc import JsonRPCNotification, JsonRPCRequestMessage, JsonRPCResponseMessage

        method = data.get("method")
        if method is not None:
            fallback = JsonRPCRequestMessage if "id" in data else JsonRPCNotification
            return self.get_message_type(method) or fallback
        if "error" in data:
            return types.ResponseErrorMessage
        return self._result_types.pop(data["id"], None) or JsonRPCResponseMessage

    def _reject(self, data: Mapping[str, Any]) -> None:
        msg_id = _id(data.get("id"))
        if msg_id is None:
            return
        if "method" in data:
            error = JsonRpcInvalidParams("The parameters are not what the protocol asks for.")
            self._send_response(msg_id, error=error.to_response_error())
        else:
            self._handle_response(msg_id, error=JsonRpcInvalidParams("malformed reply").to_response_error())

    def handle_message(self, message: Any) -> None:
        if isinstance(message, Rejected):
            return
        method = getattr(message, "method", None)
        if method is None or hasattr(message, "id") or self._refusal(method) is None:
            super().handle_message(message)

    def _refusal(self, method: str) -> JsonRpcException | None:
        if method == types.EXIT:
            return None
        if self._shutdown:
            return JsonRpcInvalidRequest("The server is shutting down.")
        if method == types.INITIALIZE:
            return None if self._workspace is None else JsonRpcInvalidRequest("The server is already initialized.")
        return JsonRpcServerNotInitialized("Send `initialize` first.") if self._workspace is None else None

    # Asking the client

    def send_request(
        self,
        method: str,
        params: Any | None = None,
        callback: Callable[[Any], None] | None = None,
        msg_id: str | int | None = None,
    ) -> Future[Any]:
        msg_id = str(uuid4()) if msg_id is None else msg_id
        future = super().send_request(method, params, callback, msg_id)
        future.add_done_callback(lambda _: self._forget(msg_id))
        if method != types.WINDOW_SHOW_MESSAGE_REQUEST:
            self._waiting[msg_id] = future
            if len(self._waiting) > WAITING:
                next(iter(self._waiting.values())).cancel()
        return future

    def _forget(self, msg_id: str | int) -> None:
        for kept in (self._waiting, self._request_futures, self._result_types):
            kept.pop(msg_id, None)

    # Running handlers

    def _execute_handler(
        self,
        msg_id: str | int,
        handler: Callable[..., Any],
        callback: Callable[[Future[Any]], None],
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
    ) -> None:
        super()._execute_handler(msg_id, handler, callback, args=args, kwargs=kwargs)
        if (future := self._request_futures.get(msg_id)) is not None:
            future.add_done_callback(lambda _: self._request_futures.pop(msg_id, None))

    def _send_handler_result(self, future: Future[Any], *, msg_id: str | int) -> None:
        self._request_futures.pop(msg_id, None)
        if future.cancelled():
            cancelled = JsonRpcRequestCancelled("The request was cancelled.")
            self._send_response(msg_id, error=cancelled.to_response_error())
        elif (error := future.exception()) is None:
            self._send_response(msg_id, result=future.result())
        else:
            self._send_response(msg_id, error=_public(error).to_response_error())

    def _check_handler_result(self, future: Future[Any]) -> None:
        if not future.cancelled() and (error := future.exception()) is not None:
            _public(error)
            self._server._report_server_error(JsonRpcInternalError(), FeatureNotificationError)

    def _handle_response(
        self, msg_id: str | int, result: Any | None = None, error: types.ResponseError | None = None
    ) -> None:
        self._result_types.pop(msg_id, None)
        future = self._request_futures.get(msg_id)
        if not isinstance(future, Future):  # nobody asked, or the client did: its request goes on
            return
        if future.done():
            self._request_futures.pop(msg_id, None)
            return
        super()._handle_response(msg_id, result, error)

    # The protocol's own methods

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, types.InitializeResult]:
        result = yield from super().lsp_initialize(params)
        self._workspace = LspWorkspace.of(self.workspace)
        if result.capabilities.workspace is not None:
            content = types.TextDocumentContentOptions(schemes=[SCHEME])
            result.capabilities.workspace.text_document_content = content
        self.initialized.set()
        return result

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(self, params: types.ExecuteCommandParams) -> Any:  # type: ignore[override]  # a task, so that cancelling it ends it
        command: Command | None = self.fm.commands.get(params.command)
        if command is None:
            raise JsonRpcInvalidParams(f"There is no command {params.command!r}.")
        arguments = list(params.arguments or [])
        if len(arguments) > 1 or not all(isinstance(argument, dict | None) for argument in arguments):
            raise JsonRpcInvalidParams(f"{params.command} takes at most one argument, an object.")
        result = command((arguments[0] or {}) if arguments else {})
        return await result if inspect.isawaitable(result) else result

    @lsp_method(types.SHUTDOWN)
    async def lsp_shutdown(self, *args: Any) -> None:  # type: ignore[override]  # a task: it waits for the worker's end
        self._shutdown = True
        for msg_id, future in list(self._request_futures.items()):
            if msg_id != self.msg_id and not future.done():
                future.cancel()
        handler: Callable[..., Awaitable[None]] | None = self.fm.features.get(types.SHUTDOWN)
        if handler is not None:
            await handler(*args)

    @lsp_method(types.EXIT)
    def lsp_exit(self, *args: Any) -> None:  # type: ignore[override]  # the message loop ends, nothing is raised
        self.exited = True


def _id(given: Any) -> int | str | None:
    """The id of a request, None for what cannot be one."""
    return given if isinstance(given, int | str) and not isinstance(given, bool) else None


def _known(method: Any) -> str:
    """A method's name for the log: what a client makes up may hold anything."""
    return (
        method
        if method in types.METHOD_TO_TYPES or method == DIAGNOSTICS_OF_OTHERS
        else "a reply"
        if method is None
        else "an unknown method"
    )


def _public(error: BaseException) -> JsonRpcException:
    """What the client may read of an error. An error of ours is logged by its place only: its text may quote code."""
    if isinstance(error, JsonRpcException):
        error.data = None
        return error
    log.error("internal error: %s", place_of(error))
    return JsonRpcInternalError("Rebuttal met an error of its own; its log says where.")


def place_of(error: BaseException) -> str:
    """Where an error arose, innermost last, without its message: "KeyError at lsp/features/hover.py:33"."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{'/'.join(frame.filename.replace(chr(92), '/').split('/')[-2:])}:{frame.lineno}" for frame in frames]
    return f"{type(error).__name__} at {' > '.join(places[-4:]) or 'an unknown place'}"
