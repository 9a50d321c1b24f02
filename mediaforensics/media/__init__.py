"""What is on the disk: opening evidence, decoding it once, and choosing the frames worth looking at."""
