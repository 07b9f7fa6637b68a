fn spiral_order(table: &[Vec<i64>]) -> Vec<i64> {
    let mut order = Vec::new();
    let mut rest = table.to_vec();
    while !rest.is_empty() {
        let first = rest.remove(0);
        rest = if rest.is_empty() {
            Vec::new()
        } else {
            (0..first.len()).rev().map(|column| rest.iter().map(|row| row[column]).collect()).collect()
        };
        order.extend(first);
    }
    order
}
