use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

fn shortest_route(roads: &HashMap<String, HashMap<String, i64>>, start: &str, goal: &str) -> Option<i64> {
    let mut settled = HashSet::new();
    let mut queue = BinaryHeap::from(vec![Reverse((0, start))]);
    while let Some(Reverse((distance, place))) = queue.pop() {
        if place == goal {
            return Some(distance);
        }
        if settled.insert(place) {
            for (neighbour, length) in roads.get(place).into_iter().flatten() {
                queue.push(Reverse((distance + length, neighbour.as_str())));
            }
        }
    }
    None
}
