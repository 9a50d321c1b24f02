"""Generator, training, calibration and measurement of the overlay network."""
