"""Signals: one or many channels of numbers through time, all of one length or each of its own."""
