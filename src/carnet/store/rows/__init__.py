"""The kinds of entities, a file each: table, rows and descriptor."""
