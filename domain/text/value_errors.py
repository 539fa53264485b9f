"""What is wrong with a value, in words of ours: what would be right, never the value itself.

The kinds are pydantic's names of its validation errors (https://docs.pydantic.dev/latest/errors/validation_errors/).
API, settings and lists of cameras all take their words from here.
"""

from collections.abc import Mapping

_OBJECT = "must be a group of named values, such as {name: value}"
_LIST = "must be a list, such as [a, b]"
_TEXT = "must be a text; put it in quotes"
_WHOLE = "must be a whole number, such as 5"
_NUMBER = "must be a number, such as 1.5"
_TIME = "must be a time such as 2026-03-01T08:00:00Z"
_DAY = "must be a day such as 2026-03-01"
_CLOCK = "must be a time of day such as 08:00"
_DURATION = "must be a length of time, such as PT15M"
_NOT_UNDERSTOOD = "is not understood; the reference says what may be here"

_SENTENCES: Mapping[str, str] = {
    "missing": "needed, but not given",
    "extra_forbidden": "is not known here; remove it, or correct its name",
    "invalid_key": "must have a text as its name; put it in quotes",
    "json_invalid": "is not valid JSON; check quotes, commas and brackets there",
    "json_type": "must be JSON",
    "recursion_depth_exceeded": "is nested too deeply; write it flatter",
    "recursion_loop": "holds itself; write it out",
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "dataclass_type": _OBJECT,
    "dict_type": _OBJECT,
    "mapping_type": _OBJECT,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "iterable_type": _LIST,
    "string_type": _TEXT,
    "string_unicode": "must be a text in UTF-8; save it as such",
    "string_not_ascii": "may hold the letters a to z, digits and plain marks only",
    "string_pattern_mismatch": "holds a character that is not allowed here, or is too long; the reference says what is",
    "bytes_type": _TEXT,
    "bytes_invalid_encoding": "must be a text in UTF-8; save it as such",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": f"{_WHOLE}; this one is too large",
    "int_from_float": f"{_WHOLE}, without a fraction",
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": f"{_NUMBER}; infinity and NaN are none",
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "date_type": _DAY,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": _DAY,
    "date_past": "must be a day that is over",
    "date_future": "must be a day to come",
    "time_type": _CLOCK,
    "time_parsing": _CLOCK,
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_object_invalid": _TIME,
    "datetime_from_date_parsing": _TIME,
    "datetime_past": "must be a time that is over",
    "datetime_future": "must be a time to come",
    "timezone_naive": f"{_TIME}, without its zone",
    "timezone_aware": f"{_TIME}, with its zone",
    "time_delta_type": _DURATION,
    "time_delta_parsing": _DURATION,
    "url_type": "must be an address, such as https://host/path",
    "url_parsing": "must be an address, such as https://host/path",
    "url_syntax_violation": "must be an address, such as https://host/path",
    "union_tag_not_found": _NOT_UNDERSTOOD,
}

_WITH_LIMIT: Mapping[str, str] = {
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be {le} or less",
    "multiple_of": "must be a multiple of {multiple_of}",
    "too_short": "must hold at least {min_length} entries",
    "too_long": "must hold at most {max_length} entries",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "url_too_long": "must have at most {max_length} characters",
    "enum": "must be one of {expected}",
    "literal_error": "must be one of {expected}",
    "url_scheme": "must begin with {expected_schemes}",
}


def describe_value_error(kind: str, context: Mapping[str, object], message: str) -> str:
    """Return what is wrong as the rest of a sentence that begins with the value's name, such as "must be 1 or more".

    `message` is the validator's own and is used where a rule of ours wrote it (`value_error`, or a kind of ours).
    """
    if kind in _SENTENCES:
        return _SENTENCES[kind]
    if kind in ("string_too_short", "too_short") and context.get("min_length") == 1:
        return "must not be empty"
    if kind in _WITH_LIMIT:
        return _WITH_LIMIT[kind].format_map({name: _show_limit(value) for name, value in context.items()})
    ours = kind == "value_error" or kind not in _PYDANTIC_ALONE
    return message.removeprefix("Value error, ") if ours else _NOT_UNDERSTOOD


def _show_limit(value: object) -> str:
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value)


_PYDANTIC_ALONE = frozenset(
    {
        *("no_such_attribute", "needs_python_object", "frozen_field", "frozen_instance", "get_attribute_error"),
        *("dataclass_exact_type", "named_tuple_type", "default_factory_not_called", "none_required"),
        *("iteration_error", "frozen_dict_type", "ordered_dict_type", "counter_type", "deque_type"),
        *("set_item_not_hashable", "bytes_too_short", "bytes_too_long", "assertion_error", "missing_sentinel_error"),
        *("ellipsis_error", "timezone_offset", "is_instance_of", "is_subclass_of", "callable_type"),
        *("union_tag_invalid", "arguments_type", "missing_argument", "unexpected_keyword_argument"),
        *("missing_keyword_only_argument", "unexpected_positional_argument", "missing_positional_only_argument"),
        *("multiple_argument_values", "uuid_type", "uuid_parsing", "uuid_version", "decimal_max_digits"),
        *("decimal_max_places", "decimal_whole_digits", "fraction_type", "fraction_parsing", "complex_type"),
        "complex_str_parsing",
    }
)
"""Kinds that nothing of ours provokes; should one come, pydantic's words are not shown."""
