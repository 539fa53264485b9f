"""Which streams a worker may go on with, and which it must begin again."""

from workers.stream_assignments import StreamAssignments


def test_a_stream_is_begun_once_while_it_stays() -> None:
    tenures = StreamAssignments({"gate": 1, "yard": 1}.get)
    assert tenures.begin(["gate", "yard", "gate"]) == ("gate", "yard")
    assert tenures.begin(["gate"]) == ()
    assert tenures.drop_moved() == ()


def test_a_stream_that_goes_to_others_has_moved_and_is_begun_again_when_it_comes_back() -> None:
    since: dict[str, int] = {"gate": 1}
    tenures = StreamAssignments(since.get)
    tenures.begin(["gate"])
    del since["gate"]
    assert tenures.drop_moved() == ("gate",)
    assert tenures.drop_moved() == ()
    since["gate"] = 2
    assert tenures.begin(["gate"]) == ("gate",)


def test_a_stream_that_was_away_between_two_looks_has_moved_as_well() -> None:
    since = {"gate": 1}
    tenures = StreamAssignments(since.get)
    tenures.begin(["gate"])
    since["gate"] = 2
    assert tenures.drop_moved() == ("gate",)


def test_streams_never_heard_are_ours_where_their_messages_would_come_here() -> None:
    assert StreamAssignments({"gate": 1}.get).own_streams(["gate", "yard"]) == ("gate",)
