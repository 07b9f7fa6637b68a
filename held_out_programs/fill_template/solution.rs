use std::collections::HashMap;

fn fill_template(template: &str, values: &HashMap<String, String>) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = template;
    while let Some(start) = rest.find("{{") {
        filled.push_str(&rest[..start]);
        rest = &rest[start..];
        let field = rest.find("}}").map(|end| (end, rest[2..end].trim_matches(' ')));
        match field {
            Some((end, name)) if is_name(name) => {
                let value = values.get(name).ok_or_else(|| format!("{name} has no value"))?;
                filled.push_str(value);
                rest = &rest[end + 2..];
            }
            _ => {
                filled.push('{');
                rest = &rest[1..];
            }
        }
    }
    Ok(filled + rest)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}
