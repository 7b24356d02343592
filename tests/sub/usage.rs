use super::subscriber;

#[test]
fn wrong_words_are_named_with_what_would_be_right() {
    for (arguments, message) in [
        (&["-v"][..], "nothing to subscribe to: --topic is missing (or --unsubscribe)"),
        (
            &["-t", "a#"],
            "invalid value 'a#' for '--topic <FILTER>': '+' and '#' must stand alone between two '/', and '#' must be last",
        ),
        (&["-t", ""], "invalid value '' for '--topic <FILTER>': it is empty"),
        (
            &["-T", "#/a"],
            "invalid value '#/a' for '--filter-out <FILTER>': '+' and '#' must stand alone between two '/', and '#' must be last",
        ),
        (
            &["-U", "a+"],
            "invalid value 'a+' for '--unsubscribe <FILTER>': '+' and '#' must stand alone between two '/', and '#' must be last",
        ),
        (
            &["-t", "t", "-C", "0"],
            "invalid value '0' for '--count <COUNT>': a whole number from 1 to 4294967295 is wanted",
        ),
        (
            &["-t", "t", "-W", "0"],
            "invalid value '0' for '--timeout <SECONDS>': a number of seconds above 0, at most 1000000000, is wanted",
        ),
        (&["-t", "t", "-m", "x"], "unknown option '-m'"),
        (
            &["-t", "t", "-F", "%t %"],
            "invalid value '%t %' for '--format <FORMAT>': the conversion at position 4 is not complete ('%%' prints a '%')",
        ),
        (
            &["-t", "t", "--format", "%t %k"],
            "invalid value '%t %k' for '--format <FORMAT>': there is no conversion '%k' (position 5)",
        ),
        (
            &["-t", "t", "-F", "at @"],
            "invalid value 'at @' for '--format <FORMAT>': the time at position 4 is not complete ('@@' prints a '@')",
        ),
        (
            &["-t", "t", "-F", "\\z"],
            "invalid value '\\z' for '--format <FORMAT>': there is no escape '\\z' (position 1); there are \\\\ \\0 \\a \\e \\n \\r \\t \\v",
        ),
    ] {
        let output = subscriber().run(arguments);
        output.assert_code(1);
        assert_eq!(output.stdout(), "");
        let stderr = output.stderr();
        let (first, rest) = stderr.split_once('\n').expect("a line");
        assert_eq!(first, format!("error: {message}"), "{arguments:?}");
        assert!(rest.starts_with("hint: "), "{stderr}");
    }
}

#[test]
fn without_a_word_it_says_what_it_is() {
    let output = subscriber().run([""; 0]);
    output.assert_code(1);
    assert_eq!(output.stdout(), "");
    assert!(output.stderr().starts_with("mqtt-sub: Subscribe to topics"), "{output:?}");
    assert_eq!(output.stderr().matches("\n  mqtt-sub -").count(), 3);
    let linked = subscriber().called("mosquitto_sub").run([""; 0]);
    linked.assert_code(1);
    let error = "error: nothing to subscribe to: --topic is missing (or --unsubscribe)\nhint: ";
    assert!(linked.stderr().starts_with(error), "{linked:?}");
}
