"""What hostile cameras, strangers, wrong clocks, kills and a broken network do to Sightline, and what they cost."""
