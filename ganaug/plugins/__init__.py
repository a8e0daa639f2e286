"""Ganaug inside other libraries, one file a host, each imported only when asked for."""
