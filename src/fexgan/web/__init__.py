"""The browser studio, and the HTTP API behind it."""
