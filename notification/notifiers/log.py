"""Tells the log: the notifier that needs nothing."""

import logging

from domain.alerts import NotificationKind, OutboxEntry

LOG = logging.getLogger("sightline.alerts")
_LEVELS = {"critical": logging.ERROR, "warning": logging.WARNING, "info": logging.INFO}


class LogNotifier:
    """Writes one line a message, an error for what is critical, a note for what is over."""

    name = "log"

    def send(self, entry: OutboxEntry) -> None:
        incident = entry.incident
        over = entry.kind is NotificationKind.RESOLVED
        level = logging.INFO if over else _LEVELS.get(incident.severity, logging.WARNING)
        symptoms = f"; also {', '.join(incident.symptoms)}" if incident.symptoms and not over else ""
        LOG.log(
            level, "%s %s [%s] %s", entry.kind.upper(), incident.summary, incident.incident_id, symptoms.strip("; ")
        )
