"""What a senior technician sees in a case before work starts."""
