from tests.unit.workers.builders import frame
from workers.frame_scoring.tensor_batches import TensorBatchLimits, form_tensor_batches


def test_every_frame_is_in_exactly_one_batch_and_streams_keep_their_order() -> None:
    frames = [frame("a", 0), frame("b", 0, width=16), frame("a", 1), frame("b", 1, width=16), frame("a", 2)]

    cut = form_tensor_batches(frames, TensorBatchLimits())

    assert cut == ((0, 2, 4), (1, 3))


def test_frames_of_different_formats_never_share_a_batch() -> None:
    frames = [frame(width=8), frame(width=10), frame(height=10)]

    assert form_tensor_batches(frames, TensorBatchLimits()) == ((0,), (1,), (2,))


def test_masked_and_unmasked_frames_are_scored_apart() -> None:
    assert form_tensor_batches([frame(), frame(), frame()], TensorBatchLimits(), [False, True, False]) == ((0, 2), (1,))


def test_a_batch_holds_at_most_max_frames() -> None:
    cut = form_tensor_batches([frame(sequence=i) for i in range(5)], TensorBatchLimits(max_frames=2))

    assert cut == ((0, 1), (2, 3), (4,))


def test_a_batch_holds_at_most_max_pixels_but_always_one_frame() -> None:
    frames = [frame(sequence=i) for i in range(3)]

    assert form_tensor_batches(frames, TensorBatchLimits(max_pixels=2 * 48)) == ((0, 1), (2,))
    assert form_tensor_batches(frames, TensorBatchLimits(max_pixels=1)) == ((0,), (1,), (2,))


def test_nothing_makes_no_batch() -> None:
    assert form_tensor_batches([], TensorBatchLimits()) == ()


def test_a_batch_on_a_cpu_is_smaller_unless_the_operator_says_otherwise() -> None:
    assert TensorBatchLimits.for_device("cpu").max_pixels < TensorBatchLimits.for_device("cuda").max_pixels
    assert TensorBatchLimits.for_device("cpu", 4, 7) == TensorBatchLimits(4, 7)
