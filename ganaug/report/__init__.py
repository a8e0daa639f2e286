"""The report: numbers, plots and one self-contained HTML page."""
