"""Money: prices, estimates, reservations and caps."""
