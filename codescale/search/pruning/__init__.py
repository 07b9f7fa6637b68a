"""When a trial is stopped: its learning curve is extrapolated, and the chance that it wins is weighed. It knows neither
torch nor Ray.
"""
