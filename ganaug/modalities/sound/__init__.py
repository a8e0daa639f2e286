"""Sounds: recordings of some seconds, mono or stereo, each of a length of its own."""
