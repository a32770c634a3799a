"""The verbs of the command line: each a frozen dataclass of flags with a `run`."""
