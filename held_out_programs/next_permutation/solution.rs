fn next_permutation(values: &[i64]) -> Option<Vec<i64>> {
    let pivot = values.windows(2).rposition(|pair| pair[0] < pair[1])?;
    let larger = values.iter().rposition(|&value| value > values[pivot])?;
    let mut next = values.to_vec();
    next.swap(pivot, larger);
    next[pivot + 1..].reverse();
    Some(next)
}
