"""Training: the two updates (`step`), and the schedule, log, preview and checkpoints around them (`loop`)."""
