const STEPS: [(i64, i64); 4] = [(0, 1), (1, 0), (0, -1), (-1, 0)];

fn robot_walk(commands: &[String]) -> Result<Vec<i64>, String> {
    let (mut east, mut north, mut direction) = (0, 0, 0);
    for command in commands {
        match command.as_str() {
            "L" => direction = (direction + 3) % 4,
            "R" => direction = (direction + 1) % 4,
            _ => {
                let unknown = || format!("unknown command {command}");
                let number = command.strip_prefix('F').ok_or_else(unknown)?;
                let distance: i64 = number.parse().map_err(|_| unknown())?;
                let (to_east, to_north) = STEPS[direction];
                east += to_east * distance;
                north += to_north * distance;
            }
        }
    }
    Ok(vec![east, north, direction as i64])
}
