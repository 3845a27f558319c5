"""Servers that speak the Messages API as far as each does: Ollama, llama.cpp, LM Studio, vLLM, a strict gateway.

What each takes is from its documentation or source as of November 2026. It is strict about what it claims to support,
and silent about what it ignores, which is what makes such servers hard to speak to. `/v1/chat/completions` is there for
gateways that have an OpenAI-compatible server behind them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any, Literal, cast

from aiohttp import web
from attrs import define, field, frozen

from tests.emulator.script import _TURN, Asked
from tests.emulator.threaded import Threaded
from tests.emulator.validate import Request

Answer = Callable[[Asked], Mapping[str, Any]]
Structured = Literal["enforced", "ignored", "refused"]

_REQUIRED = ("model", "max_tokens", "messages")
_KNOWN = (*_REQUIRED, "system", "stream", "stop_sequences", "temperature", "top_k", "top_p", "tools", "tool_choice")


@frozen
class Profile:
    """What one kind of server makes of a request."""

    name: str
    structured: Structured = "ignored"
    counts: bool = False
    refuses: tuple[str, ...] = ()
    """`cache_control`, `system` (as blocks), `content` (as blocks): with any of them, whatever the server does not know
    is answered with a 400."""
    key: str | None = None
    """None: whatever is sent is taken."""
    usage: bool = True
    """Whether a stream says what was used."""
    thinks_aloud: bool = False
    """Whether thoughts stand in the text, between tags."""
    fenced: bool = True
    """Whether an answer that is not enforced stands in prose and a code fence."""


OLLAMA = Profile("ollama", thinks_aloud=True)
LLAMA_CPP = Profile("llama.cpp", counts=True)
LM_STUDIO = Profile("lm-studio", fenced=False)
VLLM = Profile("vllm", structured="enforced", counts=True, key="vllm-key")
STRICT = Profile(
    "strict", structured="refused", refuses=("diagnostics", "output_config", "cache_control", "system", "content")
)
SILENT = Profile("silent", usage=False)
PROFILES = (OLLAMA, LLAMA_CPP, LM_STUDIO, VLLM, STRICT, SILENT)


@define(slots=False)
class CompatibleServer(Threaded):
    """One such server, in a thread of its own. Use it as a context manager."""

    profile: Profile
    answer: Answer
    models: tuple[str, ...] = ()
    """What it lists; where there is none, it knows no list."""
    bodies: list[dict[str, Any]] = field(factory=list, init=False)
    """Of all requests for an answer, refused ones too."""
    headers: list[dict[str, str]] = field(factory=list, init=False)
    refusals: list[str] = field(factory=list, init=False)
    counted: int = field(default=0, init=False)
    port: int = field(default=0, init=False)
    _runner: web.AppRunner | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        app = web.Application(client_max_size=1 << 26)
        app.router.add_post("/v1/messages", self._messages)
        app.router.add_post("/v1/chat/completions", self._chat)
        if self.models:
            app.router.add_get("/v1/models", self._list)
        if self.profile.counts:
            app.router.add_post("/v1/messages/count_tokens", self._count)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    # The Messages API

    async def _messages(self, http: web.Request) -> web.StreamResponse:
        body = await self._read(http)
        if isinstance(body, web.Response):
            return body
        text = self._text(body)
        if not body.get("stream"):
            return web.json_response(self._message(body, text))
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream; charset=utf-8"})
        await response.prepare(http)
        for event in self._events(body, text):
            data = json.dumps(event, ensure_ascii=False)
            await response.write(f"event: {event['type']}\ndata: {data}\n\n".encode())
        await response.write_eof()
        return response

    async def _list(self, http: web.Request) -> web.StreamResponse:
        """As OpenAI's API does, which all of them follow there."""
        if not self._lets_in(http):
            return _error(401, "authentication_error", "Unauthorized")
        listed = [{"id": name, "object": "model", "created": 1, "owned_by": "library"} for name in self.models]
        return web.json_response({"object": "list", "data": listed})

    def _lets_in(self, http: web.Request) -> bool:
        return self.profile.key in (None, http.headers.get("Authorization", "").removeprefix("Bearer "))

    async def _count(self, http: web.Request) -> web.StreamResponse:
        self.counted += 1
        body = await http.json()
        return web.json_response({"input_tokens": len(json.dumps(body["messages"])) // 4})

    async def _read(self, http: web.Request) -> dict[str, Any] | web.Response:
        self.headers.append(dict(http.headers))
        if not self._lets_in(http):
            return _error(401, "authentication_error", "Unauthorized")
        body: dict[str, Any] = await http.json()
        self.bodies.append(body)
        if problem := self._refusal(body):
            self.refusals.append(problem)
            return _error(400, "invalid_request_error", problem)
        return body

    def _refusal(self, body: Mapping[str, Any]) -> str | None:
        """One problem at a time, as such servers tell them."""
        return next(self._problems(body), None)

    def _problems(self, body: Mapping[str, Any]) -> Iterator[str]:
        yield from (f"{name}: Field required" for name in _REQUIRED if name not in body)
        if not body["max_tokens"] > 0:
            yield "max_tokens: Input should be greater than 0"
        refuses = self.profile.refuses
        yield from (f"{name}: Extra inputs are not permitted" for name in body if refuses and name not in _KNOWN)
        if "cache_control" in refuses and "cache_control" in json.dumps(body):
            yield "messages.0.content.0.text.cache_control: Extra inputs are not permitted"
        if "system" in refuses and not isinstance(body.get("system", ""), str):
            yield "system: Input should be a valid string"
        if "content" in refuses and any(not isinstance(one["content"], str) for one in body["messages"]):
            yield "messages.0.content: Input should be a valid string"

    def _text(self, body: Mapping[str, Any]) -> str:
        prompt = _prompt(body["messages"])
        said = json.dumps(self.answer(_asked(len(self.bodies), prompt)), ensure_ascii=False)
        asked_for = "format" in body.get("output_config", {})
        if self.profile.structured == "enforced" and asked_for:
            return said
        if '"additionalProperties":false' not in prompt:
            return "I have looked at the change and have a few remarks about it."
        return self._around(said)

    def _around(self, said: str) -> str:
        thoughts = '<think>Let me see {"claims": maybe...\n</think>\n\n' if self.profile.thinks_aloud else ""
        return f'{thoughts}Here is my "review":\n\n```json\n{said}\n```\nThat\'s all.' if self.profile.fenced else said

    def _usage(self, body: Mapping[str, Any], text: str) -> dict[str, Any]:
        return {"input_tokens": len(_prompt(body["messages"])) // 4, "output_tokens": len(text) // 4 + 1}

    def _message(self, body: Mapping[str, Any], text: str) -> dict[str, Any]:
        return {
            "id": "msg_local",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": [{"type": "text", "text": text}],
            "stop_reason": "end_turn",
            "usage": self._usage(body, text),
        }

    def _events(self, body: Mapping[str, Any], text: str) -> Iterator[dict[str, Any]]:
        usage = self._usage(body, text) if self.profile.usage else None
        begun = {"input_tokens": 0, "output_tokens": 0} if self.profile.usage else None
        message = self._message(body, text) | {"content": [], "stop_reason": None, "usage": begun}
        yield {"type": "message_start", "message": message}
        yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        for at in range(0, len(text), 7):
            yield {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "text_delta", "text": text[at : at + 7]},
            }
        yield {"type": "content_block_stop", "index": 0}
        yield {"type": "message_delta", "delta": {"stop_reason": "end_turn"}} | ({"usage": usage} if usage else {})
        yield {"type": "message_stop"}

    # The API of OpenAI, for a gateway in front

    async def _chat(self, http: web.Request) -> web.StreamResponse:
        body: dict[str, Any] = await http.json()
        self.bodies.append(body)
        self.headers.append(dict(http.headers))
        prompt = _prompt(body["messages"])
        text = self._around(json.dumps(self.answer(_asked(len(self.bodies), prompt)), ensure_ascii=False))
        head = {"id": "chatcmpl-local", "created": 1, "model": body["model"]}
        usage = {"prompt_tokens": len(prompt) // 4, "completion_tokens": len(text) // 4 + 1}
        usage["total_tokens"] = sum(usage.values())
        if not body.get("stream"):
            choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            return web.json_response(head | {"object": "chat.completion", "choices": [choice], "usage": usage})
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(http)
        pieces = [{"role": "assistant", "content": text[at : at + 40]} for at in range(0, len(text), 40)]
        for delta, reason in [*((piece, None) for piece in pieces), ({}, "stop")]:
            choice = {"index": 0, "delta": delta, "finish_reason": reason}
            await response.write(_data(head | {"object": "chat.completion.chunk", "choices": [choice]}))
        await response.write(_data(head | {"object": "chat.completion.chunk", "choices": [], "usage": usage}))
        await response.write(b"data: [DONE]\n\n")
        await response.write_eof()
        return response


def _data(chunk: Mapping[str, Any]) -> bytes:
    return f"data: {json.dumps(chunk)}\n\n".encode()


def _error(status: int, kind: str, message: str) -> web.Response:
    return web.json_response({"type": "error", "error": {"type": kind, "message": message}}, status=status)


def _prompt(messages: list[Mapping[str, Any]]) -> str:
    content = messages[-1]["content"]
    return content if isinstance(content, str) else "\n\n".join(block.get("text", "") for block in content)


def _asked(number: int, prompt: str) -> Asked:
    """The ask begins with its turn; the text before it holds the code under review, which may say anything."""
    ask = prompt[max(prompt.rfind("<turn seat="), 0) :]
    turn = _TURN.search(ask)
    return Asked(number, cast(Request, SimpleNamespace(last_text=ask)), *(turn.groups() if turn else (None, None)))
