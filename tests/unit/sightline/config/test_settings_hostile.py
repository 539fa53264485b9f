"""Settings, secret and camera files from a stranger: refused quickly, in one sentence, without what they hold."""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from domain.errors import ConfigError
from sightline.config.settings_file import read_settings_file
from sightline.config.settings_loading import load_settings, parse_settings

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)
)
FILES = {
    "an alias bomb": (BOMB, "line 6: holds more than 400000 values"),
    "an alias of itself": ("cameras: &a [*a]", "line 1: refers to nothing above it"),
    "an alias that is a password": ("api:\n  token: *hunter2", "line 2: refers to nothing above it"),
    "deep brackets": ("[" * 200_000, "line 1: nested more than 24 deep"),
    "deep braces": ("{a: " * 3000, "line 1: nested more than 24 deep"),
    "deep indentation": ("".join("  " * i + "a:\n" for i in range(500)), "line 25: nested more than 24 deep"),
    "a flood of values": ("a: [" + "x," * 1_000_000 + "]", "line 1: holds more than 400000 values"),
    "infinity": ("heartbeat: {every_s: .inf}", "heartbeat.every_s: this number cannot be used"),
    "not a number": ("evaluation: {raise_s: .nan}", "evaluation.raise_s: this number cannot be used"),
    "1e400": ("gate: {below: 1.0e+400}", "gate.below: this number cannot be used"),
    "minus 1e400": ("gate: {below: -1.0e+400}", "gate.below: this number cannot be used"),
    "1e400 without a point": ("heartbeat: {every_s: 1e400}", "heartbeat.every_s: must be a number"),
    "a number beyond 64 bits": ("batch: {max_frames: 99999999999999999999}", "batch.max_frames: this number cannot"),
    "seconds beyond any clock": ("heartbeat: {every_s: 1000000000000.0}", "heartbeat.every_s: must be"),
    "days beyond any calendar": ("retention: {history_days: 10000000}", "retention.history_days: must be"),
    "five thousand digits": ("batch: {max_frames: " + "9" * 5000 + "}", "line 1: a number is too long"),
    "a long text": ("downloads: " + "x" * 100_000, "line 1: a value is longer than 16384"),
    "a huge file": ("#" * (5 << 20), "is larger than 4096 KiB"),
    "a key given twice": ("api: {}\napi: {}", "line 2: key 'api' is given twice"),
    "a key given twice within": ("api:\n  port: 1\n  port: 2", "line 3: key 'port' is given twice"),
    "a key twice as word and number": ('models: {1: {}, "1": {}}', "models.1: given twice"),
    "a key that is a list": ("? [a]\n: b", "line 1: a key must be one word"),
    "a key that is an address": ("{'rtsp://u:hunter2@h/1'}", "rtsp://***@h/1: unknown key"),
    "a key that colours": ('"\\e[31mred": 1', r"\x1b[31mred: unknown key"),
    "a tag that is a password": ("api: {token: !hunter2 x}", "line 1: tags are not read"),
    "a python object": ("a: !!python/object/apply:os.system [exit]", "line 1: tags are not read"),
    "a handle": ("%TAG !y! tag:yaml.org,2002:\n---\na: !y!binary x", "line 3: tags are not read"),
    "bytes": ("api: {token: !!binary aHVudGVyMg==}", "line 1: tags are not read"),
    "two documents": ("a: 1\n---\nb: 2", "line 2: a second document begins here"),
    "an open quote": ("api: {token: 'hunter2}", "not valid YAML"),
    "a percent sign": ("%hunter2", "line 1: not valid YAML"),
    "a tab": ("api:\n\ttoken: hunter2", "line 2: not valid YAML"),
    "a null character": ("a: \x00", "line 1: holds a control character"),
    "an escape": ("a: 1\nb: \x1b[31m", "line 2: holds a control character"),
    "an escape in quotes": ('api: {host: "\\e[31m"}', "api.host: holds a character that cannot be seen"),
    "a turned direction": ("cameras: [{name: a, url: u, site: a\u202eb}]", "cameras[0].site: holds a character that"),
    "a number for a text": ("cameras: [{name: 101, url: u}]", "cameras[0].name: must be a text; put it in quotes"),
    "a list": ("- 1", "expected keys and values"),
    "a word": ("hunter2", "expected keys and values"),
}


