"""One module for each version of the tables; none is edited after its release."""
