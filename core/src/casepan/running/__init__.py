"""From an arrival to receipts: ledger, attempts in child processes, deliveries, quarantine."""
