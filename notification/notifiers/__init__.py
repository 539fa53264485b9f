"""Ways to tell people; each is one file behind the `Notifier` port."""
