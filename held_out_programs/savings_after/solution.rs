fn savings_after(balance: f64, rate: f64, deposit: f64, years: i64) -> Result<f64, String> {
    if years < 0 {
        return Err("the number of years is negative".to_string());
    }
    let saved = (0..years).fold(balance, |sum, _| sum * (1.0 + rate / 100.0) + deposit);
    Ok((saved * 100.0).round() / 100.0)
}
