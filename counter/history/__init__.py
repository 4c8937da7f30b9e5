"""Days from another counter: what its files say, ready to be brought along."""
