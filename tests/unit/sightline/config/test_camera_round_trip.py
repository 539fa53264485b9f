"""What `cameras export` writes, `cameras import` reads as the same cameras, whatever their settings."""

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from domain.cameras import Camera, FaultSetting, Mask, RtspTransport, SamplingMode, SamplingPlan
from domain.errors import ConfigError
from domain.faults import Fault
from domain.text.camera_urls import clean_camera_url, redact_url
from sightline.config.camera_csv import COLUMNS, read_camera_csv, write_camera_csv
from sightline.config.imported_cameras import keep_hidden_login, plan_import

LETTERS = "abcXYZ019äñ門 ._-,()&'+#"
URL_LETTERS = "abc019/?&=;,\"'|$%é*"


def any_text(chance: random.Random, letters: str) -> str:
    return "x" + "".join(chance.choices(letters, k=chance.randrange(20))).strip() + "x"


def any_camera(chance: random.Random, number: int) -> Camera:
    login = (
        f"u:{any_text(chance, URL_LETTERS).replace('/', '%2F').replace('?', '%3F')}@" if chance.random() < 0.7 else ""
    )
    seconds = [chance.choice([0.1, 1.0, 1 / 3, 300.0, 1e-7, 123456.789]) for _ in range(3)]
    fractions = [[chance.random() for _ in range(4)] for _ in range(chance.randrange(4))]
    polygons = [
        Mask.polygon([(chance.random(), chance.random()) for _ in range(chance.randrange(3, 8))])
        for _ in range(chance.randrange(3))
    ]
    faults = chance.sample(list(Fault), chance.randrange(len(Fault) + 1))
    return Camera(
        name=f"c{number} {any_text(chance, LETTERS)}",
        url=clean_camera_url(f"rtsp://{login}10.0.0.{number % 250}:554/{any_text(chance, URL_LETTERS)}", where="url"),
        site=any_text(chance, LETTERS + "/") if chance.random() < 0.8 else "",
        group=any_text(chance, LETTERS + "/") if chance.random() < 0.5 else "",
        enabled=chance.random() < 0.8,
        transport=chance.choice(list(RtspTransport)),
        plan=SamplingPlan(chance.choice(list(SamplingMode)), *seconds),
        ptz=chance.random() < 0.5,
        lit_at_night=chance.random() < 0.5,
        analogue=chance.random() < 0.5,
        masks=(*(Mask(a, b, c, d) for a, b, c, d in fractions), *polygons),
        tags=tuple(dict.fromkeys(any_text(chance, "abc019 -/") for _ in range(chance.randrange(4)))),
        faults={fault: FaultSetting(chance.random() < 0.5, chance.randint(1, 10)) for fault in faults},
        device=chance.choice(["", "urn:uuid:2419d68a-2dd2-21b2-a205-4c11ae01c0de", "serial:a b/c/1"]),
    )


def read_back(folder: Path, text: str) -> Sequence[Camera]:
    path = folder / "cameras.csv"
    path.write_bytes(text.encode())
    found = read_camera_csv(path, keep_hidden_login)
    assert (found.problems, found.skipped) == ((), ())
    return [each.camera for each in found.cameras]


