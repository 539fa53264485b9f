from tests.unit.workers.builders import frame
from workers.batching import BatchBounds, batches


def test_every_frame_is_in_exactly_one_batch_and_streams_keep_their_order() -> None:
    frames = [frame("a", 0), frame("b", 0, width=16), frame("a", 1), frame("b", 1, width=16), frame("a", 2)]

    cut = batches(frames, BatchBounds())

    assert cut == ((0, 2, 4), (1, 3))


def test_frames_of_different_formats_never_share_a_batch() -> None:
    frames = [frame(width=8), frame(width=10), frame(height=10)]

    assert batches(frames, BatchBounds()) == ((0,), (1,), (2,))


def test_masked_and_unmasked_frames_are_scored_apart() -> None:
    assert batches([frame(), frame(), frame()], BatchBounds(), [False, True, False]) == ((0, 2), (1,))


def test_a_batch_holds_at_most_max_frames() -> None:
    cut = batches([frame(sequence=i) for i in range(5)], BatchBounds(max_frames=2))

    assert cut == ((0, 1), (2, 3), (4,))


def test_a_batch_holds_at_most_max_pixels_but_always_one_frame() -> None:
    frames = [frame(sequence=i) for i in range(3)]

    assert batches(frames, BatchBounds(max_pixels=2 * 48)) == ((0, 1), (2,))
    assert batches(frames, BatchBounds(max_pixels=1)) == ((0,), (1,), (2,))


def test_nothing_makes_no_batch() -> None:
    assert batches([], BatchBounds()) == ()


def test_a_batch_on_a_cpu_is_smaller_unless_the_operator_says_otherwise() -> None:
    assert BatchBounds.suited("cpu").max_pixels < BatchBounds.suited("cuda").max_pixels
    assert BatchBounds.suited("cpu", 4, 7) == BatchBounds(4, 7)
