"""What people may send: their names and words, checked alike wherever they are asked for."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints
from pydantic_core import PydanticCustomError

from domain.text.plain_text import holds_invisible


def _refuse_invisible(text: str) -> str:
    if holds_invisible(text):
        raise PydanticCustomError("invisible", "Holds a character that cannot be seen; type the text again")
    return text


ReasonText = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$"),
    AfterValidator(_refuse_invisible),
]
PersonName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$"),
    AfterValidator(_refuse_invisible),
]
MaybePersonName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$"),
    AfterValidator(_refuse_invisible),
]


Identifier = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_refuse_invisible)]


class ByPerson(BaseModel):
    """Who does it; for the audit."""

    model_config = ConfigDict(extra="forbid")

    by: PersonName
