"""What was seen before: hash lists, exact search, pictures inside frames."""
