"""`sightline --help` and the commands that need no network of a model start without the packages of the others."""

import json
import resource
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from lab.cli import app as lab_app
from sightline.cli import main
from sightline.cli.lazy_group import CommandEntry, DeferredCommand, find_added_commands

HEAVY = ("torch", "av", "sqlalchemy", "numpy", "pydantic", "fastapi", "cv2", "rich", "lab")
HELP_CPU_S = 0.5
START = "import json, sys\nfrom sightline.cli.main import app\nsys.argv = ['sightline', *{words!r}]\n"
REPORT = "try: app()\nfinally: print(json.dumps(sorted(sys.modules)), file=sys.stderr)"


def imported_modules(*words: str) -> set[str]:
    """Return the modules that a command has imported when it ends."""
    program = START.format(words=words) + REPORT
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_the_help_imports_nothing_that_only_commands_need() -> None:
    assert imported_modules("--help") & set(HEAVY) == set()


@pytest.mark.parametrize("words", [("ingest", "--help"), ("serve", "--help"), ("cameras", "--help")])
def test_the_help_of_a_command_imports_neither_pytorch_nor_the_laboratory(words: tuple[str, ...]) -> None:
    assert imported_modules(*words) & {"torch", "openvino", "torchvision", "timm", "lab"} == set()


def test_the_help_takes_half_a_second_of_processor_time_at_most() -> None:
    def spend() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "sightline.cli.main", "--help"], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    # The least of three: other processes on the machine only ever add to it.
    assert min(spend() for _ in range(3)) <= HELP_CPU_S


@pytest.mark.parametrize("entry", [*main.COMMANDS, *lab_app.COMMANDS], ids=lambda entry: str(entry.name))
def test_the_list_says_of_a_command_what_it_says_of_itself(entry: CommandEntry) -> None:
    command = DeferredCommand(entry).load()

    assert entry.help == command.help.strip().splitlines()[0]
    assert command.name == entry.name


def test_other_distributions_add_commands_that_are_listed_and_run() -> None:
    added = {entry.name: entry for entry in find_added_commands()}
    listed = CliRunner().invoke(main.app, ["--help"]).output

    assert {"train", "evaluate", "reproduce", "bench"} <= set(added)
    for name in added:
        assert f"  {name} " in listed
        assert "Usage:" in CliRunner().invoke(main.app, [name, "--help"]).output


def test_a_name_nobody_has_is_refused_with_the_one_that_was_meant() -> None:
    refused = CliRunner().invoke(main.app, ["camera"])

    assert refused.exit_code == 2
    assert "cameras" in refused.output


def test_every_command_is_in_the_help_in_the_order_of_the_table() -> None:
    listed = CliRunner().invoke(main.app, ["--help"]).output
    places = [listed.index(f"\n  {entry.name} ") for entry in main.COMMANDS]

    assert places == sorted(places)
    assert isinstance(typer.main.get_command(main.app), main.ProductGroup)


@pytest.mark.parametrize(
    ("typed", "offered"), [("sightline ca", "cameras"), ("sightline cameras im", "import"), ("sightline ru", "run")]
)
def test_a_shell_completes_commands_and_those_below_them(typed: str, offered: str) -> None:
    asked = {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" ")), "_SIGHTLINE_COMPLETE": "complete_bash"}
    answered = CliRunner().invoke(main.app, prog_name="sightline", env=asked)
    assert offered in answered.stdout.split()
    script = CliRunner().invoke(main.app, prog_name="sightline", env={"_SIGHTLINE_COMPLETE": "source_bash"}).stdout
    assert "_SIGHTLINE_COMPLETE=complete_bash" in script
