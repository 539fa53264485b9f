"""docs/reference/settings.md: every key of a settings file with its type, default and meaning, from the JSON Schema."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from deploy.reference.markdown import as_sentence, code, head_note, write_table
from sightline.config.settings import json_schema

_INTRO = """Every key has a default, so an empty file is valid; only what a list entry needs (`name` and `url` of a
camera) must be given. An unknown key is an error. [The settings file](../guides/settings-file.md) has an example
and says how variables and secret files work: any of `url`, `password`, `token`, `secret`, `user` and `database`
may be given as `…_file`, the name of a file that holds the value."""

Schema = Mapping[str, Any]
_KINDS = {"boolean": "true or false", "string": "text", "object": "section by name"}
LONGEST_CHOICE = 10
"""Longer lists of values have a page of their own, such as that of the faults."""


def render_settings_page() -> str:
    """Return the page."""
    schema = json_schema()
    sections = [f"# Settings\n\n{head_note()}\n\n{_INTRO}", "## At the top of the file\n\n" + _table(schema, schema)]
    for path, section in _sections(schema, schema, ""):
        text = as_sentence(section.get("description", ""))
        sections.append(f"## `{path}`\n\n" + (f"{text}\n\n" if text else "") + _table(section, schema))
    return "\n\n".join(sections) + "\n"


def _sections(section: Schema, schema: Schema, path: str) -> Iterator[tuple[str, Schema]]:
    """Yield each section below one, with its path: `cameras[].plan`."""
    for key, field in section.get("properties", {}).items():
        for mark, inner in _inner_sections(field, schema):
            where = f"{path}.{key}{mark}".lstrip(".")
            yield where, inner
            yield from _sections(inner, schema, where)


def _inner_sections(field: Schema, schema: Schema, mark: str = "") -> Iterator[tuple[str, Schema]]:
    if "$ref" in field:
        found = _resolve(field, schema)
        if "properties" in found:
            yield mark, found
        return
    for choice in (*field.get("anyOf", ()), *field.get("allOf", ())):
        yield from _inner_sections(choice, schema, mark)
    for choice in field.get("oneOf", ()):
        kind = _resolve(choice, schema)["properties"]["type"]["const"]
        yield from _inner_sections(choice, schema, f"{mark} (type: {kind})")
    if "items" in field:
        yield from _inner_sections(field["items"], schema, f"{mark}[]")
    if isinstance(field.get("additionalProperties"), dict):
        yield from _inner_sections(field["additionalProperties"], schema, f"{mark}.NAME")


def _resolve(field: Schema, schema: Schema) -> Schema:
    found: Schema = schema["$defs"][field["$ref"].rsplit("/", 1)[1]]
    return found


def _table(section: Schema, schema: Schema) -> str:
    required = section.get("required", ())
    rows = [
        (
            code(key),
            describe_type(field, schema),
            "required" if key in required else _default(field),
            as_sentence(_field_text(field)),
        )
        for key, field in section["properties"].items()
    ]
    return write_table(("key", "type", "default", "meaning"), rows)


def _field_text(field: Schema) -> str:
    return str(field.get("description", ""))


def _default(field: Schema) -> str:
    value = field.get("default")
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, float):
        return code(f"{value:g}")
    return "as below" if isinstance(value, dict) else code(json.dumps(value, ensure_ascii=False).strip('"'))


def describe_type(field: Schema, schema: Schema) -> str:
    """Return a field's type in words: `integer, 1 … 65535`, `a or b`, `list of …`."""
    if "$ref" in field:
        found = _resolve(field, schema)
        return _choices(found) if "enum" in found else "section"
    if "anyOf" in field:
        kinds = dict.fromkeys(describe_type(each, schema) for each in field["anyOf"] if each.get("type") != "null")
        return " or ".join(kinds)
    if "enum" in field or "const" in field:
        return _choices(field) if "enum" in field else code(field["const"])
    if field.get("type") == "array":
        return f"list of {describe_type(field.get('items', {}), schema)}"
    return f"{_KINDS.get(field.get('type', ''), field.get('type', 'any'))}{_bounds(field)}"


def _choices(field: Schema) -> str:
    if len(field["enum"]) > LONGEST_CHOICE:
        return f"key of a {field.get('title', 'choice').lower()}"
    return ", ".join(code(value) for value in field["enum"])


def _bounds(field: Schema) -> str:
    words = [
        f"{text} {field[key]:,g}" if field[key] < 1e6 else f"{text} {field[key]:,.0f}"
        for key, text in (
            ("minimum", "at least"),
            ("exclusiveMinimum", "more than"),
            ("maximum", "at most"),
            ("exclusiveMaximum", "less than"),
        )
        if field.get(key) is not None
    ]
    return "".join(f", {word}" for word in words)
