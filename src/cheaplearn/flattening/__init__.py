"""What depth buys: proven lower bounds beside flat and deep networks that are built, certified and counted."""
