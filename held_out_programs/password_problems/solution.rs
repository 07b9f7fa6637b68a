fn password_problems(password: &str) -> Vec<String> {
    let characters: Vec<char> = password.chars().collect();
    let lacks = |is_wanted: fn(&char) -> bool| !characters.iter().any(is_wanted);
    let checks = [
        ("short", characters.len() < 8),
        ("upper", lacks(char::is_ascii_uppercase)),
        ("lower", lacks(char::is_ascii_lowercase)),
        ("digit", lacks(char::is_ascii_digit)),
        ("space", characters.contains(&' ')),
        ("repeat", characters.windows(3).any(|run| run[0] == run[1] && run[1] == run[2])),
    ];
    checks.iter().filter(|(_, is_problem)| *is_problem).map(|(name, _)| name.to_string()).collect()
}
