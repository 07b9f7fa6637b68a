fn add_fractions(fractions: &[String]) -> Result<String, String> {
    let (mut numerator, mut denominator) = (0, 1);
    for text in fractions {
        let (top, bottom) = parse(text).ok_or_else(|| format!("no fraction: {text}"))?;
        numerator = numerator * bottom + top * denominator;
        denominator *= bottom;
        let divisor = gcd(numerator, denominator) * denominator.signum();
        numerator /= divisor;
        denominator /= divisor;
    }
    Ok(match denominator {
        1 => numerator.to_string(),
        _ => format!("{numerator}/{denominator}"),
    })
}

fn parse(text: &str) -> Option<(i64, i64)> {
    let (top, bottom) = text.split_once('/').unwrap_or((text, "1"));
    let bottom = bottom.parse().ok().filter(|&number| number != 0)?;
    Some((top.parse().ok()?, bottom))
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a.abs() } else { gcd(b, a % b) }
}
