fn tree_height(parents: &[i64]) -> Result<i64, String> {
    let mut height = 0;
    for &start in parents {
        let mut depth = 1;
        let mut node = start;
        while node != -1 {
            depth += 1;
            if depth > parents.len() as i64 {
                return Err("a node is its own ancestor".to_string());
            }
            node = parents[node as usize];
        }
        height = height.max(depth);
    }
    Ok(height)
}
