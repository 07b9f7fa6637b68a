use std::collections::HashMap;

fn word_frequencies(text: &str) -> HashMap<String, i64> {
    let mut counts = HashMap::new();
    let lower = text.to_lowercase();
    for run in lower.split(|character: char| !(character.is_ascii_lowercase() || character == '\'')) {
        let word = run.trim_matches('\'');
        if !word.is_empty() {
            *counts.entry(word.to_string()).or_insert(0) += 1;
        }
    }
    counts
}
