"""What we can say: the report, its JSON, its page."""
