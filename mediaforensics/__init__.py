"""Propaganda-media forensics: who is shown, what was done to them, what the text threatens, and when."""

__version__ = "0.1.0"
