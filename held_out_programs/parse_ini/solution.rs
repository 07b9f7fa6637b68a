use std::collections::HashMap;

fn parse_ini(lines: &[String]) -> Result<HashMap<String, HashMap<String, String>>, String> {
    let mut sections: HashMap<String, HashMap<String, String>> = HashMap::new();
    let mut current: Option<String> = None;
    for line in lines.iter().map(|line| line.trim()) {
        if line.is_empty() || line.starts_with([';', '#']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let name = required(name)?;
            sections.entry(name.clone()).or_default();
            current = Some(name);
            continue;
        }
        let (key, value) = line.split_once('=').ok_or_else(|| format!("{line} cannot be read"))?;
        let section = current.as_ref().ok_or("a value stands before the first section")?;
        sections.entry(section.clone()).or_default().insert(required(key)?, value.trim().to_string());
    }
    Ok(sections)
}

fn required(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("a name is missing".to_string()),
        name => Ok(name.to_string()),
    }
}
