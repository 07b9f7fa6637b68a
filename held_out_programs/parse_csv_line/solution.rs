fn parse_csv_line(line: &str) -> Result<Vec<String>, String> {
    let mut fields = Vec::new();
    let mut characters = line.chars().peekable();
    loop {
        let mut field = String::new();
        if characters.next_if_eq(&'"').is_some() {
            loop {
                match characters.next() {
                    Some('"') if characters.next_if_eq(&'"').is_some() => field.push('"'),
                    Some('"') => break,
                    Some(other) => field.push(other),
                    None => return Err("a quote is not closed".to_string()),
                }
            }
        } else {
            while let Some(other) = characters.next_if(|&next| next != ',') {
                field.push(other);
            }
        }
        fields.push(field);
        match characters.next() {
            Some(',') => {}
            Some(other) => return Err(format!("{other} follows a quoted field")),
            None => return Ok(fields),
        }
    }
}
