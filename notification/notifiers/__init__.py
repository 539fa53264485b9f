"""Ways to notify people; each is one file behind the `Notifier` port."""
