use test_support::tool::{Output, Signal, Tool};

use super::{Scenario, scenario, subscriber};

const TOOL: &str = "mqtt-passwd";

fn passwd() -> Tool {
    subscriber().sibling(TOOL)
}

/// A password file with one user, edited like this with two lines of stdin.
fn edited(words: &[&str], input: &str) -> Output {
    let tool = passwd();
    let path = tool.home().join("passwords");
    std::fs::write(&path, "alice:$6$x$y\n").expect("the folder is ours");
    let path = path.to_str().expect("a plain path");
    let words = words.iter().map(|word| if *word == "FILE" { path } else { word });
    tool.run_with_input(input, words)
}

pub(super) const SCENARIOS: &[Scenario] = &[
    scenario(TOOL, "done: the file is as asked, on disk", || edited(&["FILE", "bob"], "a\na\n")),
    scenario(TOOL, "wrong usage; the file is as it was", || edited(&["--nonsense", "FILE"], "")),
    scenario(TOOL, "a file error; the file is as it was", || {
        edited(&["-b", "/no/such/file", "bob", "x"], "")
    }),
    scenario(TOOL, "`-D`: no such user; the file is as it was", || {
        edited(&["-D", "FILE", "bob"], "")
    }),
    scenario(TOOL, "the two passwords differ; the file is as it was", || {
        edited(&["FILE", "bob"], "a\nb\n")
    }),
    scenario(TOOL, "ended by SIGINT; the file is as it was", || {
        let tool = passwd();
        let path = tool.home().join("passwords");
        std::fs::write(&path, "").expect("the folder is ours");
        let mut running = tool.spawn([path.as_os_str(), "bob".as_ref()]);
        // One byte more than a pipe holds: when it is taken, the tool has begun to read.
        running.write_input(format!("{}\nx", "x".repeat(65_535)));
        running.signal(Signal::INT);
        running.wait()
    }),
];
