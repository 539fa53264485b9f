"""Mail to a real SMTP server on the loopback, with TLS and a login."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from domain.alerts import IncidentState, NotificationKind, OutboxEntry
from domain.errors import NotifierUnavailable
from domain.evidence_metrics import EVIDENCE_METRICS
from domain.report_files import ReportFile, ReportFormat
from lab.services.certificates import Certificate, make_certificate
from lab.services.server_process import ServiceMissing
from notification.message import MessageWriter, make_test_entry
from notification.notifiers.mail import MailNotifier, MailSettings
from notification.receiver_settings import ReceiverTools
from tests import services
from tests.fakes.ports import START, FakeClock
from tests.unit.notification.notifiers.mail_server import PASSWORD, USER, mail_server
from tests.unit.notification.notifiers.test_webhook import FIRING, INCIDENT

WRITER = MessageWriter("https://cams.example.org/", EVIDENCE_METRICS, lambda _: ZoneInfo("Europe/Berlin"))
TOOLS = ReceiverTools(FakeClock(), WRITER)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    try:
        return make_certificate(tmp_path_factory.mktemp("tls"))
    except ServiceMissing as error:
        services.absent(error)


def settings(port: int, certificate: Certificate | None, **changed: object) -> MailSettings:
    given: dict[str, object] = {
        "type": "smtp",
        "host": "127.0.0.1",
        "port": port,
        "sender": "Sightline <sightline@example.org>",
        "to": ("guard@example.org",),
    }
    if certificate is None:
        given["security"] = "none"
    else:
        given |= {"user": USER, "password": PASSWORD, "ca_file": str(certificate.authority)}
    return MailSettings.model_validate({**given, **changed})


def test_a_mail_over_tls_says_all_that_a_guard_needs(certificate: Certificate) -> None:
    with mail_server(certificate) as box:
        answer = MailNotifier("ops", settings(box.port, certificate), TOOLS).send_and_read_answer(FIRING)
    assert answer == "250 2.0.0 Ok: queued as 4XyZ"
    (mail,) = box.mails
    assert mail["Subject"] == "gate (depot): out of focus"
    assert mail["X-Sightline-Key"] == FIRING.key
    text = mail.get_content()
    for expected in (
        "Camera: gate",
        "Site: depot",
        "What: gate: out of focus (edge_width 14)",
        "Measured: edge_width 14 px (normal: at most 9 px)",
        "Also: camera moved",
        "Since: 2026-03-02 09:00 CET",
        "https://cams.example.org/incidents/0123456789abcdef",
    ):
        assert expected in text


def test_a_repeat_has_the_same_message_id_and_the_end_is_in_the_same_thread(certificate: Certificate) -> None:
    ended = replace(INCIDENT, state=IncidentState.RESOLVED, resolved_at=START + timedelta(minutes=5))
    over = OutboxEntry(f"{INCIDENT.incident_id}:resolved", NotificationKind.RESOLVED, ended, START)
    with mail_server(certificate) as box:
        notifier = MailNotifier("ops", settings(box.port, certificate), TOOLS)
        for entry in (FIRING, FIRING, over):
            notifier.send(entry)
    first, repeat, end = box.mails
    assert first["Message-ID"] == repeat["Message-ID"] == end["In-Reply-To"] != end["Message-ID"]
    assert end["Subject"] == "gate (depot): out of focus is over"


def test_many_messages_become_one_mail_that_names_every_incident_once(certificate: Certificate) -> None:
    names = [f"cam-{number}" for number in range(30)]
    entries = [
        OutboxEntry(
            f"{name}:firing", NotificationKind.FIRING, replace(INCIDENT, incident_id=name, stream_id=name), START
        )
        for name in names
    ]
    with mail_server(certificate) as box:
        MailNotifier("ops", settings(box.port, certificate), TOOLS).send_digest(entries)
    (mail,) = box.mails
    assert mail["Subject"] == "Sightline: 30 incidents, 0 are over"
    lines = [line for line in mail.get_content().splitlines() if line.startswith("Still wrong: ")]
    assert [line.split()[2] for line in lines] == names


def test_the_servers_own_refusal_is_shown_and_no_password(certificate: Certificate) -> None:
    with mail_server(certificate) as box:
        box.refuse = f"550 5.7.1 not wanted here, {PASSWORD}"
        with pytest.raises(NotifierUnavailable, match=r"550 5\.7\.1 not wanted here, \*\*\*") as refused:
            MailNotifier("ops", settings(box.port, certificate), TOOLS).send(FIRING)
    assert PASSWORD not in str(refused.value)


def test_a_wrong_password_is_announced_in_the_servers_words(certificate: Certificate) -> None:
    wrong = settings(1, certificate, password="hunter2-wrong")
    with mail_server(certificate) as box:
        notifier = MailNotifier("ops", wrong.model_copy(update={"port": box.port}), TOOLS)
        with pytest.raises(NotifierUnavailable, match="535"):
            notifier.send(FIRING)
    assert box.mails == []


def test_a_server_with_a_foreign_certificate_gets_nothing(certificate: Certificate) -> None:
    with mail_server(certificate) as box:
        foreign = settings(box.port, certificate, ca_file="")
        with pytest.raises(NotifierUnavailable, match="certificate is not trusted"):
            MailNotifier("ops", foreign, TOOLS).send(FIRING)
    assert box.mails == []


def test_a_server_that_offers_no_starttls_gets_neither_login_nor_mail(certificate: Certificate) -> None:
    with mail_server() as box:
        plain = settings(box.port, None, security="starttls", user=USER, password=PASSWORD)
        with pytest.raises(NotifierUnavailable, match="offers no STARTTLS, so nothing was sent") as refused:
            MailNotifier("ops", plain, TOOLS).send(FIRING)
    assert box.mails == []
    assert PASSWORD not in str(refused.value)


def test_a_greylisted_mail_is_refused_for_now_and_arrives_later_under_the_same_id(certificate: Certificate) -> None:
    with mail_server(certificate) as box:
        notifier = MailNotifier("ops", settings(box.port, certificate), TOOLS)
        box.refuse = "451 4.7.1 Greylisted, try again in five minutes"
        for _ in range(3):
            with pytest.raises(NotifierUnavailable, match=r"451 4\.7\.1 Greylisted"):
                notifier.send(FIRING)
        box.refuse = ""
        notifier.send(FIRING)
        notifier.send(FIRING)
    assert len(box.mails) == 2
    assert len({mail["Message-ID"] for mail in box.mails}) == 1


def test_nobody_there_is_a_sentence_with_the_host() -> None:
    with pytest.raises(NotifierUnavailable, match=r"127\.0\.0\.1: ConnectionRefusedError"):
        MailNotifier("ops", settings(services.free_port(), None), TOOLS).send(FIRING)


def test_the_picture_of_now_goes_along_only_where_it_is_asked_for() -> None:
    tools = ReceiverTools(FakeClock(), WRITER, lambda camera: b"\xff\xd8" + camera.encode())
    with mail_server() as box:
        MailNotifier("ops", settings(box.port, None), tools).send(FIRING)
        MailNotifier("ops", settings(box.port, None, pictures=True), tools).send(FIRING)
    plain, pictured = box.mails
    assert not plain.is_multipart()
    (picture,) = pictured.iter_attachments()
    assert picture.get_content_type() == "image/jpeg"
    assert picture.get_content() == b"\xff\xd8gate"


def test_a_report_is_an_attachment() -> None:
    report = ReportFile("usable-time.pdf", ReportFormat.PDF, b"%PDF-1.7")
    with mail_server() as box:
        MailNotifier("ops", settings(box.port, None), TOOLS).send_report(report)
    (attached,) = box.mails[0].iter_attachments()
    assert (attached.get_content_type(), attached.get_filename()) == ("application/pdf", "usable-time.pdf")
    assert attached.get_content() == b"%PDF-1.7"


def test_a_test_message_says_that_nothing_is_wrong() -> None:
    with mail_server() as box:
        MailNotifier("ops", settings(box.port, None), TOOLS).send(make_test_entry(START))
    assert box.mails[0]["Subject"] == "Sightline: this is a test message"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"security": "none", "host": "mail.example.org"}, "only for a server on this machine"),
        ({"user": "ann", "password": ""}, "give user and password, or neither"),
    ],
)
def test_settings_that_would_send_a_login_in_the_clear_or_none_are_refused(
    changed: dict[str, object], said: str
) -> None:
    assert any(said in problem for problem in settings(25, None, **changed).find_conflicts())


@pytest.mark.parametrize("mailbox", ["", "guard", "a@b\r\nBcc: all@example.org", "a b@example.org", "a@b@c"])
def test_a_mailbox_that_could_forge_a_header_is_refused(mailbox: str) -> None:
    with pytest.raises(ValueError, match="mailbox"):
        settings(25, None, to=(mailbox,))


def test_a_camera_whose_site_has_a_line_end_forges_no_header() -> None:
    odd = replace(FIRING, incident=replace(INCIDENT, site="depot\r\nBcc: all@example.org"))
    with mail_server() as box:
        MailNotifier("ops", settings(box.port, None), TOOLS).send(odd)
    assert box.mails[0]["Bcc"] is None


def test_a_file_of_certificates_that_is_none_is_named(tmp_path: Path) -> None:
    from domain.errors import ConfigError  # noqa: PLC0415

    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(ConfigError, match=r"ops\.ca_file"):
        MailNotifier("ops", settings(25, None, ca_file=str(tmp_path / "ca.pem")), TOOLS)
