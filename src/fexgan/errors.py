"""The one exception that a user's mistake raises; the command line prints it as one line and exits with 2."""

from __future__ import annotations


class InputError(Exception):
    """Something handed to the program cannot be used: the message says what came, what may come and the way out."""
