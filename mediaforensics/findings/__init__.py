"""What follows: observations joined over time, and the rules that read them."""
