fn evaluate_postfix(expression: &str) -> Result<i64, String> {
    let mut values: Vec<i64> = Vec::new();
    for word in expression.split(' ') {
        if let Ok(number) = word.parse() {
            values.push(number);
            continue;
        }
        let missing = || format!("{word} lacks an operand");
        let right = values.pop().ok_or_else(missing)?;
        let left = values.pop().ok_or_else(missing)?;
        values.push(match word {
            "+" => left + right,
            "-" => left - right,
            "*" => left * right,
            _ => return Err(format!("unknown word {word}")),
        });
    }
    match values[..] {
        [value] => Ok(value),
        _ => Err(format!("{} values are left", values.len())),
    }
}
