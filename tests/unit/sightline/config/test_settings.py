from pathlib import Path

import pytest
import yaml

from domain.cameras import FaultSetting, Mask, SamplingMode
from domain.errors import ConfigError
from domain.faults import Fault
from sightline.config.settings import Settings, json_schema
from sightline.config.settings_file import read_settings_file, settings_path
from sightline.config.settings_loading import load_settings, parse_settings


def write_settings(folder: Path, text: str) -> Path:
    path = folder / "sightline.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as refused:
        load_settings(write_settings(folder, text))
    return str(refused.value)


def test_without_a_file_everything_is_embedded_and_local() -> None:
    settings = load_settings(None)

    assert settings == Settings()
    assert settings.database == "sqlite:///sightline.db"
    assert (settings.api.host, settings.api.port) == ("127.0.0.1", 8642)
    assert settings.pictures == "memory"


def test_a_full_camera_is_read(tmp_path: Path) -> None:
    text = """
cameras:
  - name: gate
    url: rtsp://10.0.0.5/main
    site: north
    group: switch-1
    transport: udp
    plan: {mode: key_frames}
    ptz: true
    masks: [{left: 0, top: 0.5, width: 1, height: 0.25}, {points: [[0.1, 0.1], [0.5, 0.2], [0.2, 0.6]]}]
    tags: [entrance, floor 2, entrance]
    faults: {blur: off, noise: {sensitivity: 8}}
"""
    (camera,) = load_settings(write_settings(tmp_path, text)).domain_cameras()

    assert (camera.name, camera.url, camera.site, camera.group) == ("gate", "rtsp://10.0.0.5/main", "north", "switch-1")
    assert camera.plan.mode is SamplingMode.KEY_FRAMES
    assert camera.masks == (Mask(0, 0.5, 1, 0.25), Mask.polygon([(0.1, 0.1), (0.5, 0.2), (0.2, 0.6)]))
    assert camera.tags == ("entrance", "floor 2")
    assert camera.faults == {Fault.BLUR: FaultSetting(enabled=False), Fault.NOISE: FaultSetting(sensitivity=8)}


def test_names_of_any_script_are_read_as_people_write_them(tmp_path: Path) -> None:
    names = ["T\u00fcr S\u00fcd #2 (innen)", "\u7384\u95a2\u3000\u30ab\u30e1\u30e9\uff08\u5317\uff09"]
    text = yaml.safe_dump({"cameras": [{"name": name, "url": "rtsp://h/1"} for name in names]}, allow_unicode=True)

    cameras = load_settings(write_settings(tmp_path, text)).domain_cameras()

    assert [camera.name for camera in cameras] == [names[0], names[1].replace("\u3000", " ")]


