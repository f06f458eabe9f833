"""Answers that a real shop once gave, asked of the sandbox again.

The recordings have no licence, so they are no part of this project; where they lie beside it they are read. Compared
is what does not differ by shop and moment: ids, times, addresses, cursors and what a call cost are left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from graphql import get_named_type, is_leaf_type, is_object_type, is_required_argument

from channels.connectors.shopify.bulk import form
from channels.connectors.shopify.schema import official_schema
from tests.channels.sandbox.fixtures import Sandbox, path_of
from tests.channels.sandbox.prepared import Thing, prepare

_PLACES = [each / "shared/specs/shopify/recorded" for each in Path(__file__).parents]
FOLDER = next((place for place in _PLACES if place.is_dir()), _PLACES[0])
_ID = re.compile(r"gid://shopify/\w+/[^\s\"?,.]+|tmp/\d+/[^\s\"]+")
STAGE = """mutation {
  stagedUploadsCreate(
    input: [{filename: "a.jsonl", mimeType: "text/jsonl", resource: BULK_MUTATION_VARIABLES, httpMethod: POST}]
  ) { stagedTargets { parameters { name value } } userErrors { message } }
}"""
# As the one above, and cursors.
_KEPT = re.compile(_ID.pattern + r"|eyJ[\w=]+")
_GID = re.compile(r"gid://shopify/\w+/[^\s\"?,.]+")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_PLACE = re.compile(r" at \[\d+, \d+\]$")  # of a syntax error, where parsers differ
_APP = re.compile(r"app--\d{9,}(?=--\D)")  # the app's own room for metafields
_PASSING = (
    "url",
    "resourceUrl",
    "startCursor",
    "endCursor",
    "cursor",
    "digest",
    "compareDigest",
    "translatableContentDigest",
    "updatedAt",
)
_SIGNED = ("-date", "-credential", "-algorithm", "signature", "policy", "googleaccessid")


@dataclass(frozen=True)
class Asked:
    """One call of a recording. `place` is its path in the file."""

    place: str
    query: str
    variables: dict[str, Any]
    answer: dict[str, Any]


@dataclass
class Replay:
    """The recorded calls of a file in their order, with the recorded ids led to those of the sandbox."""

    ids: dict[str, str] = field(default_factory=dict)
    held: dict[str, Thing] = field(default_factory=dict)  # what the recording tells of the shop's things

    def variables(self, asked: Asked) -> dict[str, Any]:
        text = json.dumps(asked.variables)
        found: dict[str, Any] = json.loads(_KEPT.sub(lambda m: self.ids.get(m[0], m[0]), text))
        return found

    def learn(self, recorded: Any, given: Any) -> None:
        """Which id of the sandbox stands where a recorded one stood."""
        if isinstance(recorded, dict) and isinstance(given, dict):
            for name in recorded.keys() & given.keys():
                if name in ("startCursor", "endCursor", "cursor") and recorded[name] and given[name]:
                    self.ids.setdefault(recorded[name], given[name])
                self.learn(recorded[name], given[name])
        elif isinstance(recorded, list) and isinstance(given, list):
            for one, other in zip(recorded, given, strict=False):
                self.learn(one, other)
        elif isinstance(recorded, str) and isinstance(given, str) and _ID.fullmatch(recorded):
            self.ids.setdefault(recorded, given)

    def ask(self, sandbox: Sandbox, asked: Asked) -> dict[str, Any]:
        """The sandbox's answer to the same call; what it says of ids is kept for the calls to come."""
        path = str(asked.variables.get("path"))
        if path.startswith("tmp/") and path not in self.ids and "issing" not in path:
            staged = sandbox.shopify(STAGE).json
            self.ids[path] = staged["data"]["stagedUploadsCreate"]["stagedTargets"][0]["parameters"][3]["value"]
            self.upload(sandbox, staged, b"" if "empty" in path else b"{}\n")
        prepare(sandbox, self.ids, self.held, asked.variables, asked.answer)
        answer: dict[str, Any] = sandbox.shopify(asked.query, self.variables(asked)).json
        told = asked.place + json.dumps(asked.variables)
        if "stagedUploadsCreate" in (answer.get("data") or {}) and "issing" not in told:
            self.upload(sandbox, answer, b"" if "empty" in told else b"{}\n")
        self.learn(asked.answer.get("data"), answer.get("data"))
        return answer

    def upload(self, sandbox: Sandbox, answer: dict[str, Any], file: bytes = b"{}\n") -> None:
        """What was uploaded between two calls was not kept; a line that nobody reads stands for it."""
        for target in (answer["data"]["stagedUploadsCreate"] or {}).get("stagedTargets") or []:
            parameters = {each["name"]: each["value"] for each in target["parameters"]}
            if parameters.get("Content-Type") == "text/jsonl":
                request = form(f"{sandbox.url}/shopify/staged/", parameters, file, "text/jsonl")
                sandbox.call("POST", path_of(request.url), request.body, dict(request.headers))


