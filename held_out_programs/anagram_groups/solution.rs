fn anagram_groups(words: &[String]) -> Vec<Vec<String>> {
    let mut groups: Vec<(Vec<char>, Vec<String>)> = Vec::new();
    for word in words {
        let mut letters: Vec<char> = word.chars().collect();
        letters.sort_unstable();
        match groups.iter_mut().find(|(known, _)| *known == letters) {
            Some((_, group)) => group.push(word.clone()),
            None => groups.push((letters, vec![word.clone()])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}
