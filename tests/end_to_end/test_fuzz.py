"""A minute of damaged input at every door: what `sightline-lab fuzz` does for hours."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lab.bench.fuzz.target_catalogue import TARGETS


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_damaged_input_crashes_hangs_or_grows_any_door(tmp_path: Path) -> None:
    lab = Path(sys.executable).with_name("sightline-lab")
    found = subprocess.run(
        [lab, "fuzz", "--minutes", "1", "--seed", "1", "--into", str(tmp_path), "--json"],
        capture_output=True,
        text=True,
        check=False,
    )

    result = json.loads(found.stdout)
    assert found.returncode == 0, result
    assert set(result["targets"]) == {target.name for target in TARGETS}
    assert (result["crashes"], result["hangs"], result["over_memory"], result["errors"]) == (0, 0, 0, 0)
