"""Measure a trained model.

Of networks that draw: table 1 of the paper, likeness of rebuilt faces, what judges trained apart say. Of networks that
edit: faces they never saw beside the filmed truth.
"""
