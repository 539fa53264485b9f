"""Tables, column types, and records as rows and documents."""
