"""3Shape TRIOS: open exports and Dental System order folders."""
