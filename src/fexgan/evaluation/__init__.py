"""Measure a trained model on a dataset: table 1 of the paper, likeness of rebuilt faces, and what both leave out."""
