import heapq
from graphlib import CycleError, TopologicalSorter


def build_order(needs: dict[str, list[str]]) -> list[str]:
    sorter = TopologicalSorter(needs)
    try:
        sorter.prepare()
    except CycleError as error:
        raise ValueError(f"packages need each other: {error.args[1]}") from error
    order: list[str] = []
    ready = list(sorter.get_ready())
    heapq.heapify(ready)
    while ready:
        package = heapq.heappop(ready)
        order.append(package)
        sorter.done(package)
        for freed in sorter.get_ready():
            heapq.heappush(ready, freed)
    return order