def test_cameras_without_a_plan_take_the_common_one() -> None:
    settings = parse_settings({"plan": {"mode": "all"}, "cameras": [{"name": "a", "url": "a.mp4"}]})

    assert settings.domain_cameras()[0].plan.mode is SamplingMode.ALL


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colour: 1", "colour: unknown key"),
        ("devise: cpu", "devise: unknown key, did you mean 'device'?"),
        ("device: gpu", "device: must be one of 'auto', 'cpu' or 'cuda'"),
        ("batch: {max_frames: '3'}", "batch.max_frames: must be a whole number"),
        ("cameras: [{name: a}]", "cameras[0].url: needed, but not given"),
        ("cameras: [{name: a, url: u, plan: {mod: all}}]", "cameras[0].plan.mod: unknown key, did you mean 'mode'?"),
        (
            "cameras: [{name: a, url: u, masks: [{lft: 0}]}]",
            "cameras[0].masks[0].lft: unknown key, did you mean 'left'?",
        ),
        (
            "cameras: [{name: a, url: u, masks: [{left: 0, top: 0, width: 1, height: 1}]}]",
            "cameras[0].masks: cover the whole picture, so that nothing would be judged; leave a part free",
        ),
        ("cameras: [{name: a, url: 'exec:ls'}]", "cameras[0].url: scheme 'exec:' is not allowed"),
        ("cameras: [{name: a, url: u}, {name: a, url: v}]", "cameras[1].name: 'a' is taken by cameras[0]"),
        ("api: {host: 0.0.0.0}", "api.token: needed"),
        ("api: {host: 0.0.0.0, token: fifteen-letters}", "api.token: shorter than 16 characters"),
        ("api: {host: 0.0.0.0, token: 'padded          '}", "api.token: shorter than 16 characters"),
        ("api: {token: fifteen-letters, allowed_hosts: [cameras.example]}", "api.token: shorter than 16 characters"),
        ("api: {token: fifteen-letters, trusted_proxies: [127.0.0.1]}", "api.token: shorter than 16 characters"),
        ("api: {token: ''}", "api.token: empty"),
        ("api: {token: '   '}", "api.token: empty"),
        ('api: {token: "sixteen\\nletters-and-more"}', "api.token: holds a character"),
        ("api: {trusted_proxies: [0.0.0.0/0]}", "api.trusted_proxies: '0.0.0.0/0' holds every address"),
        ("api: {trusted_proxies: [proxy.example]}", "api.trusted_proxies: 'proxy.example' is no address"),
        ("api: {max_connections: 7}", "api.max_connections"),
        (
            "api: {sign_in: {groups: [{group: g, role: viewer, sites: ['']}]}}",
            "api.sign_in.groups[0].sites[0]: must not be empty",
        ),
        ("retention: {raw_days: 40}", "retention: raw_days, minutes_days"),
        ("a: 1\na: 2", "line 2: key 'a' is given twice"),
        ("cameras: [", "not valid YAML"),
        ("- 1", "expected keys and values"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(tmp_path, text)


def test_an_unknown_fault_of_the_third_camera_is_named_with_what_was_meant(tmp_path: Path) -> None:
    text = """
cameras:
  - {name: a, url: a.mp4}
  - {name: b, url: b.mp4}
  - {name: c, url: c.mp4, faults: {blurr: off}}
"""
    assert refusal(tmp_path, text) == "cameras[2].faults.blurr: unknown key, did you mean 'blur'?"


def test_every_wrong_value_is_reported_at_once(tmp_path: Path) -> None:
    said = refusal(tmp_path, "device: gpu\ncolour: 1\nbatch: {max_frames: 0}")

    assert len(said.splitlines()) == 3


def test_every_kind_of_mistake_is_named_in_one_go(tmp_path: Path) -> None:
    text = """
devise: cpu
database: '${NOT_SET_ANYWHERE}'
cameras:
  - {name: a, url: 'exec:ls'}
  - {name: b, url: b.mp4, ptz: 7}
  - {name: c, url_file: nowhere}
  - {name: d, url: 'gopher://h'}
  - {name: d, url: d.mp4, user: u}
api: {host: 0.0.0.0, trusted_proxies: [proxy.example]}
retention: {raw_days: 40}
queue: {servers: [a], max_lag_s: 900}
live: {kind: redis}
postgres: {tls: true}
"""
    said = refusal(tmp_path, text).splitlines()

    assert sorted(line.partition(":")[0] for line in said) == [
        "api.token",
        "api.trusted_proxies",
        "cameras[0].url",
        "cameras[1].ptz",
        "cameras[2].url_file",
        "cameras[3].url",
        "cameras[4].name",
        "cameras[4].user",
        "database",
        "devise",
        "live.url",
        "queue.max_lag_s",
        "queue.servers",
        "retention",
    ]
    assert not any(line.startswith("postgres") for line in said), "the database is wrong itself"


def test_what_depends_on_a_wrong_value_is_not_guessed(tmp_path: Path) -> None:
    assert refusal(tmp_path, "queue: {kind: rabbit, servers: [a]}").startswith("queue.kind: must be one of")
    assert len(refusal(tmp_path, "queue: {kind: rabbit, servers: [a]}").splitlines()) == 1
    assert len(refusal(tmp_path, "cameras: [{name: a, url: [x]}, {name: a, url: a.mp4}]").splitlines()) == 1


def test_a_wrong_value_is_never_shown_for_it_may_be_a_secret(tmp_path: Path) -> None:
    said = refusal(tmp_path, "api: {token: [hunter2hunter2]}\ncameras: [{name: a, url: [rtsp://u:hunter2@h]}]")

    assert "hunter2" not in said


def test_variables_are_filled_in_with_defaults_and_escapes(tmp_path: Path) -> None:
    path = write_settings(tmp_path, "cameras: [{name: '${NAME}', url: 'rtsp://u:${SECRET:-p}@h/$$1'}]")

    content = read_settings_file(path, {"NAME": "gate"})

    assert content["cameras"] == [{"name": "gate", "url": "rtsp://u:p@h/$1"}]


def test_an_unknown_variable_names_the_path_and_itself(tmp_path: Path) -> None:
    path = write_settings(tmp_path, "cameras: [{name: a, url: 'rtsp://u:${GATE_PASSWORD}@h'}]")

    with pytest.raises(ConfigError, match=r"cameras\[0\]\.url: variable GATE_PASSWORD is not set"):
        read_settings_file(path, {})


def test_secrets_come_from_files_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret-token-of-24-chars\n", encoding="utf-8")
    (tmp_path / "pass").write_text("p@ss:w/#d\n", encoding="utf-8")
    text = """
api: {host: 0.0.0.0, token_file: token}
cameras: [{name: gate, url: rtsp://10.0.0.5/main, user: admin, password_file: pass}]
"""
    settings = load_settings(write_settings(tmp_path, text))

    assert settings.api.token == "s3cret-token-of-24-chars"
    assert settings.domain_cameras()[0].url == "rtsp://admin:p%40ss%3Aw%2F%23d@10.0.0.5/main"
    assert {"s3cret-token-of-24-chars", "p@ss:w/#d", "p%40ss%3Aw%2F%23d"} <= set(settings.secrets())


def test_a_secret_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path, "api: {token_file: nowhere}") == "api.token_file: no such file"


