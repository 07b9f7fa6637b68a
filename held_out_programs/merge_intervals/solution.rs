fn merge_intervals(intervals: &[Vec<i64>]) -> Vec<Vec<i64>> {
    let mut sorted = intervals.to_vec();
    sorted.sort();
    let mut merged: Vec<Vec<i64>> = Vec::new();
    for interval in sorted {
        match merged.last_mut() {
            Some(last) if interval[0] <= last[1] => last[1] = last[1].max(interval[1]),
            _ => merged.push(interval),
        }
    }
    merged
}
