"""When a trial is pruned: its learning curve is extrapolated, and the chance that it wins is weighed. It knows neither
torch nor Ray.
"""
