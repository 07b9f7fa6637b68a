fn turnstile(events: &[String]) -> Result<Vec<i64>, String> {
    let (mut passed, mut returned, mut refused) = (0, 0, 0);
    let mut locked = true;
    for event in events {
        match (event.as_str(), locked) {
            ("coin", true) => locked = false,
            ("coin", false) => returned += 1,
            ("push", true) => refused += 1,
            ("push", false) => {
                passed += 1;
                locked = true;
            }
            (other, _) => return Err(format!("unknown event {other}")),
        }
    }
    Ok(vec![passed, returned, refused])
}
