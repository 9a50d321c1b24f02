"""Hash lists as others write them: one file per family of formats, a door to read and a door to write."""
