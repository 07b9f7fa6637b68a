fn longest_increasing_subsequence(values: &[i64]) -> i64 {
    let mut tails: Vec<i64> = Vec::new();
    for &value in values {
        let place = tails.partition_point(|&tail| tail < value);
        if place == tails.len() {
            tails.push(value);
        } else {
            tails[place] = value;
        }
    }
    tails.len() as i64
}
