"""Predicted against measured: the runs that prove a mixture, and the verdict. It may not choose mixtures."""
