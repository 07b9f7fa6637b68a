fn bowling_score(rolls: &[i64]) -> Result<i64, String> {
    if rolls.iter().any(|pins| !(0..=10).contains(pins)) {
        return Err("a roll is not from 0 to 10".to_string());
    }
    let (mut score, mut first, mut end) = (0, 0, 0);
    for _ in 0..10 {
        let (used, counted) = match rolls.get(first..).unwrap_or(&[]) {
            [10, ..] => (1, 3),
            [one, other, ..] if one + other > 10 => return Err("a frame has more than ten pins".to_string()),
            [one, other, ..] if one + other == 10 => (2, 3),
            _ => (2, 2),
        };
        end = first + counted;
        score += rolls.get(first..end).ok_or("rolls are missing")?.iter().sum::<i64>();
        first += used;
    }
    if end < rolls.len() {
        return Err("rolls are left over".to_string());
    }
    Ok(score)
}
