use std::cmp::Reverse;
use std::collections::HashMap;

fn complete_prefix(used: &HashMap<String, i64>, prefix: &str, limit: i64) -> Vec<String> {
    let mut words: Vec<&String> = used.keys().filter(|word| word.starts_with(prefix)).collect();
    words.sort_by_key(|&word| (Reverse(used[word]), word));
    words.into_iter().take(limit as usize).cloned().collect()
}
