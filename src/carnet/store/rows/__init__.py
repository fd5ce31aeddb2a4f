"""The kinds of stored things, a file each: table, rows and descriptor."""
