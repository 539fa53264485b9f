"""Weights put where the product finds them: a file in `weights/`, and its entry in the manifest."""

import json
from dataclasses import asdict
from pathlib import Path

from detectors.models.weights import ManifestEntry, read_manifest


def record_in_manifest(model: str, entry: ManifestEntry, folder: Path) -> None:
    """Put the entry into the folder's manifest, in place of the model's earlier one."""
    entries = {name: asdict(known) for name, known in read_manifest(folder).items()}
    entries[model] = asdict(entry)
    text = json.dumps(dict(sorted(entries.items())), indent=2, ensure_ascii=False)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")
