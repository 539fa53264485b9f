"""What is measured of cameras over a period: incidents, quality, slow decline."""
