"""How seats argue: each module is one protocol, found by its name, so adding one touches one file."""
