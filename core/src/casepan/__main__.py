"""``python -m casepan``."""

from casepan.cli.start import main

main()
