"""The reference pages of the documentation, generated from the code: settings, commands, API, metrics."""
