use std::collections::HashSet;

fn count_islands(rows: &[String]) -> i64 {
    let mut land = HashSet::new();
    for (y, row) in rows.iter().enumerate() {
        for (x, square) in row.chars().enumerate() {
            if square == '#' {
                land.insert((y as i64, x as i64));
            }
        }
    }
    let mut islands = 0;
    while let Some(&start) = land.iter().next() {
        islands += 1;
        let mut reached = vec![start];
        while let Some((y, x)) = reached.pop() {
            if land.remove(&(y, x)) {
                reached.extend([(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]);
            }
        }
    }
    islands
}
