fn prime_factors(number: i64) -> Result<Vec<i64>, String> {
    if number < 1 {
        return Err(format!("{number} has no prime factors"));
    }
    let mut factors = Vec::new();
    let mut rest = number;
    let mut divisor = 2;
    while divisor * divisor <= rest {
        while rest % divisor == 0 {
            factors.push(divisor);
            rest /= divisor;
        }
        divisor += 1;
    }
    if rest > 1 {
        factors.push(rest);
    }
    Ok(factors)
}
