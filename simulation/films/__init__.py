"""Films of scenes made from photographs."""
