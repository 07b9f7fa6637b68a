fn format_money(cents: i64, currency: &str) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let digits = (cents.abs() / 100).to_string();
    let mut whole = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            whole.push(',');
        }
        whole.push(digit);
    }
    format!("{sign}{currency}{whole}.{:02}", cents.abs() % 100)
}
