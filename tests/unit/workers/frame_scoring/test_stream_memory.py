import torch

from workers.frame_scoring.stream_memory import StreamMemory


def test_a_new_session_remembers_nothing_of_the_one_before() -> None:
    memory = StreamMemory()
    memory.remember("gate", "s1", {"change": torch.ones(1)})

    assert "change" in memory.recall("gate", "s1")
    assert memory.recall("gate", "s2") == {}


def test_the_stream_unheard_for_longest_is_forgotten_first() -> None:
    memory = StreamMemory(max_streams=2)
    for name in ("a", "b", "a", "c"):
        memory.remember(name, "s", {"x": torch.ones(1)})

    assert memory.recall("b", "s") == {}
    assert memory.recall("a", "s") != {}
    assert len(memory) == 2


def test_a_remembered_row_does_not_keep_its_batch_alive() -> None:
    batch = torch.zeros(16, 1000)
    memory = StreamMemory()

    memory.remember("gate", "s", {"x": batch[3]})

    assert memory.recall("gate", "s")["x"].untyped_storage().nbytes() == 1000 * 4
