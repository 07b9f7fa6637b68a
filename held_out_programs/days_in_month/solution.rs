fn days_in_month(year: i64, month: i64) -> Result<i64, String> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => Ok(29),
        2 => Ok(28),
        4 | 6 | 9 | 11 => Ok(30),
        1..=12 => Ok(31),
        _ => Err(format!("there is no month {month}")),
    }
}
