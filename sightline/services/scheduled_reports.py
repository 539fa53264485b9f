"""Writes the scheduled reports when they are due, each once, into a folder."""

import logging
import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from domain.errors import NotifierUnavailable
from domain.ports import Clock, Notifier, ReportDelivery, ReportMaker
from domain.report_files import ReportFile
from notification.notifiers.mail import MailNotifier, SingleMails
from reports.export.report_file import request_name
from reports.schedule import Scheduled, due_reports
from reports.usable_time.periods import Zones
from sightline.config.settings import Settings

_log = logging.getLogger(__name__)

EVERY_S = 300.0


def build_scheduled_reports(
    settings: Settings, maker: ReportMaker, clock: Clock, notifiers: Sequence[Notifier] = ()
) -> "ScheduledReports":
    """Return what writes the reports of these settings."""
    chosen = settings.reports
    schedule = [Scheduled(each.every, each.formats, each.site, each.group, each.mail_to) for each in chosen.schedule]
    folder = Path(chosen.folder).expanduser()
    mails = [MailDelivery(folder, each) for each in notifiers if isinstance(each, MailNotifier | SingleMails)]
    return ScheduledReports(maker, [FolderDelivery(folder)], schedule, chosen.zones(), clock, mails=mails)


class FolderDelivery:
    """`ReportDelivery` into a folder of this machine; a file appears there whole or not at all."""

    name = "folder"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def has(self, name: str) -> bool:
        return (self._folder / name).exists()

    def deliver(self, report: ReportFile) -> None:
        unfinished = self._folder / f".{report.name}.{secrets.token_hex(4)}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            unfinished.write_bytes(report.content)
            os.replace(unfinished, self._folder / report.name)
        except OSError as error:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
            raise NotifierUnavailable(
                f"reports.folder: cannot write {self._folder / report.name}: {error.strerror}; check the folder"
            ) from error


class MailDelivery:
    """`ReportDelivery` by a mail receiver; an empty file beside the report says that it was sent."""

    def __init__(self, folder: Path, receiver: MailNotifier | SingleMails) -> None:
        self.name = receiver.name
        self._folder = folder
        self._receiver = receiver

    def has(self, name: str) -> bool:
        return self._mark(name).exists()

    def deliver(self, report: ReportFile) -> None:
        self._receiver.send_report(report)
        try:
            self._mark(report.name).touch()
        except OSError as error:
            raise NotifierUnavailable(f"reports.folder: cannot write into {self._folder}: {error.strerror}") from error

    def _mark(self, name: str) -> Path:
        return self._folder / f".{name}.mailed-{self.name}"


class ScheduledReports:
    """Makes what is due and was not delivered yet; what fails is tried again at the next call."""

    def __init__(
        self,
        maker: ReportMaker,
        deliveries: Sequence[ReportDelivery],
        schedule: Sequence[Scheduled],
        zones: Zones,
        clock: Clock,
        *,
        mails: Sequence[ReportDelivery] = (),
    ) -> None:
        """`deliveries` get every report, those of `mails` what names them."""
        self._maker = maker
        self._deliveries = deliveries
        self._schedule = schedule
        self._mails = mails
        self._zones = zones
        self._clock = clock

    def run_once(self) -> None:
        """Write what is due. Raises `StoreUnavailable` or `NotifierUnavailable`."""
        for due in due_reports(self._schedule, self._zones, self._clock.now()):
            for form in due.formats:
                name = request_name(due.request, form)
                wanted = (*self._deliveries, *(each for each in self._mails if each.name == due.mail_to))
                waiting = [each for each in wanted if not each.has(name)]
                if not waiting:
                    continue
                report = self._maker.make(due.request, form)
                for delivery in waiting:
                    delivery.deliver(report)
                _log.info("the report %s was written", report.name)
