//! Where the tests of a Rust file begin: some rules hold for the product only. A line reader, not a parser: it leans on
//! the house style that a file's tests come last.

/// The number of the line on which the file's own test module opens, `usize::MAX` when there is none. A module declared
/// in another file (`mod tests;`) ends nothing here.
pub fn first_test_line(text: &str) -> usize {
    let mut marked_at = None;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_start();
        if line.starts_with("#[cfg(test)]") {
            marked_at = Some(index + 1);
        } else if let Some(number) = marked_at {
            let opens = (line.starts_with("mod ") || line.starts_with("pub mod ")) && line.contains('{');
            if opens {
                return number;
            }
            if !line.starts_with("#[") && !line.starts_with("//") {
                marked_at = None;
            }
        }
    }
    usize::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_module_begins_at_its_attribute() {
        assert_eq!(first_test_line("fn a() {}\n\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n}\n"), 3);
    }

    #[test]
    fn a_test_only_function_or_a_module_elsewhere_is_not_the_end_of_the_product() {
        assert_eq!(first_test_line("#[cfg(test)]\nmod tests;\nfn a() {}\n"), usize::MAX);
        assert_eq!(first_test_line("#[cfg(test)]\nfn helper() {}\nmod inner {}\n"), usize::MAX);
    }
}
