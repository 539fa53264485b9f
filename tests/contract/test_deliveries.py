"""To whom messages go and who has them: SQLite, Postgres and the fake alike."""

from datetime import timedelta

from domain.alerts import NotificationKind
from evaluation.alerting.incidents import make_outbox_entry
from tests.contract.conftest import PortStores
from tests.contract.records import incident
from tests.fakes.ports import START

KEYS = ("i1:firing", "i1:resolved", "i2:firing")
LATER = START + timedelta(minutes=5)


def test_a_plan_is_kept_as_it_was_first_made(stores: PortStores) -> None:
    stores.alerts.plan_deliveries({"i1:firing": ["mail", "chat"], "i2:firing": ["mail"]}, START)
    stores.alerts.plan_deliveries({"i1:firing": ["mail"]}, LATER)
    assert stores.alerts.deliveries(KEYS) == {
        "i1:firing": {"mail": False, "chat": False},
        "i2:firing": {"mail": False},
    }


def test_what_was_received_stays_so_and_is_known_by_incident(stores: PortStores) -> None:
    stores.alerts.plan_deliveries({key: ["mail", "chat"] for key in KEYS}, START)
    stores.alerts.mark_received([("i1:firing", "mail"), ("i1:resolved", "mail"), ("i2:firing", "chat")], LATER)
    stores.alerts.mark_received([("i1:firing", "mail")], LATER + timedelta(hours=1))
    assert stores.alerts.deliveries(["i1:firing"]) == {"i1:firing": {"mail": True, "chat": False}}
    assert stores.alerts.receivers_notified(["i1", "i2", "i3"]) == {"i1": {"mail": LATER}, "i2": {"chat": LATER}}
    assert stores.alerts.receivers_notified([]) == {}


def test_a_thousand_keys_are_asked_at_once(stores: PortStores) -> None:
    keys = [f"i{number}:firing" for number in range(1200)]
    stores.alerts.plan_deliveries({key: ["mail"] for key in keys}, START)
    assert stores.alerts.deliveries(keys).keys() == set(keys)


def test_a_message_added_twice_is_there_once(stores: PortStores) -> None:
    entry = make_outbox_entry(incident(), NotificationKind.REMINDER, START, detail="3600")
    for _ in range(2):
        stores.alerts.add_messages([entry])
    assert [each.key for each in stores.alerts.due(LATER)] == [entry.key]
