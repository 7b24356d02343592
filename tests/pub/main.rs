//! The tests of mqtt-pub as its users run it.
