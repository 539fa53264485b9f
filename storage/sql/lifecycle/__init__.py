"""How scores age: daily partitions, rollups, retention."""
