fn binary_search_first(values: &[i64], target: i64) -> Option<i64> {
    let position = values.partition_point(|&value| value < target);
    match values.get(position) {
        Some(&value) if value == target => Some(position as i64),
        _ => None,
    }
}
