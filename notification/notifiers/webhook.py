"""A signed webhook; its body is that of Prometheus' Alertmanager (webhook format, version 4), widely understood."""

import hashlib
import hmac
import json
from datetime import datetime

import httpx

from domain.alerts import Incident, IncidentState, OutboxEntry
from domain.faults import FAULT_LABELS
from domain.ports import Clock
from notification.grouping import unrecovered_members
from notification.notifiers.http_endpoint import HttpEndpoint

NOT_ENDED = "0001-01-01T00:00:00Z"


class WebhookNotifier:
    """Posts each message; with a secret, `X-Sightline-Signature: t=SECONDS,v1=HEX` signs it.

    HEX is HMAC-SHA256 over `SECONDS.BODY`; a receiver refuses times that are minutes old, and recognises a repeat by
    the header `Idempotency-Key`.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Clock,
        secret: str = "",
        name: str = "webhook",
        where: str = "notifiers.webhooks",
        timeout_s: float = 10.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Raise `ConfigError` for a URL that is not http or https."""
        self.name = name
        self._clock = clock
        self._secret = secret.encode()
        self._endpoint = HttpEndpoint(url, where=where, timeout_s=timeout_s, transport=transport)

    def send(self, entry: OutboxEntry) -> None:
        self.send_and_read_answer(entry)

    def send_and_read_answer(self, entry: OutboxEntry) -> str:
        """Post one message and return what was answered. Raises `NotifierUnavailable`."""
        content = json.dumps(alertmanager_body(entry, self.name), ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": entry.key}
        if self._secret:
            seconds = int(self._clock.now().timestamp())
            headers["X-Sightline-Signature"] = f"t={seconds},v1={sign_body(content, seconds, self._secret)}"
        return self._endpoint.call("POST", content=content, headers=headers)


def sign_body(content: bytes, seconds: int, secret: bytes) -> str:
    """Return HMAC-SHA256 over `SECONDS.BODY` in hexadecimal (RFC 2104)."""
    return hmac.new(secret, str(seconds).encode() + b"." + content, hashlib.sha256).hexdigest()


def alertmanager_body(entry: OutboxEntry, receiver: str) -> dict[str, object]:
    """Return the message in Alertmanager's format: one alert an incident, an update being the same alert again."""
    incident = entry.incident
    status = "resolved" if incident.state is IncidentState.RESOLVED else "firing"
    labels = _labels(incident)
    annotations = _annotations(entry)
    return {
        "version": "4",
        "groupKey": incident.incident_id,
        "truncatedAlerts": 0,
        "status": status,
        "receiver": receiver,
        "groupLabels": {"alertname": labels["alertname"]},
        "commonLabels": labels,
        "commonAnnotations": annotations,
        "externalURL": "",
        "alerts": [
            {
                "status": status,
                "labels": labels,
                "annotations": annotations,
                "startsAt": _rfc3339(incident.opened_at),
                "endsAt": _rfc3339(incident.resolved_at) if incident.resolved_at else NOT_ENDED,
                "generatorURL": "",
                "fingerprint": incident.incident_id,
            }
        ],
    }


def _labels(incident: Incident) -> dict[str, str]:
    labels = {
        "alertname": incident.headline.value,
        "camera": incident.stream_id,
        "site": incident.site,
        "group": incident.group,
        "severity": incident.severity,
    }
    return {name: value for name, value in labels.items() if value}


def _annotations(entry: OutboxEntry) -> dict[str, str]:
    incident, evidence = entry.incident, entry.incident.evidence
    annotations = {
        "kind": entry.kind.value,
        "summary": incident.summary,
        "label": FAULT_LABELS[incident.headline],
        "symptoms": ", ".join(incident.symptoms),
        "metric": evidence.metric,
        "value": _number(evidence.value),
        "normal_low": _number(evidence.normal_low),
        "normal_high": _number(evidence.normal_high),
        "mode": evidence.mode.value if evidence.mode else "",
        "since": _rfc3339(evidence.since) if evidence.since else "",
        "frames_judged": str(evidence.frames_judged) if evidence.frames_judged else "",
        "members": ", ".join(incident.members),
        "still_out": ", ".join(unrecovered_members(incident)),
    }
    return {name: value for name, value in annotations.items() if value}


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _rfc3339(at: datetime) -> str:
    """Return RFC 3339 in UTC."""
    return at.isoformat().replace("+00:00", "Z")
