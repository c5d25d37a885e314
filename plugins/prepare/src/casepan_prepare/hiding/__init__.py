"""``prepare.pseudonymise``: cases without the people in them, and the search that proves it."""