def calls(path: Path) -> Iterator[Asked]:
    """Each call that was kept whole: a query, its variables and a GraphQL answer."""

    def walk(value: Any, place: str) -> Iterator[Asked]:
        if isinstance(value, dict):
            answer = value.get("response")
            if isinstance(answer, dict) and "payload" in answer:
                answer = answer["payload"]
            if isinstance(answer, dict) and {"data", "errors"} & answer.keys():
                sent = value["request"] if isinstance(value.get("request"), dict) else value
                variables = sent.get("variables") or {}
                query = sent.get("query") or sent.get("document") or document(answer.get("data") or {}, variables)
                if isinstance(query, str) and query:
                    yield Asked(place, query, variables, answer)
                return
            for name, each in value.items():
                if name not in ("upstreamCalls", "cleanup", "cleanupBefore"):
                    yield from walk(each, f"{place}/{name}")
        elif isinstance(value, list):
            for index, each in enumerate(value):
                yield from walk(each, f"{place}[{index}]")

    yield from walk(json.loads(path.read_text()), "")


def document(data: dict[str, Any], variables: dict[str, Any]) -> str:
    """The query that an answer was given to, where only its name was kept: what was answered, asked with the arguments
    that bear the variables' names. "" where that cannot be told."""
    schema = official_schema()
    kind = next((k for k in (schema.mutation_type, schema.query_type) if k and data.keys() <= k.fields.keys()), None)
    if kind is None or not data:
        return ""
    declared: dict[str, str] = {}
    roots = []
    for name, value in data.items():
        definition = kind.fields[name]
        given = {arg: str(each.type) for arg, each in definition.args.items() if arg in variables}
        if any(is_required_argument(each) and arg not in given for arg, each in definition.args.items()):
            return ""
        declared |= given
        arguments = ", ".join(f"{arg}: ${arg}" for arg in given)
        directive = ""
        if "idempotencyKey" in variables:
            declared["idempotencyKey"], directive = "String!", " @idempotent(key: $idempotencyKey)"
        roots.append(f"{name}{f'({arguments})' if arguments else ''}{directive}{_selected(value, definition.type)}")
    if variables.keys() - declared.keys():
        return ""
    heads = ", ".join(f"${arg}: {type_}" for arg, type_ in declared.items())
    word = "mutation" if kind is schema.mutation_type else "query"
    return f"{word}{f'({heads})' if heads else ''} {{ {' '.join(roots)} }}"


def _selected(value: Any, of: Any) -> str:
    kind = get_named_type(of)
    if is_leaf_type(kind):
        return ""
    samples = value if isinstance(value, list) else [value]
    rows = [each for each in samples if isinstance(each, dict)]
    if rows and "__typename" in rows[0] and not is_object_type(kind):
        kind = official_schema().type_map[rows[0]["__typename"]]
        return f" {{ __typename ... on {kind}{_selected(rows[0], kind)} }}"
    if not rows or not hasattr(kind, "fields"):
        return " { __typename }"
    found: dict[str, Any] = {}
    for row in rows:
        for name, each in row.items():
            found[name] = each if found.get(name) in (None, []) else found[name]
    shown = []
    for name, each in found.items():
        if name == "__typename" or name not in kind.fields:
            shown.append("__typename" if name == "__typename" else f"{name}: __typename")
            continue
        arguments = "(first: 50)" if "first" in kind.fields[name].args else ""
        shown.append(f"{name}{arguments}{_selected(each, kind.fields[name].type)}")
    return f" {{ {' '.join(shown)} }}"


def essence(value: Any, name: str = "") -> Any:
    """An answer without what differs by shop and moment."""
    if isinstance(value, dict):
        if value.keys() == {"name", "value"} and str(value["name"]).lower().endswith(_SIGNED):
            return {"name": value["name"], "value": "…"}
        if str(value.get("id")).startswith("gid://shopify/Location/"):
            value = value | {"name": "…"} if "name" in value else value  # each shop calls its places as it likes
        return {key: essence(each, key) for key, each in value.items() if key != "extensions"}
    if isinstance(value, list):
        return [essence(each, name) for each in value]
    if isinstance(value, str):
        if name in _PASSING or value.startswith(("tmp/", "http://127", "https://shopify", "https://storage")):
            return "…"
        return _APP.sub("app--1", _PLACE.sub("", _TIME.sub("time", _GID.sub("gid", value))))
    return value


def judgement(answer: dict[str, Any]) -> Any:
    """What is compared: the data, or the codes of what is no valid call."""
    if answer.get("errors"):
        return sorted(str((each.get("extensions") or {}).get("code")) for each in answer["errors"])
    return essence(answer.get("data"))
