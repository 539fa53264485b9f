"""Cells of CSV files that spreadsheets open."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet begins a formula with, and the wide forms of Chinese and Japanese keyboards."""


def neutralise_formula(text: str) -> str:
    """Return text that a spreadsheet shows as it is: what could begin a formula gets an apostrophe before it."""
    return f"'{text}" if text.startswith(_FORMULA) else text
