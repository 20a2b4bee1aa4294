//! Shows JSON with its fields in the order they came: a parsed `serde_json::Value` would sort them,
//! and the order of an answer is the contract's.

/// Breaks and indents JSON text. What is not JSON comes out readable too, if not well indented.
pub(crate) fn pretty(json: &str) -> String {
    let mut pretty = String::with_capacity(json.len() * 2);
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    let mut characters = json.trim().chars().peekable();
    while let Some(character) = characters.next() {
        if in_string {
            pretty.push(character);
            in_string = escaped || character != '"';
            escaped = character == '\\' && !escaped;
            continue;
        }
        match character {
            '{' | '[' if matches!(characters.peek(), Some('}' | ']')) => pretty.push(character),
            '{' | '[' => {
                depth += 1;
                pretty.push(character);
                new_line(&mut pretty, depth);
            }
            '}' | ']' if !pretty.ends_with(['{', '[']) => {
                depth = depth.saturating_sub(1);
                new_line(&mut pretty, depth);
                pretty.push(character);
            }
            ',' => {
                pretty.push(character);
                new_line(&mut pretty, depth);
            }
            ':' => pretty.push_str(": "),
            blank if blank.is_ascii_whitespace() => {}
            other => {
                in_string = other == '"';
                pretty.push(other);
            }
        }
    }
    pretty
}

fn new_line(text: &mut String, depth: usize) {
    text.push('\n');
    text.push_str(&"  ".repeat(depth));
}

#[cfg(test)]
mod tests {
    use super::pretty;

    #[test]
    fn order_and_strings_are_kept() {
        let json = r#"{"b":"a, \"{b}\": \\","a":[],"c":[{"d":1},null]}"#;
        let expected = "{\n  \"b\": \"a, \\\"{b}\\\": \\\\\",\n  \"a\": [],\n  \"c\": [\n    {\n      \"d\": 1\n    },\n    null\n  ]\n}";
        assert_eq!(pretty(json), expected);
        let value: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&pretty(json)).unwrap(), value);
    }
}
