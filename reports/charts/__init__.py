"""Charts as plain shapes, and their rendering as SVG."""
