"""Dentsply Sirona Primescan and CEREC: DS Core and local exports, DXD inventory."""
