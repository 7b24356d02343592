//! The tests of mqtt-passwd as its users run it.
