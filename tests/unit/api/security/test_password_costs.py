"""What a guess costs, in a process of its own: the tests' own hashes are cheap."""

import subprocess
import sys

HASH = "from api.security.passwords import hash_password; print(hash_password('four plain words here'))"


def test_a_hash_costs_what_rfc_9106_recommends_for_little_memory() -> None:
    kept = subprocess.run([sys.executable, "-c", HASH], capture_output=True, text=True, check=True).stdout
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
