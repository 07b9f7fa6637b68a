const UNITS: [(char, i64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

fn parse_duration(text: &str) -> Result<i64, String> {
    let invalid = || format!("no duration: {text}");
    let mut rest = text.trim_matches(' ');
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total = 0;
    for (unit, seconds) in UNITS {
        if let Some((number, after)) = rest.split_once(unit) {
            if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(invalid());
            }
            total += number.parse::<i64>().map_err(|_| invalid())? * seconds;
            rest = after.trim_start_matches(' ');
        }
    }
    if rest.is_empty() { Ok(total) } else { Err(invalid()) }
}
