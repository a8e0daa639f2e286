"""Distances, nearest neighbours and the quality of a classification."""
