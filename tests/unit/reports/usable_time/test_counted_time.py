"""What counts of a camera's time where it was moved, and where it belongs."""

from datetime import UTC, datetime, timedelta

from domain.verdict_time import MaintenanceWindow, WatchChange
from reports.usable_time.counted_time import find_counted_time, place_at
from reports.usable_time.periods import Stretch

DAY = datetime(2026, 5, 3, tzinfo=UTC)
WHOLE = Stretch(DAY, DAY + timedelta(days=1))


def at(hour: int) -> datetime:
    return DAY + timedelta(hours=hour)


def test_the_work_of_a_site_holds_for_a_camera_only_while_it_hangs_there() -> None:
    moved = [WatchChange("gate", at(-24), True, "north"), WatchChange("gate", at(12), True, "south")]
    windows = [
        MaintenanceWindow("1", at(8), at(9), site="north"),
        MaintenanceWindow("2", at(10), at(13), site="south"),
        MaintenanceWindow("3", at(14), at(15), site="north"),
    ]
    found = find_counted_time(moved, WHOLE, windows)
    assert found is not None
    assert found.site == "south"
    assert found.maintenance == ((at(8), at(9)), (at(12), at(13)))
    assert found.counted == ((at(0), at(8)), (at(9), at(12)), (at(13), at(24)))


def test_a_camera_that_was_moved_between_periods_is_told_from_where_it_hung() -> None:
    changes = [WatchChange("gate", at(0), True, "north"), WatchChange("gate", at(12), True, "south")]
    assert [place_at(changes, at(hour)).site for hour in (-1, 6, 12, 13)] == ["north", "north", "north", "south"]
