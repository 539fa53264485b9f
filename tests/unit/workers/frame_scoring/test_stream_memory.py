from tests.fakes.ports import START
from workers.frame_scoring.stream_memory import StreamMemory


def test_a_new_session_remembers_nothing_of_the_one_before() -> None:
    memory = StreamMemory()
    memory.looks("gate", "s1").looked_at["model"] = START

    assert memory.looks("gate", "s1").looked_at == {"model": START}
    assert memory.looks("gate", "s2").looked_at == {}


def test_the_stream_unheard_for_longest_is_forgotten_first() -> None:
    memory = StreamMemory(max_streams=2)
    for name in ("a", "b", "a", "c"):
        memory.looks(name, "s").looked_at["model"] = START

    assert len(memory) == 2
    assert memory.looks("a", "s").looked_at
    assert not memory.looks("b", "s").looked_at
