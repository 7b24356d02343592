//! The tests of mqtt-sub as its users run it.
