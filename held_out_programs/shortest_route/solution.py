import heapq


def shortest_route(roads: dict[str, dict[str, int]], start: str, goal: str) -> int | None:
    queue = [(0, start)]
    settled: set[str] = set()
    while queue:
        distance, place = heapq.heappop(queue)
        if place == goal:
            return distance
        if place in settled:
            continue
        settled.add(place)
        for neighbour, length in roads.get(place, {}).items():
            heapq.heappush(queue, (distance + length, neighbour))
    return None
