fn undo_history(commands: &[String]) -> String {
    let mut texts = vec![String::new()];
    let mut now = 0;
    for command in commands {
        let mut text = texts[now].clone();
        match command.split_once(' ') {
            Some(("type", added)) => text.push_str(added),
            Some((_, count)) => {
                let count: usize = count.parse().unwrap_or(0);
                text.truncate(text.len().saturating_sub(count));
            }
            None => {
                now = if command == "undo" { now.saturating_sub(1) } else { (now + 1).min(texts.len() - 1) };
                continue;
            }
        }
        now += 1;
        texts.truncate(now);
        texts.push(text);
    }
    texts.swap_remove(now)
}
