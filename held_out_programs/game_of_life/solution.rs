fn game_of_life(board: &[String]) -> Vec<String> {
    let cells: Vec<Vec<bool>> = board.iter().map(|row| row.chars().map(|cell| cell == '#').collect()).collect();
    let is_alive = |y: i64, x: i64| {
        usize::try_from(y)
            .ok()
            .and_then(|y| cells.get(y))
            .zip(usize::try_from(x).ok())
            .and_then(|(row, x)| row.get(x).copied())
            .unwrap_or(false)
    };
    let next = |y: i64, x: i64| {
        let square = (-1..=1).flat_map(|dy| (-1..=1).map(move |dx| (y + dy, x + dx)));
        let neighbours = square.filter(|&(near, beside)| (near, beside) != (y, x) && is_alive(near, beside)).count();
        matches!((neighbours, is_alive(y, x)), (3, _) | (2, true))
    };
    (0..board.len())
        .map(|y| (0..cells[y].len()).map(|x| if next(y as i64, x as i64) { '#' } else { '.' }).collect())
        .collect()
}