@pytest.mark.parametrize(("text", "said"), FILES.values(), ids=FILES)
def test_a_hostile_settings_file_is_refused_quickly_in_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "sightline.yaml"
    path.write_text(text, encoding="utf-8")
    began = time.thread_time()

    with pytest.raises(ConfigError) as refused:
        load_settings(path)

    assert time.thread_time() - began < 5.0
    assert said in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert len(str(refused.value)) < 400
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("key", ["api: {token_file: %s}", "settings"])
@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "binary", "utf-16", "gone", "long name", "dangling"])
def test_a_settings_or_secret_file_that_is_none_is_refused_at_once(tmp_path: Path, key: str, kind: str) -> None:
    path = tmp_path / ("x" * 5000 if kind == "long name" else "odd")
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "device":
            path = Path("/dev/zero")
        case "binary":
            path.write_bytes(bytes(range(256)) * 100)
        case "utf-16":
            path.write_bytes("api: {}\n".encode("utf-16"))
        case "dangling":
            path.symlink_to(tmp_path / "nowhere")
    settings = path
    if key != "settings":
        settings = tmp_path / "sightline.yaml"
        settings.write_text(key % path, encoding="utf-8")

    with pytest.raises(ConfigError) as refused:
        load_settings(settings)

    said = str(refused.value)
    assert said.startswith("api.token_file: " if key != "settings" else "settings file ")
    assert len(said.splitlines()) == 1


def test_memory_stays_small_whatever_the_file_holds(tmp_path: Path) -> None:
    for index, (text, _) in enumerate(FILES.values()):
        (tmp_path / f"{index}.yaml").write_text(text, encoding="utf-8")
    program = (
        "import resource, sys; from pathlib import Path; from sightline.config.settings_loading import load_settings\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "for path in Path(sys.argv[1]).iterdir():\n"
        "    try: load_settings(path)\n"
        "    except Exception as error: assert type(error).__name__ == 'ConfigError', error\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True, timeout=100
    )

    assert int(ran.stdout) < 200 * 1024


