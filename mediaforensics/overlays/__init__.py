"""What was done to the picture: violent overlays on faces and known pictures."""
