from statistics import fmean


def moving_average(values: list[float], width: int) -> list[float]:
    if not 1 <= width <= len(values):
        raise ValueError(f"{len(values)} values have no window of {width}")
    return [fmean(values[start : start + width]) for start in range(len(values) - width + 1)]
