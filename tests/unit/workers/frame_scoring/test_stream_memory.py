from tests.fakes.ports import START
from workers.frame_scoring.stream_memory import StreamMemory


def test_a_new_session_remembers_nothing_of_the_one_before() -> None:
    memory = StreamMemory()
    memory.schedule("gate", "s1").judged_at["model"] = START

    assert memory.schedule("gate", "s1").judged_at == {"model": START}
    assert memory.schedule("gate", "s2").judged_at == {}


def test_the_stream_unheard_for_longest_is_forgotten_first() -> None:
    memory = StreamMemory(max_streams=2)
    for name in ("a", "b", "a", "c"):
        memory.schedule(name, "s").judged_at["model"] = START

    assert len(memory) == 2
    assert memory.schedule("a", "s").judged_at
    assert not memory.schedule("b", "s").judged_at
