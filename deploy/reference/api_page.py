"""docs/reference/api.md: every endpoint with its parameters and the fields of its answer, from the OpenAPI document."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from api.app import create_app
from deploy.reference.markdown import as_sentence, code, head_note, write_table
from deploy.reference.settings_page import describe_type
from detectors.registry import METRICS

_INTRO = """The same description is at `/api/v1/openapi.json` of a running Sightline. Times are ISO 8601 in UTC.
Errors are `{"error": "one sentence"}`. null means not known (or unbounded, in the catalogue). Addresses of cameras are
shown without their credentials. With a token set, send `Authorization: Bearer TOKEN`.

```
curl -s http://127.0.0.1:8642/api/v1/cameras?state=fault
curl -s 'http://127.0.0.1:8642/api/v1/cameras/gate/scores?metric=edge_width&metric=luma_mean'
```

**Scores over time.** One request may ask for an hour of frames, two days of minutes, 92 days of hours or ten years of
days. Without `resolution` it gets the finest that fits. More than `points` points (at most 2000) are joined, extremes
are kept, and `thinned` is true. [Metrics and faults](../metrics.md) lists the keys of faults and metrics.

**Live events.** `/api/v1/live` sends server-sent `board` events: all cameras first, then once a second what changed."""

Document = Mapping[str, Any]


def render_api_page() -> str:
    """Return the page."""
    nothing = cast(Any, None)  # only the description is asked for, and no store answers for that
    document = create_app(nothing, nothing, nothing, nothing, metrics=METRICS, clock=nothing).openapi()
    parts = [f"# API\n\n{head_note()}\n\n{_INTRO}"]
    for path, operations in sorted(document["paths"].items()):
        parts += [_endpoint(method, path, operation, document) for method, operation in operations.items()]
    return "\n\n".join(parts) + "\n"


def _endpoint(method: str, path: str, operation: Document, document: Document) -> str:
    lines = [f"## `{method.upper()} {path}`", as_sentence(operation.get("description", ""))]
    schemas = {"$defs": document["components"]["schemas"]}
    rows = [
        (code(each["name"]), each["in"], _as_type(each["schema"], schemas), "yes" if each.get("required") else "")
        for each in operation.get("parameters", ())
    ]
    if rows:
        lines.append(write_table(("parameter", "in", "type", "required"), rows))
    body = _schema_of(operation.get("requestBody", {}))
    if body:
        lines += ["Body:", _fields_table(body, schemas)]
    answer = _schema_of(operation["responses"].get("200", {}))
    if answer:
        lines += ["Answer:", _fields_table(answer, schemas)]
    return "\n\n".join(line for line in lines if line)


def _schema_of(content: Document) -> Document:
    found: Document = content.get("content", {}).get("application/json", {}).get("schema", {})
    return found


def _fields_table(schema: Document, schemas: Document) -> str:
    rows = [(code(path), kind) for path, kind in _fields(schema, schemas, "")]
    return write_table(("field", "type"), rows) if rows else "a JSON value"


def _fields(schema: Document, schemas: Document, path: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield each field of an answer with its type; `cameras[].name` is a field of each entry of a list."""
    if "$ref" in schema:
        found = schemas["$defs"][schema["$ref"].rsplit("/", 1)[1]]
        for key, field in found.get("properties", {}).items():
            where = f"{path}.{key}".lstrip(".")
            yield where, _as_type(field, schemas)
            if depth < 4:
                yield from _fields(field, schemas, where, depth + 1)
        return
    for choice in schema.get("anyOf", ()):
        yield from _fields(choice, schemas, path, depth)
    if "items" in schema:
        yield from _fields(schema["items"], schemas, f"{path}[]", depth)
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _fields(schema["additionalProperties"], schemas, f"{path}.NAME", depth)


def _as_type(field: Document, schemas: Document) -> str:
    may_be_null = any(each.get("type") == "null" for each in field.get("anyOf", ()))
    text = "time" if _is_time(field) else describe_type(field, schemas)
    text = text.replace("section by name", "object by name").replace("section", "object")
    return f"{text} or null" if may_be_null else text


def _is_time(field: Document) -> bool:
    return any(each.get("format") == "date-time" for each in (field, *field.get("anyOf", ())))
