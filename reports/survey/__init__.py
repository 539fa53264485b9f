"""One visit to each camera: ranking and page."""
