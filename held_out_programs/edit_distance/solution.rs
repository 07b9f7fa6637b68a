fn edit_distance(first: &str, second: &str) -> i64 {
    let second: Vec<char> = second.chars().collect();
    let mut previous: Vec<i64> = (0..=second.len() as i64).collect();
    for (row, letter) in first.chars().enumerate() {
        let mut current = vec![row as i64 + 1];
        for (column, &other) in second.iter().enumerate() {
            let replaced = previous[column] + i64::from(letter != other);
            current.push(replaced.min(previous[column + 1] + 1).min(current[column] + 1));
        }
        previous = current;
    }
    previous[second.len()]
}
