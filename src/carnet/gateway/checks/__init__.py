"""Maps a request to the permissions that it needs, by rules by hand or by a table made from AWS's reference."""
