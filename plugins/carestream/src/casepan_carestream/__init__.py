"""Carestream CS 3600/3700/3800 and DEXIS IS: save folders."""
