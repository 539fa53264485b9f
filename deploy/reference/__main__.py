"""Write docs/reference/: `python -m deploy.reference` (or `make reference`)."""

from deploy.reference.pages import FOLDER, render_pages

for name, text in render_pages().items():
    (FOLDER / name).write_text(text, encoding="utf-8")
