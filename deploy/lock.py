"""Write the lock files: every package that an install may take, with its version and the hashes of its files.

    python -m deploy.lock        (or: make lock)

The versions are those of `constraints.txt`; uv resolves for every platform of the README and asks the index that it is
configured for. Files: `locks/setup.txt` (uv itself), `locks/dev.txt` (`make setup`), `locks/base.txt` (the product
without an extra), `locks/image.txt` with `locks/torch.txt` (the Dockerfile), `locks/docs.txt` (`make docs`),
`locks/pyav.txt` and `locks/pyav-build.txt` (PyAV from its source, and its build).

    python -m deploy.lock --torch cpu --index-url URL

writes `locks/torch-cpu.txt`, the hashes of one of PyTorch's own variants; `URL` is PyTorch's index of that variant.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.project import LAB, ROOT, declared_lines

LOCKS = ROOT / "locks"
PYTHON = "3.11"
FROM_TORCH = re.compile(r"^(torch|torchvision|triton|nvidia-.+|cuda-.+)$")
"""PyTorch and what only PyTorch brings: its variants come from indexes of their own."""
HEADER = "# Written by `make lock` from pyproject.toml and constraints.txt. Do not edit.\n"


def split_entries(text: str) -> dict[str, str]:
    """Return the entries of a requirements file with hashes, by package name; comments are dropped.

    Raises ValueError where a package is named twice, because then one of both would be lost.
    """
    entries: dict[str, str] = {}
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    for entry in re.findall(r"^\S(?:.*\\\n)*.*$", "\n".join(lines), re.MULTILINE):
        name = entry.partition("==")[0]
        if name in entries:
            raise ValueError(f"{name} is there twice")
        entries[name] = entry
    return entries


def resolve_entries(arguments: Sequence[str], *, universal: bool = True) -> dict[str, str]:
    """Return what uv resolves for the given arguments of `uv pip compile`, by package name.

    Raises CalledProcessError where uv cannot resolve them; uv says why on standard error.
    """
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv) if uv.is_file() else "uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate"]
    command += ["--generate-hashes", "--constraint", "constraints.txt", "--python-version", PYTHON]
    command += ["--universal"] if universal else []
    done = subprocess.run([*command, *arguments], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return split_entries(done.stdout)


def resolve_lines(name: str, *extras: str) -> dict[str, str]:
    """Return what the product with these extras takes, and what builds it."""
    wanted = LOCKS / f".{name}.in"
    wanted.write_text("\n".join(declared_lines(*extras)) + "\n", encoding="utf-8")
    try:
        return resolve_entries([str(wanted), "--group", "build"])
    finally:
        wanted.unlink()


def write_lock(name: str, entries: dict[str, str]) -> None:
    """Write the entries to `locks/NAME.txt`, in order of their names."""
    LOCKS.mkdir(exist_ok=True)
    body = "".join(f"{entries[each]}\n" for each in sorted(entries))
    (LOCKS / f"{name}.txt").write_text(HEADER + body, encoding="utf-8")
    print(f"locks/{name}.txt: {len(entries)} packages")  # noqa: T201


def write_all() -> None:
    """Write every lock file that the index of this machine can give."""
    write_lock("setup", resolve_entries(["--group", "setup"]))
    write_lock("dev", resolve_lines("dev", "models", "cluster", LAB, "dev"))
    write_lock("docs", resolve_entries(["--group", "docs"]))
    write_lock("base", resolve_lines("base"))
    image = resolve_lines("image", "models", "cluster")
    write_lock("image", {name: entry for name, entry in image.items() if not FROM_TORCH.match(name)})
    write_lock("torch", {name: entry for name, entry in image.items() if FROM_TORCH.match(name)})
    write_lock("pyav-build", resolve_entries(["--group", "pyav"]))
    write_lock("pyav", {"av": image["av"]})


def write_torch(variant: str, index_url: str) -> None:
    """Write the hashes of PyTorch's variant, as its own index has them; the platform is this machine's."""
    versions = dict(re.findall(r"^(torch|torchvision)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    wanted = LOCKS / f".torch-{variant}.in"
    wanted.write_text("".join(f"{name}=={version}+{variant}\n" for name, version in versions.items()))
    try:
        entries = resolve_entries([str(wanted), "--index-url", index_url], universal=False)
    finally:
        wanted.unlink()
    write_lock(f"torch-{variant}", {name: entry for name, entry in entries.items() if FROM_TORCH.match(name)})


def main(arguments: Sequence[str]) -> None:
    """Write the lock files that the arguments ask for."""
    parser = argparse.ArgumentParser(description="Write the lock files.")
    parser.add_argument("--torch", metavar="VARIANT", help="one of PyTorch's variants, such as cpu or cu132")
    parser.add_argument("--index-url", help="PyTorch's index of that variant")
    given = parser.parse_args(arguments)
    if bool(given.torch) != bool(given.index_url):
        parser.error("--torch and --index-url go together")
    if given.torch:
        write_torch(given.torch, given.index_url)
    else:
        write_all()


if __name__ == "__main__":
    main(sys.argv[1:])
