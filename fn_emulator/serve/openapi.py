"""A table of HTTP actions and what is made of it: an application and its OpenAPI document.

An action is a plain function of the thing it acts on, the names in its path, the query and the body, both already
checked against their types. The same row that routes a request describes it, so the document can't be out of date.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fn_emulator.errors import EmulatorError, Misuse

__all__ = ["Action", "NotThere", "Problem", "Stream", "application", "document"]

W = TypeVar("W")

BODY_MAX = 2**20
_JSON = "application/json"
_NAME = re.compile(r"\{(\w+)\}")


class NotThere(EmulatorError):
    """What a path names does not exist: 404."""


class Problem(msgspec.Struct):
    """Why a request was not done: 400 for what was asked, 404 for what is not there."""

    error: str


class Stream(msgspec.Struct, frozen=True):
    """An answer that is not JSON: a picture, text, or server-sent events."""

    response: Any  # starlette.responses.Response
    media: str = ""


class Action(msgspec.Struct, Generic[W], frozen=True, kw_only=True):
    """One row: `run(world, path, query, body)`. `path` holds integers by name."""

    method: str
    path: str
    summary: str
    run: Callable[..., Any]
    query: type | None = None
    body: type | None = None
    gives: Any = None  # a type of msgspec; a str is a media type; None: 204


def application(world: Any, actions: Sequence[Action[Any]], *, title: str, extra: Sequence[Route] = ()) -> Starlette:
    """The actions on `world`, and `/openapi.json`."""
    described = msgspec.json.encode(document(actions, title=title))

    async def openapi(request: Request) -> Response:
        return Response(described, media_type=_JSON)

    routes = [Route(action.path, _endpoint(world, action), methods=[action.method]) for action in actions]

    async def unknown(request: Request, problem: Exception) -> Response:
        assert isinstance(problem, HTTPException)
        return _problem(problem.status_code, problem.detail)

    return Starlette(
        routes=[*routes, Route("/openapi.json", openapi), *extra], exception_handlers={HTTPException: unknown}
    )


def _endpoint(world: Any, action: Action[Any]) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        try:
            answer = action.run(world, *(await _arguments(request, action)))
        except NotThere as problem:
            return _problem(404, str(problem))
        except (EmulatorError, msgspec.ValidationError, msgspec.DecodeError) as problem:
            return _problem(400, str(problem))
        if isinstance(answer, Stream):
            streamed: Response = answer.response
            return streamed
        if action.gives is None:
            return Response(status_code=204)
        return Response(msgspec.json.encode(answer), media_type=_JSON)

    return endpoint


async def _arguments(request: Request, action: Action[Any]) -> list[Any]:
    """What the action takes: the path's numbers, then query and body if it has them."""
    path = []
    for name in _NAME.findall(action.path):
        text = request.path_params[name]
        if not (text.isascii() and text.isdigit() and len(text) < 12):
            raise NotThere(f"{name} {text!r} is no number")
        path.append(int(text))
    arguments: list[Any] = [*path]
    if action.query is not None:
        arguments.append(msgspec.convert(dict(request.query_params), action.query, strict=False))
    if action.body is not None:
        arguments.append(msgspec.json.decode(await _body(request) or b"{}", type=action.body))
    return arguments


async def _body(request: Request) -> bytes:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_MAX:
            raise Misuse(f"a body of more than {BODY_MAX} bytes")
    return body


def _problem(status: int, problem: str) -> Response:
    return Response(msgspec.json.encode(Problem(problem)), status_code=status, media_type=_JSON)


def document(actions: Sequence[Action[Any]], *, title: str) -> dict[str, Any]:
    """OpenAPI 3.1."""
    types = {kind for action in actions for kind in (action.query, action.body, action.gives) if _is_schema(kind)}
    named = sorted({*types, Problem}, key=str)
    schemas, components = msgspec.json.schema_components(named, ref_template="#/components/schemas/{name}")
    of_type = dict(zip(map(str, named), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for action in actions:
        paths.setdefault(action.path, {})[action.method.lower()] = _operation(action, of_type, components)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "paths": paths,
        "components": {"schemas": components},
    }


def _is_schema(kind: Any) -> bool:
    return kind is not None and not isinstance(kind, str)


def _operation(action: Action[Any], of_type: Mapping[str, Any], components: Mapping[str, Any]) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "integer"}}
        for name in _NAME.findall(action.path)
    ]
    if action.query is not None:
        described = components[action.query.__name__]
        required = described.get("required", ())
        parameters += [
            {"name": name, "in": "query", "required": name in required, "schema": schema}
            for name, schema in described["properties"].items()
        ]
    problem = {"content": {_JSON: {"schema": of_type[str(Problem)]}}}
    operation: dict[str, Any] = {
        "summary": action.summary,
        "operationId": action.run.__name__,
        "parameters": parameters,
        "responses": {
            **_success(action, of_type),
            "400": {"description": "What was asked is wrong", **problem},
            "404": {"description": "There is no such thing", **problem},
        },
    }
    if action.body is not None:
        operation["requestBody"] = {"content": {_JSON: {"schema": of_type[str(action.body)]}}}
    return operation


def _success(action: Action[Any], of_type: Mapping[str, Any]) -> dict[str, Any]:
    if action.gives is None:
        return {"204": {"description": "Done"}}
    if isinstance(action.gives, str):
        return {"200": {"description": "Done", "content": {action.gives: {}}}}
    return {"200": {"description": "Done", "content": {_JSON: {"schema": of_type[str(action.gives)]}}}}
