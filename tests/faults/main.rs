//! Every row of docs/reliability.md in its short form: the faults happen for real, a few times each.

#![expect(clippy::panic, reason = "a panic is how a test fails")]

use test_support::faults::{Extent, ROWS, Rig, run};

/// The first trials of a row, other ones in every run.
fn holds(name: &str) {
    let row = ROWS.iter().find(|row| row.name == name).unwrap_or_else(|| panic!("no row {name}"));
    let rig = Rig::beside(env!("CARGO_BIN_EXE_mqtt-sub"), Extent::Short);
    let seed = fastrand::u64(..);
    let figures = run(row, &rig, seed, 0, |number| number < row.short);
    let failures: Vec<_> = figures.failures.iter().map(|(n, why)| format!("{n}: {why}")).collect();
    assert!(
        figures.survived == figures.tried && figures.lost == 0,
        "{} of {} survived; cargo xtask soak --row {name} --seed {seed}\n{}",
        figures.survived,
        figures.tried,
        failures.join("\n")
    );
}

/// A test for each row, so that they run side by side.
macro_rules! rows {
    ($($test:ident: $name:literal),* $(,)?) => {
        $(#[test] fn $test() { holds($name); })*

        #[test]
        fn every_row_has_a_test() {
            let tested = [$($name),*];
            let names: Vec<_> = ROWS.iter().map(|row| row.name).collect();
            assert_eq!(names, tested);
        }
    };
}

rows! {
    a_broker_is_killed_while_lines_are_published: "kill-broker-publishing",
    a_persistent_broker_is_killed_while_lines_are_published: "kill-persistent-broker-publishing",
    very_many_lines_while_the_broker_is_killed_again_and_again: "million-lines",
    a_broker_is_killed_while_messages_are_received: "kill-broker-receiving",
    the_subscriber_is_killed: "kill-subscriber",
    the_connection_is_cut_while_lines_are_published: "cut-publishing",
    the_connection_is_cut_under_a_single_message: "cut-single",
    the_connection_is_cut_under_a_message_that_is_tried_again: "cut-retried",
    the_connection_is_cut_while_messages_are_received: "cut-receiving",
    the_connection_stands_still: "stalled",
    the_connection_is_half_open: "half-open",
    acknowledgements_are_late_and_out_of_order: "acknowledgements-reordered",
    acknowledgements_come_twice: "acknowledgements-duplicated",
    acknowledgements_are_missing: "acknowledgements-missing",
    messages_are_repeated: "messages-repeated",
    a_publishers_session_is_kept_or_not: "session-publishing",
    a_subscribers_session_is_kept_or_not: "session-receiving",
    a_session_is_taken_over: "taken-over",
    the_broker_takes_one_message_at_a_time: "receive-maximum-1",
    the_broker_never_answers: "never-answers",
    a_subscriber_leaves_in_any_state: "leaving-receiving",
    a_publisher_leaves_in_any_state: "leaving-publishing",
    the_output_is_read_slowly: "slow-pipe",
    a_signal_while_the_output_is_read_slowly: "signal-slow-pipe",
    what_never_reached_the_socket_is_counted: "unsent-at-qos-0",
    the_connection_is_cut_at_qos_0: "cut-at-qos-0",
    there_is_no_broker_at_first: "absent-at-first",
    what_was_saved_and_what_was_acknowledged_is_what_was_read: "save-unsent",
    bytes_that_no_broker_should_send: "hostile-bytes",
    packets_that_claim_to_be_huge: "hostile-claims",
    packets_of_properties_alone: "hostile-properties",
    an_edit_of_a_password_file_is_killed: "kill-passwd",
    an_edit_in_place_is_killed: "kill-passwd-in-place",
    a_hundred_edits_come_at_once: "passwd-at-once",
    a_broker_reloads_while_the_file_is_edited: "passwd-reloaded",
    an_edit_cannot_be_made: "passwd-obstacles",
}
