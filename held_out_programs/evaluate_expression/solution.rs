use std::iter::Peekable;
use std::str::Chars;

fn evaluate_expression(expression: &str) -> Result<i64, String> {
    let mut characters = expression.chars().peekable();
    let value = sum(&mut characters)?;
    match peek(&mut characters) {
        None => Ok(value),
        Some(other) => Err(format!("unexpected {other}")),
    }
}

fn peek(characters: &mut Peekable<Chars>) -> Option<char> {
    while characters.next_if_eq(&' ').is_some() {}
    characters.peek().copied()
}

fn sum(characters: &mut Peekable<Chars>) -> Result<i64, String> {
    let mut value = product(characters)?;
    while let Some(operator @ ('+' | '-')) = peek(characters) {
        characters.next();
        let operand = product(characters)?;
        value += if operator == '+' { operand } else { -operand };
    }
    Ok(value)
}

fn product(characters: &mut Peekable<Chars>) -> Result<i64, String> {
    let mut value = factor(characters)?;
    while let Some(operator @ ('*' | '/')) = peek(characters) {
        characters.next();
        let operand = factor(characters)?;
        value = if operator == '*' {
            value * operand
        } else {
            value.checked_div(operand).ok_or("division by zero")?
        };
    }
    Ok(value)
}

fn factor(characters: &mut Peekable<Chars>) -> Result<i64, String> {
    let first = peek(characters).ok_or("the expression ends too early")?;
    characters.next();
    match first {
        '-' => Ok(-factor(characters)?),
        '(' => {
            let value = sum(characters)?;
            match peek(characters) {
                Some(')') => characters.next(),
                _ => return Err("a bracket is not closed".to_string()),
            };
            Ok(value)
        }
        _ => {
            let unexpected = || format!("unexpected {first}");
            let mut value = i64::from(first.to_digit(10).ok_or_else(unexpected)?);
            while let Some(digit) = characters.peek().and_then(|next| next.to_digit(10)) {
                characters.next();
                value = value * 10 + i64::from(digit);
            }
            Ok(value)
        }
    }
}
