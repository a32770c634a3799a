"""Measure a trained model.

Of networks that draw: table 1 of the paper, likeness of rebuilt faces, and what both leave out. Of networks that edit:
faces they never saw beside the filmed truth.
"""
