use std::collections::VecDeque;

fn lru_cache(capacity: i64, operations: &[String]) -> Result<Vec<String>, String> {
    if capacity < 1 {
        return Err(format!("a cache of {capacity} entries holds nothing"));
    }
    let mut entries: VecDeque<(&str, &str)> = VecDeque::new();
    let mut answers = Vec::new();
    for operation in operations {
        let words: Vec<&str> = operation.split_whitespace().collect();
        let known = entries
            .iter()
            .position(|&(key, _)| key == words[1])
            .and_then(|place| entries.remove(place));
        if words[0] == "put" {
            entries.push_back((words[1], words[2]));
        } else {
            answers.push(known.map_or("-", |(_, value)| value).to_string());
            entries.extend(known);
        }
        if entries.len() > capacity as usize {
            entries.pop_front();
        }
    }
    Ok(answers)
}
