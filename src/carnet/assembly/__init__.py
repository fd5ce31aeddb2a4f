"""Settings to objects: the only room that chooses parts."""
