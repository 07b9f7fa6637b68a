fn days_between(first: &str, second: &str) -> Result<i64, String> {
    Ok(day_number(second)? - day_number(first)?)
}

fn day_number(text: &str) -> Result<i64, String> {
    let invalid = || format!("no date: {text}");
    let parts: Vec<&str> = text.split('-').collect();
    if parts.iter().map(|part| part.len()).ne([4, 2, 2]) {
        return Err(invalid());
    }
    let numbers: Result<Vec<i64>, _> = parts.iter().map(|part| part.parse()).collect();
    let numbers = numbers.map_err(|_| invalid())?;
    let (year, month, day) = (numbers[0], numbers[1], numbers[2]);
    if !(1..=12).contains(&month) || !(1..=month_length(year, month)).contains(&day) {
        return Err(invalid());
    }
    let before = year - 1;
    let earlier_months: i64 = (1..month).map(|earlier| month_length(year, earlier)).sum();
    Ok(365 * before + before / 4 - before / 100 + before / 400 + earlier_months + day)
}

fn month_length(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
