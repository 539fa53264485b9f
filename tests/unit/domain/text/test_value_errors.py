"""Every kind of wrong value has a sentence of ours, which says what would be right and quotes nothing that was sent."""

from typing import Any

import pytest
from pydantic_core import _pydantic_core

from domain.text.value_errors import describe_value_error

KINDS: dict[str, Any] = {each["type"]: each for each in _pydantic_core.list_all_errors()}
NOT_UNDERSTOOD = "is not understood; the reference says what may be here"


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - {"value_error"}))
def test_no_words_of_the_library_reach_a_user(kind: str) -> None:
    template = KINDS[kind]["message_template_python"]
    said = describe_value_error(kind, KINDS[kind].get("example_context") or {}, template)
    assert said
    for word in (
        "Input",
        "input",
        "Field",
        "parse",
        "String",
        "string",
        "dictionary",
        "boolean",
        "integer",
        "instance",
    ):
        assert word not in said


def test_what_json_yaml_and_queries_can_get_wrong_is_said_by_what_would_be_right() -> None:
    common = """missing extra_forbidden json_invalid model_type model_attributes_type dict_type list_type tuple_type
    string_type string_too_short string_too_long string_pattern_mismatch bool_type bool_parsing int_type int_parsing
    int_parsing_size int_from_float float_type float_parsing finite_number greater_than greater_than_equal less_than
    less_than_equal too_short too_long enum literal_error datetime_type datetime_parsing datetime_from_date_parsing
    date_type date_parsing time_type time_parsing time_delta_type time_delta_parsing"""
    for kind in common.split():
        assert describe_value_error(kind, KINDS[kind].get("example_context") or {}, "") != NOT_UNDERSTOOD, kind


@pytest.mark.parametrize(
    ("kind", "context", "said"),
    [
        ("greater_than_equal", {"ge": 1}, "must be 1 or more"),
        ("less_than", {"lt": 31_622_400.0}, "must be less than 31622400"),
        ("string_too_short", {"min_length": 1}, "must not be empty"),
        ("string_too_short", {"min_length": 16}, "must have at least 16 characters"),
        ("literal_error", {"expected": "'a' or 'b'"}, "must be one of 'a' or 'b'"),
        ("value_error", {"error": ValueError("is odd")}, "is odd"),
        ("a kind of ours", {}, "Value error, is odd"),
    ],
)
def test_limits_and_rules_of_ours_are_said(kind: str, context: dict[str, object], said: str) -> None:
    assert describe_value_error(kind, context, "Value error, is odd") == said.removeprefix("Value error, ")