@pytest.mark.parametrize("content", ["", "\n", "  \t\n\n"])
def test_an_empty_secret_file_is_an_error_and_not_no_secret(tmp_path: Path, content: str) -> None:
    (tmp_path / "token").write_text(content, encoding="utf-8")
    assert refusal(tmp_path, "api: {token_file: token}").startswith("api.token_file: the file is empty")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_this_machine_alone_is_served_without_a_token(tmp_path: Path, host: str) -> None:
    assert load_settings(write_settings(tmp_path, f"api: {{host: '{host}'}}")).api.token == ""


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("x", encoding="utf-8")
    assert "keep one of them" in refusal(tmp_path, "api: {token: a, token_file: t}")


def test_settings_show_no_secret_when_printed() -> None:
    settings = parse_settings(
        {
            "api": {"token": "tok-secret"},
            "cameras": [
                {"name": "a", "url": "rtsp://u:url-secret@h"},
                {"name": "b", "url": "rtsp://h", "user": "u", "password": "pass-secret"},
            ],
            "notifiers": {"webhooks": [{"url": "https://h/hook-secret", "secret": "sig-secret"}]},
            "heartbeat": {"url": "https://h/beat-secret"},
        }
    )

    assert "secret" not in repr(settings).replace("secrets", "").replace("secret=", "")


def test_a_missing_file_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: no such file"):
        load_settings(tmp_path / "nowhere.yaml")


def test_the_file_comes_from_the_option_then_the_environment_then_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert settings_path(None, {}) is None
    (tmp_path / "sightline.yaml").touch()
    assert settings_path(None, {}) == Path("sightline.yaml")
    assert settings_path(None, {"SIGHTLINE_SETTINGS": "b.yaml"}) == Path("b.yaml")
    assert settings_path(Path("c.yaml"), {"SIGHTLINE_SETTINGS": "b.yaml"}) == Path("c.yaml")


def test_kafka_and_redis_are_read_with_their_credentials_hidden(tmp_path: Path) -> None:
    text = """
queue: {kind: kafka, servers: ["kafka:9092"], group: night, tls: true, ca_file: ca.pem, user: a, password: hush-hunter2}
live: {kind: redis, url: "redis://:hush-hunter2@redis:6379/0"}
"""
    settings = load_settings(write_settings(tmp_path, text))

    assert (settings.queue.kind, settings.queue.servers, settings.queue.ca_file) == ("kafka", ("kafka:9092",), "ca.pem")
    assert "hush-hunter2" in settings.secrets()
    assert "hush-hunter2" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("queue: {kind: kafka}", "queue.servers: needed"),
        ("queue: {max_lag_s: 900}", "queue.max_lag_s: must be less than queue.retention_minutes"),
        ("queue: {servers: [a]}", "queue.servers: only used with queue.kind: kafka"),
        ("queue: {kind: rabbit}", "queue.kind: must be one of"),
        (
            "queue: {kind: kafka, servers: [a], partition: 3}",
            "queue.partition: unknown key, did you mean 'partitions'?",
        ),
        ("live: {kind: redis}", "live.url: needed"),
        ("live: {url: 'redis://h'}", "live.url: only used with live.kind: redis"),
        ("ingest: {lease_s: 1}", "ingest.lease_s"),
    ],
)
def test_what_is_wrong_with_queue_and_live_state_is_named(tmp_path: Path, text: str, named: str) -> None:
    assert named in refusal(tmp_path, text)


def test_the_schema_names_every_section() -> None:
    assert set(json_schema()["properties"]) == set(Settings.model_fields)


def test_the_example_of_the_guide_is_valid(tmp_path: Path) -> None:
    page = Path(__file__).parents[4] / "docs" / "guides" / "settings-file.md"
    example = page.read_text(encoding="utf-8").split("## Example")[1].split("```yaml\n")[1].split("```")[0]
    (tmp_path / "secrets").mkdir()
    for name, text in {"gate": "p@ss", "hook": "https://example.org/hook", "hook-key": "k"}.items():
        (tmp_path / "secrets" / name).write_text(text, encoding="utf-8")

    settings = load_settings(write_settings(tmp_path, example))

    (gate,) = settings.domain_cameras()
    assert gate.url == "rtsp://sightline:p%40ss@192.0.2.10/stream1"
    assert set(yaml.safe_load(example)) == set(Settings.model_fields) - {"detectors"}
