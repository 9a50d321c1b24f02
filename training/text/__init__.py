"""Making the recogniser of Arabic and Cyrillic overlaid lines."""
