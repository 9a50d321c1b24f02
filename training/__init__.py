"""How the weights that ship with the package are made. Not part of the package."""