@pytest.mark.parametrize("value", ["x}\napi: {port: 1", "*a", "!!binary x", "[1]", "a: b", "'", '"', "${B}", "$$", "#"])
def test_what_a_variable_holds_is_text_and_nothing_else(tmp_path: Path, value: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("downloads: '<${A}>'\npictures: ${A:-never}\n", encoding="utf-8")

    if "\n" in value:
        with pytest.raises(ConfigError, match="downloads: holds a character that cannot be seen"):
            read_settings_file(path, {"A": value, "B": "never"})
    else:
        content = read_settings_file(path, {"A": value, "B": "never"})
        assert content == {"downloads": f"<{value}>", "pictures": value}


def test_variables_take_time_in_proportion_to_the_text(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    for piece in ("${a:-", "${", "$", "${A}", "${A:-}"):
        text = piece * (16_000 // len(piece))
        path.write_text(f"downloads: '{text}'", encoding="utf-8")
        began = time.thread_time()
        with suppress(ConfigError):
            read_settings_file(path, {"A": "x" * 100_000})
        assert time.thread_time() - began < 2.0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"database": "postgresql://guard:p@ss:w/rd@h:54x/db"}, "database: its host or port cannot be read"),
        ({"database": "postgresql://guard:hunter2@h/db?hunter2=1"}, "database: an option after the ? is unknown"),
        ({"database": "hunter2"}, "database: not a database address"),
        ({"database": "mysql://guard:hunter2@h/db"}, "database: not a database address"),
        ({"database": "postgresql://guard:hun ter2@[::1/db"}, "database: its host or port cannot be read"),
        ({"notifiers": {"webhooks": [{"url": "http://[::1"}]}}, "notifiers.webhooks[0].url: its host or port"),
        ({"notifiers": {"webhooks": [{"url": "ftp://hunter2"}]}}, "notifiers.webhooks[0].url: must be an address that"),
        ({"notifiers": {"webhooks": [{"url": "https://h:99999/hunter2"}]}}, "notifiers.webhooks[0].url: its host or"),
        ({"notifiers": {"webhooks": [{"url": "https:///hunter2"}]}}, "notifiers.webhooks[0].url: its host or port"),
        ({"notifiers": {"webhooks": [{"url": "https://h/", "name": "[red]"}]}}, "notifiers.webhooks[0].name: "),
        ({"heartbeat": {"url": "//hunter2"}}, "heartbeat.url: must be an address that begins with"),
        ({"live": {"kind": "redis", "url": "http://:hunter2@h"}}, "live.url: must be an address that begins with"),
        ({"live": {"kind": "redis", "url": "redis://:hunter2@h:x/0"}}, "live.url: its host or port cannot be read"),
        ({"live": {"kind": "redis", "url": "redis://:p@h/0?hunter2=1"}}, "live.url: an option after the ? is unknown"),
        ({"queue": {"kind": "kafka", "servers": ["ssl://u:hunter2@h:9092"]}}, "queue.servers[0]: must be HOST:PORT"),
        (
            {"cameras": [{"name": "a", "url": "rtsp://u:p@h", "user": "v"}]},
            "cameras[0].user: the url holds a login too",
        ),
        ({"cameras": [{"name": "a", "url": "rtsp://h", "password": "hunter2"}]}, "cameras[0].user: needed with a"),
        ({"cameras": [{"name": "a", "url": "rtsp://h:hunter2/x"}]}, "cameras[0].url: its host or port cannot be read"),
        ({"cameras": [{"name": "[red]", "url": "u"}]}, "cameras[0].name: must begin with a letter or a digit"),
        ({"cameras": [{"name": "a", "url": "u", "group": "=1"}]}, "cameras[0].group: must begin with a letter"),
    ],
)
def test_a_malformed_address_or_name_is_one_clear_error_that_shows_nothing_of_it(
    content: dict[str, object], said: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_settings(content)

    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
    for piece in ("hunter2", "ss:w", "w/rd", "54x", "[red]"):
        assert piece not in str(refused.value)


def test_a_database_password_of_any_characters_reaches_the_database_as_it_is() -> None:
    from sqlalchemy import make_url  # noqa: PLC0415 - only this test speaks of the driver

    for given in ("postgresql://guard:p@:/#w'd @db:5432/sightline?sslmode=require", "postgresql+psycopg2://g:100%@h/x"):
        address = make_url(parse_settings({"database": given}).database)
        assert address.password == ("p@:/#w'd " if "guard" in given else "100%")
        assert address.host in ("db", "h")


@pytest.mark.parametrize("name", ["ops mail", "a" * 61, "../x", "\u00fcml", "x\ny", "", "*", "-x", "x" * 5000])
@pytest.mark.parametrize("place", ["receivers", "onvif_ports"])
def test_a_name_of_ones_own_that_cannot_be_used_is_refused_in_a_sentence(name: str, place: str) -> None:
    mail = {"type": "smtp", "host": "h.example", "sender": "a@b.example", "to": ["c@d.example"]}
    value = {"receivers": mail, "onvif_ports": 80}[place]
    try:
        parse_settings({"alerts": {place: {name: value}}})
    except ConfigError as error:
        (line,) = str(error).splitlines()
        assert line.startswith(f"alerts.{place}")
        assert ": this name" in line
        assert len(line) < 400
    else:
        assert place == "onvif_ports", "cameras have such names"
