"""The answers as OpenAPI shows them, and how records become them."""
