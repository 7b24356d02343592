//! The options for a request and its answer.

use std::io;

use bytes::Bytes;
use clap::Args;
use mqtt_core::cli::{Given, UsageError, value};
use mqtt_core::invocation::Behaviour;
use mqtt_core::protocol::property::Carrier;
use mqtt_core::protocol::{
    Properties, Property, PropertyId, ProtocolVersion, Text, TopicFilter, TopicName, Value,
};
use mqtt_core::stream::Stream;

use crate::plan::{Controls, Latency, LineForm, Payloads, ResponsePlan};

/// How many random bytes are in made-up correlation data: nobody else makes up the same.
const RANDOM: usize = 16;

#[derive(Args, Clone, Debug)]
pub(super) struct ResponseArgs {
    /// Print the payload of the answer to one message, which is waited for on TOPIC; -W limits the
    /// time. With -V 5 the message asks for it there, and the answer has its correlation data (of -D,
    /// or random); otherwise it is the first message on TOPIC
    #[arg(long, help_heading = "Publishing", value_name = "TOPIC",
        value_parser = value::topic_name())]
    wait_response: Option<TopicName>,

    /// Print on stderr how long the answer took, as in 'latency: 1.234 ms'
    #[arg(long, help_heading = "Publishing")]
    latency: bool,
}

impl ResponseArgs {
    /// Checks the rules between these options and those that say what is published.
    pub(super) fn plan(
        &self,
        payloads: &Payloads,
        topics: &[TopicName],
        given: &Given,
    ) -> Result<Option<ResponsePlan>, UsageError> {
        let Some(topic) = self.wait_response.clone() else {
            let needed = "'--latency' needs '--wait-response': it is the time to the answer";
            return if self.latency { Err(given.error(needed)) } else { Ok(None) };
        };
        let other = match payloads {
            Payloads::Lines { form: LineForm::Record(_), .. } if given.has("replay") => "--replay",
            Payloads::Lines { form: LineForm::Record(_), .. } => "--json-lines",
            Payloads::Lines { .. } => "--stdin-line",
            Payloads::One { repeat, .. } if repeat.count.get() > 1 => "--repeat",
            Payloads::One { .. } if topics.len() > 1 => "--also-topic",
            Payloads::One { .. } if topics.contains(&topic) => {
                return Err(given.error(
                    "'--wait-response' and '--topic' are one topic: the message would be its own \
                     answer",
                ));
            }
            Payloads::One { .. } => {
                let filter = TopicFilter::new(topic.as_str().to_owned());
                let filter = filter.map_err(|error| given.error(error.to_string()))?;
                let latency = if self.latency { Latency::Printed } else { Latency::Hidden };
                let controls = controls(given.invocation().behaviour);
                let correlation = None;
                return Ok(Some(ResponsePlan { topic, filter, correlation, latency, controls }));
            }
        };
        let message = format!(
            "'--wait-response' and '{other}' exclude each other: one message has one answer"
        );
        Err(given.error(message))
    }
}

/// Who asks a terminal for nothing is obeyed by none.
fn controls(behaviour: Behaviour) -> Controls {
    match behaviour {
        Behaviour::Own if Stream::Stdout.is_terminal() => Controls::Visible,
        Behaviour::Own | Behaviour::Original => Controls::Raw,
    }
}

/// What a message of MQTT 5 says of the answer that it wants, beside what was given for it.
pub(super) fn request(
    properties: &Properties,
    version: ProtocolVersion,
    response: &mut ResponsePlan,
    given: &Given,
) -> Result<Properties, UsageError> {
    if version != ProtocolVersion::V5 {
        return Ok(properties.clone());
    }
    if properties.value(PropertyId::ResponseTopic).is_some() {
        return Err(given.error(
            "'--wait-response' and '--property publish response-topic' exclude each other: it is \
             the response topic",
        ));
    }
    let unusable = |error: &dyn std::fmt::Display| given.error(error.to_string());
    let topic = Text::new(response.topic.as_str().to_owned()).map_err(|error| unusable(&error))?;
    let mut list: Vec<_> = properties.iter().collect();
    list.push(Property { id: PropertyId::ResponseTopic, value: Value::Text(topic) });
    let correlation = match properties.value(PropertyId::CorrelationData) {
        Some(Value::Binary(data)) => data,
        _ => random().map_err(|error| unusable(&error))?,
    };
    if properties.value(PropertyId::CorrelationData).is_none() {
        let value = Value::Binary(correlation.clone());
        list.push(Property { id: PropertyId::CorrelationData, value });
    }
    response.correlation = Some(correlation);
    Properties::checked(Carrier::Publish, list).map_err(|error| unusable(&error))
}

/// In digits, so that a shell can answer.
fn random() -> io::Result<Bytes> {
    let mut data = [0; RANDOM];
    getrandom::fill(&mut data)?;
    Ok(format!("{:032x}", u128::from_be_bytes(data)).into())
}
