"""What a receiver that is read by people gets after an outage, and that nothing is lost in it."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from domain.alerts import OutboxEntry
from domain.errors import NotifierUnavailable
from notification.dispatcher import Dispatcher
from notification.follow_ups import FollowUpPolicy
from notification.grouping import GroupingPolicy
from tests.unit.notification.test_dispatcher import RESOLVED, DispatcherHarness, cameras


class DigestingNotifier:
    """A mailbox: keeps what it is told, one list a message; refuses while `away`, and always the keys in `never`."""

    name = "mailbox"

    def __init__(self) -> None:
        self.away = False
        self.never: set[str] = set()
        self.attempts = 0
        self.messages: list[list[OutboxEntry]] = []

    def send(self, entry: OutboxEntry) -> None:
        self.send_digest([entry])

    def send_digest(self, entries: Sequence[OutboxEntry]) -> None:
        self.attempts += 1
        if self.away or self.never & {entry.key for entry in entries}:
            raise NotifierUnavailable("the mailbox is away")
        self.messages.append(list(entries))

    def keys(self) -> list[str]:
        return [entry.key for message in self.messages for entry in message]


def desk_with(mailbox: DigestingNotifier, count: int) -> DispatcherHarness:
    desk = DispatcherHarness([replace(camera, site=f"site-{camera.name}") for camera in cameras(count)])
    desk.dispatcher = Dispatcher(
        desk.alerts,
        desk.streams,
        [mailbox],
        desk.clock,
        grouping=GroupingPolicy(wait_s=0, least=10_000, share=2),
        follow_ups=FollowUpPolicy(reminders=()),
    )
    return desk


def test_after_an_outage_of_an_hour_two_hundred_messages_are_a_handful_of_mails() -> None:
    mailbox = DigestingNotifier()
    desk = desk_with(mailbox, 100)
    mailbox.away = True
    for number in range(100):
        desk.happens(f"cam-{number:02}")
        desk.run(18)
        desk.happens(f"cam-{number:02}", RESOLVED)
        desk.run(18)
    assert mailbox.messages == []
    assert mailbox.attempts < 20
    mailbox.away = False
    desk.run(1200)
    assert len(mailbox.messages) <= 3
    assert sorted(mailbox.keys()) == sorted(
        f"i-cam-{number:02}:{kind}" for number in range(100) for kind in ("firing", "resolved")
    )
    assert desk.alerts.due(desk.clock.now() + timedelta(days=1)) == []


def test_a_burst_is_one_mail_and_a_few_are_a_few() -> None:
    mailbox = DigestingNotifier()
    desk = desk_with(mailbox, 60)
    for number in range(3):
        desk.happens(f"cam-{number:02}")
    desk.run(5)
    assert [len(message) for message in mailbox.messages] == [1, 1, 1]
    for number in range(3, 60):
        desk.happens(f"cam-{number:02}")
    desk.run(5)
    assert [len(message) for message in mailbox.messages[3:]] == [57]


def test_a_message_that_is_never_taken_keeps_no_other_back() -> None:
    mailbox = DigestingNotifier()
    desk = desk_with(mailbox, 30)
    mailbox.never = {"i-cam-00:firing"}
    for number in range(30):
        desk.happens(f"cam-{number:02}")
        desk.run(20)
    desk.run(3 * 3600, every_s=20)
    assert sorted(mailbox.keys()) == [f"i-cam-{number:02}:firing" for number in range(1, 30)]
    waiting = desk.dispatcher.counters()["mailbox"]
    assert waiting[1] == 1
    assert waiting[0].delivered == 29


def test_the_end_never_comes_before_the_beginning_however_often_it_fails() -> None:
    mailbox = DigestingNotifier()
    desk = desk_with(mailbox, 1)
    for step in range(40):
        mailbox.away = step % 3 != 2
        if step == 1:
            desk.happens("cam-00")
        if step == 4:
            desk.happens("cam-00", RESOLVED)
        desk.run(15)
    assert mailbox.keys() == ["i-cam-00:firing", "i-cam-00:resolved"]


def test_a_receiver_that_hangs_does_not_keep_the_process_from_ending() -> None:
    program = (
        "import threading\n"
        "from notification.receiver_queue import ReceiverQueue\n"
        "from tests.unit.notification.test_dispatcher import DispatcherHarness, cameras\n"
        "begun = threading.Event()\n"
        "class Hanging:\n"
        "    name = 'hanging'\n"
        "    def send(self, entry):\n"
        "        begun.set()\n"
        "        threading.Event().wait(300)\n"
        "queue = ReceiverQueue(Hanging())\n"
        "desk = DispatcherHarness(cameras(1))\n"
        "desk.happens(cameras(1)[0].name)\n"
        "message = next(iter(desk.scores.outbox.values()))\n"
        "queue.send([message], message.created_at)\n"
        "assert begun.wait(60)\n"
        "queue.close()\n"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)

    assert ended.returncode == 0, ended.stderr