@pytest.mark.parametrize("seed", range(60))
def test_cameras_are_the_same_after_export_and_import(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    cameras = [any_camera(chance, number) for number in range(chance.randrange(1, 12))]
    assert list(read_back(tmp_path, write_camera_csv(cameras))) == cameras


@pytest.mark.parametrize("seed", range(20))
def test_an_export_without_logins_changes_nothing_where_the_cameras_are_known(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    cameras = [any_camera(chance, number) for number in range(8)]
    path = tmp_path / "cameras.csv"
    path.write_bytes(write_camera_csv(cameras, redact_url).encode())
    found = read_camera_csv(path, keep_hidden_login)
    planned = plan_import(found.cameras, {camera.name: camera for camera in cameras})
    assert [change.after for change in planned] == cameras
    assert {change.verb for change in planned} == {"keep"}


def test_a_hidden_login_is_asked_for_where_it_is_not_known_or_the_host_is_another(tmp_path: Path) -> None:
    known = Camera("gate", "rtsp://admin:secret-hunter2@10.0.0.5/main")
    for text, there in (("gate,rtsp://***@10.0.0.5/main", {}), ("gate,rtsp://***@10.0.0.6/main", {"gate": known})):
        path = tmp_path / "cameras.csv"
        path.write_text(f"name,url\n{text}\n", encoding="utf-8")
        with pytest.raises(ConfigError, match="type the login") as refused:
            plan_import(read_camera_csv(path, keep_hidden_login).cameras, there)
        assert "hunter2" not in str(refused.value)


def test_columns_that_a_file_has_not_leave_a_known_camera_as_it_is(tmp_path: Path) -> None:
    known = Camera(
        "gate", "rtsp://h/1", "north", "sw1", ptz=True, plan=SamplingPlan(SamplingMode.PATROL, 2.0, 5.0, 9.0)
    )
    path = tmp_path / "cameras.csv"
    path.write_text("name,url,interval_s,ptz\ngate,rtsp://h/2,3,\n", encoding="utf-8")
    (change,) = plan_import(read_camera_csv(path).cameras, {"gate": known})
    plan = SamplingPlan(SamplingMode.PATROL, 3.0, 5.0, 9.0)
    assert change.after == Camera("gate", "rtsp://h/2", "north", "sw1", ptz=False, plan=plan)
    assert (change.verb, "ptz: yes → no" in change.describe()) == ("change", True)


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("enabled", "maybe", "must be yes or no"),
        ("transport", "quic", "must be one of tcp, udp"),
        ("plan", "sometimes", "must be one of auto"),
        ("interval_s", "0", "more than 0"),
        ("every_s", "nan", "must be a number"),
        ("judge_s", "1e999", "must be a number"),
        ("interval_s", "1_0 s", "must be a number"),
        ("masks", "0 0 1", "left top width height"),
        ("masks", "0 0 1 1", "cover the whole picture"),
        ("masks", "0 0 0.5 1|0.5 0 0.5 1", "cover the whole picture"),
        ("masks", "|".join(["0 0 0.1 0.1"] * 65), "at most 64 masks"),
        ("masks", "0 0 1 1.5", "must be 1 or less"),
        ("masks", "0 0 1 nan", "1 or less|must be a number"),
        ("faults", "blurr=off", "'blurr' is no fault"),
        ("faults", "blur", "write FAULT=off"),
        ("faults", "blur=11", "must be 10 or less"),
        ("faults", "blur=off|blur=3", "'blur' is there twice"),
        ("faults", "blur=" + "9" * 4000, "must be 10 or less"),
    ],
)
def test_a_wrong_cell_is_named_by_its_column(tmp_path: Path, column: str, cell: str, said: str) -> None:
    path = tmp_path / "cameras.csv"
    path.write_text(f"name,url,{column}\ngate,rtsp://h/1,{cell}\n", encoding="utf-8")
    found = read_camera_csv(path)
    assert found.cameras == ()
    with pytest.raises(AssertionError, match=rf"line 2, column 3 \({column}\): .*({said})"):
        raise AssertionError(found.problems[0])


def test_columns_by_other_names_are_mapped_and_the_others_left_out(tmp_path: Path) -> None:
    path = tmp_path / "cameras.csv"
    path.write_text('Kamera;Adresse;Preis;Name;PTZ\nTor;rtsp://h/1;"9,50";mine;yes\n', encoding="utf-8")
    found = read_camera_csv(path, headers={"Kamera": "name", " adresse": "url"})
    assert [each.camera for each in found.cameras] == [Camera("Tor", "rtsp://h/1", ptz=True)]
    assert found.skipped == ("column 'preis' is not read", "column 'name' is not read")
    with pytest.raises(ConfigError, match="line 1: there is no column 'addresse'"):
        read_camera_csv(path, headers={"Kamera": "name", "Addresse": "url"})


def test_every_setting_of_a_camera_has_a_column() -> None:
    here = {"plan", "accepted_at", "accepted_by"}
    fields = set(Camera.__dataclass_fields__) - here | set(SamplingPlan.__dataclass_fields__) - {"mode"} | {"plan"}
    assert fields == set(COLUMNS)
