"""The studio: characters and performances in, labelled footage out."""
