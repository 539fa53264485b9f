"""Receivers of messages: which there are, and a test message to one of them."""

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel

from api.backend import Backend
from api.error_responses import MAX_SHOWN_NAME
from api.request_context import BackendDependency
from api.security.request_limits import one_line
from domain.errors import NotifierUnavailable
from domain.ports import ReceiverTester

router = APIRouter(prefix="/receivers", tags=["alerts"])


class ReceiverAnswer(BaseModel):
    """One receiver that messages may go to."""

    name: str


class ReceiverTestAnswer(BaseModel):
    """What came of a test message: `delivered`, and what the receiver's server said, without secrets."""

    name: str
    delivered: bool
    answer: str


@router.get("")
def receivers(backend: BackendDependency) -> list[ReceiverAnswer]:
    """Return the receivers that a test message can be sent to."""
    return [ReceiverAnswer(name=name) for name in _trial(backend).names()]


@router.post("/{name}/test")
def send_test(name: str, backend: BackendDependency) -> ReceiverTestAnswer:
    """Send a test message now, and return the server's own answer."""
    trial = _trial(backend)
    if name not in trial.names():
        raise HTTPException(404, f"there is no receiver '{one_line(name, MAX_SHOWN_NAME)}'")
    try:
        return ReceiverTestAnswer(name=name, delivered=True, answer=trial.send_test(name))
    except NotifierUnavailable as error:
        return ReceiverTestAnswer(name=name, delivered=False, answer=one_line(str(error), 500))


def _trial(backend: Backend) -> ReceiverTester:
    if backend.services.receivers is None:
        raise HTTPException(404, "this process sends no messages")
    return backend.services.receivers
