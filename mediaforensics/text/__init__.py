"""What is written over the picture, and the threat in it."""
