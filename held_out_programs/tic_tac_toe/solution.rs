const LINES: [[usize; 3]; 8] =
    [[0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 3, 6], [1, 4, 7], [2, 5, 8], [0, 4, 8], [2, 4, 6]];

fn tic_tac_toe(board: &[String]) -> Result<String, String> {
    let squares: Vec<char> = board.iter().flat_map(|row| row.chars()).collect();
    let count = |player: char| squares.iter().filter(|&&square| square == player).count();
    let won = |player: char| LINES.iter().any(|line| line.iter().all(|&place| squares[place] == player));
    if count('x').abs_diff(count('o')) > 1 {
        return Err("somebody moved twice".to_string());
    }
    match (won('x'), won('o')) {
        (true, true) => Err("both have won".to_string()),
        (true, false) => Ok("x".to_string()),
        (false, true) => Ok("o".to_string()),
        (false, false) => Ok("-".to_string()),
    }
}
