use std::collections::HashMap;

fn parse_query(query: &str) -> Result<HashMap<String, Vec<String>>, String> {
    let mut values: HashMap<String, Vec<String>> = HashMap::new();
    for part in query.split('&').filter(|part| !part.is_empty()) {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        values.entry(decoded(key)?).or_default().push(decoded(value)?);
    }
    Ok(values)
}

fn decoded(text: &str) -> Result<String, String> {
    let mut characters = text.chars();
    let mut decoded = String::new();
    while let Some(character) = characters.next() {
        decoded.push(match character {
            '+' => ' ',
            '%' => {
                let mut digit = || characters.next().and_then(|next| next.to_digit(16));
                match (digit(), digit()) {
                    (Some(high), Some(low)) => char::from((high * 16 + low) as u8),
                    _ => return Err(format!("no number after the per cent sign: {text}")),
                }
            }
            other => other,
        });
    }
    Ok(decoded)
}
