from domain.faults import Fault
from domain.runbook import RUNBOOK


def test_every_fault_says_what_it_means_and_what_to_do_in_whole_sentences() -> None:
    assert set(RUNBOOK) == set(Fault)
    for fault, entry in RUNBOOK.items():
        assert len(entry.steps) >= 2, fault
        for sentence in (entry.meaning, *entry.steps):
            assert sentence.endswith((".", "`.")), sentence
            assert sentence[0].isupper() or sentence[0] == "`", sentence
        assert len(entry.steps[0]) <= 160, fault
