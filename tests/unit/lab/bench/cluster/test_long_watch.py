"""What was told over a watch is held against the one camera that was pulled."""

from datetime import UTC, datetime

import pytest

from lab.bench.cluster.long_watch import Message, find_wrong_notifications

AT = datetime(2026, 1, 1, tzinfo=UTC)
LOST: Message = ("gate", "signal_loss", "firing", AT)
BACK: Message = ("gate", "signal_loss", "resolved", AT)


def test_the_loss_and_the_return_of_the_pulled_camera_are_due() -> None:
    assert find_wrong_notifications("gate", [LOST, BACK]) == []


@pytest.mark.parametrize(
    ("told", "word"),
    [
        ([LOST], "announced 0 times instead of once: gate signal_loss resolved"),
        ([LOST, LOST, BACK], "announced 2 times instead of once: gate signal_loss firing"),
        ([LOST, BACK, ("yard", "blur", "firing", AT)], "announced and not due: yard blur firing"),
    ],
)
def test_what_is_missing_doubled_or_not_due_is_named(told: list[Message], word: str) -> None:
    assert find_wrong_notifications("gate", told) == [word]
