fn add_business_days(date: &str, days: i64) -> Result<String, String> {
    if days < 0 {
        return Err("the number of days is negative".to_string());
    }
    let mut day = Date::parse(date).ok_or_else(|| format!("no date: {date}"))?;
    let mut left = days;
    while left > 0 {
        day.advance();
        if day.weekday() < 5 {
            left -= 1;
        }
    }
    Ok(format!("{:04}-{:02}-{:02}", day.year, day.month, day.day))
}

struct Date {
    year: i64,
    month: i64,
    day: i64,
}

impl Date {
    fn parse(text: &str) -> Option<Date> {
        let mut numbers = text.split('-').map(|part| part.parse().ok());
        Some(Date { year: numbers.next()??, month: numbers.next()??, day: numbers.next()?? })
    }

    fn advance(&mut self) {
        self.day += 1;
        if self.day > self.month_length() {
            self.day = 1;
            self.month += 1;
        }
        if self.month > 12 {
            self.month = 1;
            self.year += 1;
        }
    }

    fn month_length(&self) -> i64 {
        match self.month {
            2 if self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    /// Counted from Monday, by Sakamoto's method.
    fn weekday(&self) -> i64 {
        const SHIFTS: [i64; 12] = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];
        let year = if self.month < 3 { self.year - 1 } else { self.year };
        let shift = SHIFTS[self.month as usize - 1];
        (year + year / 4 - year / 100 + year / 400 + shift + self.day + 6) % 7
    }
}
