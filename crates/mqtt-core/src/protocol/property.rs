//! The properties of MQTT 5 (§2.2.2), as one table: name, identifier, type, packets, repetition.
//!
//! Decoding, encoding, checking and the command line read the same rows. Order on the wire and
//! repeated user properties are kept: what is printed must be what was sent.

use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};

use super::codec::DecodeError;
use super::text::Text;
use super::wire::{Reader, put_binary, put_text, put_variable_integer, variable_integer_length};
use crate::limit::MAX_FIELD;

/// The packet, or the will inside CONNECT, that carries a list of properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the packets' own names")]
pub enum Carrier {
    Connect,
    Will,
    ConnAck,
    Publish,
    PubAck,
    PubRec,
    PubRel,
    PubComp,
    Subscribe,
    SubAck,
    Unsubscribe,
    UnsubAck,
    Disconnect,
    Auth,
}

/// The identifier of a property (MQTT 5 table 2-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the properties' own names")]
pub enum PropertyId {
    PayloadFormatIndicator,
    MessageExpiryInterval,
    ContentType,
    ResponseTopic,
    CorrelationData,
    SubscriptionIdentifier,
    SessionExpiryInterval,
    AssignedClientIdentifier,
    ServerKeepAlive,
    AuthenticationMethod,
    AuthenticationData,
    RequestProblemInformation,
    WillDelayInterval,
    RequestResponseInformation,
    ResponseInformation,
    ServerReference,
    ReasonString,
    ReceiveMaximum,
    TopicAliasMaximum,
    TopicAlias,
    MaximumQos,
    RetainAvailable,
    UserProperty,
    MaximumPacketSize,
    WildcardSubscriptionAvailable,
    SubscriptionIdentifierAvailable,
    SharedSubscriptionAvailable,
}

/// The type of a property's value (§1.5), with the values that are no protocol error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// 0 or 1.
    Flag,
    /// Two bytes, any number.
    TwoByte,
    /// Two bytes, not 0.
    TwoBytePositive,
    /// Four bytes, any number.
    FourByte,
    /// Four bytes, not 0.
    FourBytePositive,
    /// Variable byte integer, not 0.
    VariablePositive,
    /// UTF-8 string.
    Text,
    /// At most 65,535 bytes.
    Binary,
    /// Two UTF-8 strings.
    Pair,
}

/// The value of a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// One byte.
    Byte(u8),
    /// Two-byte integer.
    TwoByte(u16),
    /// Four-byte integer.
    FourByte(u32),
    /// Variable byte integer, at most 268,435,455.
    Variable(u32),
    /// UTF-8 string.
    Text(Text),
    /// Binary data, at most 65,535 bytes.
    Binary(Bytes),
    /// A user property: key and value.
    Pair(Text, Text),
}

/// One property with its value.
#[derive(Clone, PartialEq, Eq)]
pub struct Property {
    /// Which property.
    pub id: PropertyId,
    /// Its value, of the type the table says.
    pub value: Value,
}

/// Authentication data is a secret.
impl fmt::Debug for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Property");
        shown.field("id", &self.id);
        match self.id {
            PropertyId::AuthenticationData => shown.finish_non_exhaustive(),
            _ => shown.field("value", &self.value).finish(),
        }
    }
}

/// The largest variable byte integer (§1.5.5).
const MAX_VARIABLE: u32 = 268_435_455;

struct Row {
    id: PropertyId,
    identifier: u8,
    name: &'static str,
    kind: Kind,
    carriers: &'static [Carrier],
}

const fn row(
    id: PropertyId,
    identifier: u8,
    name: &'static str,
    kind: Kind,
    carriers: &'static [Carrier],
) -> Row {
    Row { id, identifier, name, kind, carriers }
}

use Carrier as C;
use PropertyId as P;

const MESSAGE: &[Carrier] = &[C::Publish, C::Will];
const EXPLAINED: &[Carrier] = &[
    C::ConnAck,
    C::PubAck,
    C::PubRec,
    C::PubRel,
    C::PubComp,
    C::SubAck,
    C::UnsubAck,
    C::Disconnect,
    C::Auth,
];
const EVERYWHERE: &[Carrier] = &[
    C::Connect,
    C::Will,
    C::ConnAck,
    C::Publish,
    C::PubAck,
    C::PubRec,
    C::PubRel,
    C::PubComp,
    C::Subscribe,
    C::SubAck,
    C::Unsubscribe,
    C::UnsubAck,
    C::Disconnect,
    C::Auth,
];
const EXPIRY: &[Carrier] = &[C::Connect, C::ConnAck, C::Disconnect];
const AUTHENTICATED: &[Carrier] = &[C::Connect, C::ConnAck, C::Auth];
const CONNECTION: &[Carrier] = &[C::Connect, C::ConnAck];

const TABLE: [Row; 27] = [
    row(P::PayloadFormatIndicator, 0x01, "payload-format-indicator", Kind::Flag, MESSAGE),
    row(P::MessageExpiryInterval, 0x02, "message-expiry-interval", Kind::FourByte, MESSAGE),
    row(P::ContentType, 0x03, "content-type", Kind::Text, MESSAGE),
    row(P::ResponseTopic, 0x08, "response-topic", Kind::Text, MESSAGE),
    row(P::CorrelationData, 0x09, "correlation-data", Kind::Binary, MESSAGE),
    row(
        P::SubscriptionIdentifier,
        0x0B,
        "subscription-identifier",
        Kind::VariablePositive,
        &[C::Publish, C::Subscribe],
    ),
    row(P::SessionExpiryInterval, 0x11, "session-expiry-interval", Kind::FourByte, EXPIRY),
    row(P::AssignedClientIdentifier, 0x12, "assigned-client-identifier", Kind::Text, &[C::ConnAck]),
    row(P::ServerKeepAlive, 0x13, "server-keep-alive", Kind::TwoByte, &[C::ConnAck]),
    row(P::AuthenticationMethod, 0x15, "authentication-method", Kind::Text, AUTHENTICATED),
    row(P::AuthenticationData, 0x16, "authentication-data", Kind::Binary, AUTHENTICATED),
    row(
        P::RequestProblemInformation,
        0x17,
        "request-problem-information",
        Kind::Flag,
        &[C::Connect],
    ),
    row(P::WillDelayInterval, 0x18, "will-delay-interval", Kind::FourByte, &[C::Will]),
    row(
        P::RequestResponseInformation,
        0x19,
        "request-response-information",
        Kind::Flag,
        &[C::Connect],
    ),
    row(P::ResponseInformation, 0x1A, "response-information", Kind::Text, &[C::ConnAck]),
    row(P::ServerReference, 0x1C, "server-reference", Kind::Text, &[C::ConnAck, C::Disconnect]),
    row(P::ReasonString, 0x1F, "reason-string", Kind::Text, EXPLAINED),
    row(P::ReceiveMaximum, 0x21, "receive-maximum", Kind::TwoBytePositive, CONNECTION),
    row(P::TopicAliasMaximum, 0x22, "topic-alias-maximum", Kind::TwoByte, CONNECTION),
    row(P::TopicAlias, 0x23, "topic-alias", Kind::TwoBytePositive, &[C::Publish]),
    row(P::MaximumQos, 0x24, "maximum-qos", Kind::Flag, &[C::ConnAck]),
    row(P::RetainAvailable, 0x25, "retain-available", Kind::Flag, &[C::ConnAck]),
    row(P::UserProperty, 0x26, "user-property", Kind::Pair, EVERYWHERE),
    row(P::MaximumPacketSize, 0x27, "maximum-packet-size", Kind::FourBytePositive, CONNECTION),
    row(
        P::WildcardSubscriptionAvailable,
        0x28,
        "wildcard-subscription-available",
        Kind::Flag,
        &[C::ConnAck],
    ),
    row(
        P::SubscriptionIdentifierAvailable,
        0x29,
        "subscription-identifier-available",
        Kind::Flag,
        &[C::ConnAck],
    ),
    row(
        P::SharedSubscriptionAvailable,
        0x2A,
        "shared-subscription-available",
        Kind::Flag,
        &[C::ConnAck],
    ),
];

impl PropertyId {
    /// The row of the table. The table stands in the order of the enum (a test sees to it).
    fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }

    /// The name as `-D` and the JSON output have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The type of its value.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.row().kind
    }

    /// The properties that `carrier` may hold.
    pub fn held_by(carrier: Carrier) -> impl Iterator<Item = Self> {
        TABLE.iter().filter(move |row| row.carriers.contains(&carrier)).map(|row| row.id)
    }

    /// The properties that a client may send in `carrier`: all that it may hold, but for the
    /// subscription identifiers of PUBLISH, which are the broker's (§3.3.4).
    pub fn sent_in(carrier: Carrier) -> impl Iterator<Item = Self> {
        Self::held_by(carrier)
            .filter(move |id| *id != P::SubscriptionIdentifier || carrier != C::Publish)
    }

    /// Whether `carrier` may hold it more than once: user properties everywhere, and the
    /// subscription identifiers of a PUBLISH that several subscriptions match (§3.3.2.3.8).
    fn repeats_in(self, carrier: Carrier) -> bool {
        self == P::UserProperty || (self == P::SubscriptionIdentifier && carrier == C::Publish)
    }
}

/// Why a list of properties cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PropertyError {
    /// The packet does not have this property.
    #[error("{0} is no property of this packet")]
    NotAllowed(&'static str),
    /// The property occurs twice.
    #[error("{0} may be given only once")]
    Repeated(&'static str),
    /// The value is of another type, or out of its range.
    #[error("{0} cannot have this value")]
    Value(&'static str),
}

/// A list of properties in the order of the wire.
///
/// It is kept as its bytes, checked, and read anew whenever it is asked: a received one is a slice of
/// its frame, and takes no more memory than has come, however many there are. `None` where there is
/// none, and small: most messages have none.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Properties(Option<Arc<List>>);

#[derive(PartialEq, Eq)]
struct List {
    bytes: Bytes,
    /// What is in it, so that what is not need not be looked for.
    held: Held,
}

/// Which properties are in a list, a bit for each.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Held(u32);

impl Properties {
    /// No properties.
    #[must_use]
    pub const fn new() -> Self {
        Self(None)
    }

    /// Checks a list that `carrier` is going to carry.
    pub fn checked(carrier: Carrier, list: Vec<Property>) -> Result<Self, PropertyError> {
        let mut held = Held::default();
        let mut bytes = BytesMut::new();
        for property in list {
            held.admit(carrier, &property)?;
            property.encode(&mut bytes);
        }
        Ok(Self::of(bytes.freeze(), held))
    }

    fn of(bytes: Bytes, held: Held) -> Self {
        Self((!bytes.is_empty()).then(|| Arc::new(List { bytes, held })))
    }

    /// Takes a property out.
    pub(crate) fn remove(&mut self, id: PropertyId) {
        let (mut bytes, mut held) = (BytesMut::new(), Held::default());
        for property in self.iter().filter(|property| property.id != id) {
            held.insert(property.id);
            property.encode(&mut bytes);
        }
        *self = Self::of(bytes.freeze(), held);
    }

    /// The properties in order.
    #[must_use]
    pub fn iter(&self) -> Iter {
        let bytes = self.0.as_ref().map(|list| list.bytes.clone());
        Iter(Reader::new("list of properties", bytes.unwrap_or_default()))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The first value of a property.
    #[must_use]
    #[inline]
    pub fn value(&self, id: PropertyId) -> Option<Value> {
        self.0.as_ref().filter(|list| list.held.contains(id))?;
        self.iter().find(|property| property.id == id).map(|property| property.value)
    }

    /// The first value of a property with a whole number.
    #[must_use]
    #[inline]
    pub fn number(&self, id: PropertyId) -> Option<u32> {
        self.value(id)?.number()
    }

    /// The first value of a property with a string.
    #[must_use]
    pub fn text(&self, id: PropertyId) -> Option<Text> {
        match self.value(id)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The broker's own words for a reason code, to be put behind its name; empty where it gave
    /// none (§3.2.2.3.9, §3.2.2.3.16).
    #[must_use]
    pub fn explanation(&self) -> String {
        let quoted = |before: &str, id| {
            let text = self.text(id);
            let text = text.map(|text| format!(" ({before}\"{}\")", text.as_str().escape_debug()));
            text.unwrap_or_default()
        };
        quoted("", PropertyId::ReasonString) + &quoted("see ", PropertyId::ServerReference)
    }

    /// Reads the length and the list (§2.2.2), and checks it.
    #[inline]
    pub(super) fn decode(carrier: Carrier, reader: &mut Reader) -> Result<Self, DecodeError> {
        match reader.variable_integer()? {
            0 => Ok(Self::new()),
            length => {
                let list = reader.part(length)?;
                Self::decode_list(carrier, list)
            }
        }
    }

    fn decode_list(carrier: Carrier, mut list: Reader) -> Result<Self, DecodeError> {
        let mut held = Held::default();
        let packet = list.packet();
        let bytes = list.clone().rest();
        while !list.is_empty() {
            let property = Property::decode(&mut list)?;
            held.admit(carrier, &property)
                .map_err(|error| DecodeError::Property { packet, error })?;
        }
        Ok(Self::of(bytes, held))
    }

    #[inline]
    fn list(&self) -> &[u8] {
        self.0.as_ref().map(|list| &list.bytes[..]).unwrap_or_default()
    }

    /// The bytes [`Self::encode`] writes.
    #[inline]
    pub(super) fn encoded_length(&self) -> usize {
        let list = self.list().len();
        variable_integer_length(list) + list
    }

    /// Writes the length and the list.
    #[inline]
    pub(super) fn encode(&self, out: &mut BytesMut) {
        put_variable_integer(out, self.list().len());
        out.put_slice(self.list());
    }
}

/// Property by property: what is secret stays so.
impl fmt::Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl IntoIterator for &Properties {
    type Item = Property;
    type IntoIter = Iter;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The properties of a list, in order.
#[derive(Clone)]
pub struct Iter(Reader);

impl Iterator for Iter {
    type Item = Property;

    fn next(&mut self) -> Option<Property> {
        // The list was checked: only its end is no property.
        Property::decode(&mut self.0).ok()
    }
}

impl Held {
    #[inline]
    fn contains(self, id: PropertyId) -> bool {
        self.0 & 1 << id as u32 != 0
    }

    fn insert(&mut self, id: PropertyId) {
        self.0 |= 1 << id as u32;
    }

    /// Takes in one more of a list that `carrier` has.
    fn admit(&mut self, carrier: Carrier, property: &Property) -> Result<(), PropertyError> {
        let row = property.id.row();
        if !row.carriers.contains(&carrier) {
            return Err(PropertyError::NotAllowed(row.name));
        }
        if !property.id.repeats_in(carrier) && self.contains(property.id) {
            return Err(PropertyError::Repeated(row.name));
        }
        if !row.kind.admits(&property.value) {
            return Err(PropertyError::Value(row.name));
        }
        self.insert(property.id);
        Ok(())
    }
}

impl Property {
    fn decode(list: &mut Reader) -> Result<Self, DecodeError> {
        let identifier = list.u8()?;
        let row = TABLE
            .iter()
            .find(|row| row.identifier == identifier)
            .ok_or(DecodeError::UnknownProperty { packet: list.packet(), identifier })?;
        Ok(Self { id: row.id, value: row.kind.decode(list)? })
    }

    fn encode(&self, out: &mut BytesMut) {
        out.put_u8(self.id.row().identifier);
        self.value.encode(out);
    }
}

impl Kind {
    /// The numbers it can be; `None` where it is no number.
    #[must_use]
    pub fn range(self) -> Option<RangeInclusive<u32>> {
        match self {
            Self::Flag => Some(0..=1),
            Self::TwoByte => Some(0..=u32::from(u16::MAX)),
            Self::TwoBytePositive => Some(1..=u32::from(u16::MAX)),
            Self::FourByte => Some(0..=u32::MAX),
            Self::FourBytePositive => Some(1..=u32::MAX),
            Self::VariablePositive => Some(1..=MAX_VARIABLE),
            Self::Text | Self::Binary | Self::Pair => None,
        }
    }

    /// The value with that number, if it can be it.
    #[must_use]
    pub fn number(self, number: u32) -> Option<Value> {
        let number = self.range()?.contains(&number).then_some(number)?;
        match self {
            Self::Flag => u8::try_from(number).ok().map(Value::Byte),
            Self::TwoByte | Self::TwoBytePositive => u16::try_from(number).ok().map(Value::TwoByte),
            Self::FourByte | Self::FourBytePositive => Some(Value::FourByte(number)),
            Self::VariablePositive => Some(Value::Variable(number)),
            Self::Text | Self::Binary | Self::Pair => None,
        }
    }

    /// Whether a value is of this type and in its range.
    fn admits(self, value: &Value) -> bool {
        match (self, value) {
            (Self::Text, Value::Text(_)) | (Self::Pair, Value::Pair(..)) => true,
            (Self::Binary, Value::Binary(bytes)) => bytes.len() <= MAX_FIELD,
            _ => value.number().and_then(|number| self.number(number)).as_ref() == Some(value),
        }
    }

    fn decode(self, reader: &mut Reader) -> Result<Value, DecodeError> {
        Ok(match self {
            Self::Flag => Value::Byte(reader.u8()?),
            Self::TwoByte | Self::TwoBytePositive => Value::TwoByte(reader.u16()?),
            Self::FourByte | Self::FourBytePositive => Value::FourByte(reader.u32()?),
            Self::VariablePositive => Value::Variable(reader.variable_integer()?),
            Self::Text => Value::Text(reader.text()?),
            Self::Binary => Value::Binary(reader.binary()?),
            Self::Pair => Value::Pair(reader.text()?, reader.text()?),
        })
    }
}

impl Value {
    /// The number, where it is one.
    fn number(&self) -> Option<u32> {
        match self {
            Self::Byte(number) => Some(u32::from(*number)),
            Self::TwoByte(number) => Some(u32::from(*number)),
            Self::FourByte(number) | Self::Variable(number) => Some(*number),
            Self::Text(_) | Self::Binary(_) | Self::Pair(..) => None,
        }
    }

    fn encode(&self, out: &mut BytesMut) {
        match self {
            Self::Byte(number) => out.put_u8(*number),
            Self::TwoByte(number) => out.put_u16(*number),
            Self::FourByte(number) => out.put_u32(*number),
            Self::Variable(number) => {
                put_variable_integer(out, usize::try_from(*number).unwrap_or(usize::MAX));
            }
            Self::Text(text) => put_text(out, text),
            Self::Binary(bytes) => put_binary(out, bytes),
            Self::Pair(key, value) => {
                put_text(out, key);
                put_text(out, value);
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Any property that a client may send in `carrier`.
    pub(crate) fn any_sent(carrier: Carrier) -> impl Strategy<Value = Property> {
        let sent: Vec<_> = PropertyId::sent_in(carrier).collect();
        prop::sample::select(sent).prop_flat_map(any_property)
    }

    /// Any list of properties that `carrier` may hold.
    pub(crate) fn any_properties(carrier: Carrier) -> impl Strategy<Value = Properties> {
        let rows: Vec<_> =
            TABLE.iter().filter(|row| row.carriers.contains(&carrier)).map(|row| row.id).collect();
        let property = prop::sample::select(rows).prop_flat_map(any_property);
        prop::collection::vec(property, 0..8).prop_map(move |list| {
            let mut held = Held::default();
            let admitted = |property: &Property| held.admit(carrier, property).is_ok();
            let list = list.into_iter().filter(admitted).collect();
            Properties::checked(carrier, list).unwrap()
        })
    }

    fn any_property(id: PropertyId) -> impl Strategy<Value = Property> {
        let value = match id.row().kind {
            Kind::Flag => (0..2_u8).prop_map(Value::Byte).boxed(),
            Kind::TwoByte | Kind::TwoBytePositive => {
                (1..=u16::MAX).prop_map(Value::TwoByte).boxed()
            }
            Kind::FourByte | Kind::FourBytePositive => {
                (1..=u32::MAX).prop_map(Value::FourByte).boxed()
            }
            Kind::VariablePositive => (1..1_u32 << 28).prop_map(Value::Variable).boxed(),
            Kind::Text => any_text().prop_map(Value::Text).boxed(),
            Kind::Binary => prop::collection::vec(any::<u8>(), 0..40)
                .prop_map(|bytes| Value::Binary(bytes.into()))
                .boxed(),
            Kind::Pair => {
                (any_text(), any_text()).prop_map(|(key, value)| Value::Pair(key, value)).boxed()
            }
        };
        value.prop_map(move |value| Property { id, value })
    }

    /// Any string that packets can carry.
    pub(crate) fn any_text() -> impl Strategy<Value = Text> {
        "[a-zA-Z0-9 äß🦀/]{0,20}".prop_map(|text| Text::new(text).unwrap())
    }

    #[test]
    fn the_table_stands_in_the_order_of_the_enum() {
        for (index, row) in TABLE.iter().enumerate() {
            assert_eq!(row.id as usize, index, "{}", row.name);
        }
        assert!(TABLE.windows(2).all(|rows| rows[0].identifier < rows[1].identifier));
    }

    #[test]
    fn a_number_has_the_size_and_the_range_of_its_kind() {
        for (id, least, most) in [
            (P::PayloadFormatIndicator, Value::Byte(0), Value::Byte(1)),
            (P::TopicAliasMaximum, Value::TwoByte(0), Value::TwoByte(65_535)),
            (P::TopicAlias, Value::TwoByte(1), Value::TwoByte(65_535)),
            (P::MessageExpiryInterval, Value::FourByte(0), Value::FourByte(u32::MAX)),
            (P::MaximumPacketSize, Value::FourByte(1), Value::FourByte(u32::MAX)),
            (P::SubscriptionIdentifier, Value::Variable(1), Value::Variable(268_435_455)),
        ] {
            let kind = id.kind();
            let (start, end) = kind.range().unwrap().into_inner();
            assert_eq!(kind.number(start), Some(least), "{id:?}");
            assert_eq!(kind.number(end), Some(most), "{id:?}");
            assert_eq!(start.checked_sub(1).and_then(|number| kind.number(number)), None);
            assert_eq!(end.checked_add(1).and_then(|number| kind.number(number)), None);
        }
        assert_eq!(P::ContentType.kind().number(1), None);
    }

    #[test]
    fn a_client_sends_no_subscription_identifier_with_a_message() {
        let sent = |carrier| PropertyId::sent_in(carrier).any(|id| id == P::SubscriptionIdentifier);
        assert!(!sent(C::Publish));
        assert!(sent(C::Subscribe));
    }

    #[test]
    fn debug_output_does_not_show_authentication_data() {
        let value = Value::Binary(Bytes::from_static(b"hunter2"));
        let shown = format!("{:?}", Property { id: P::AuthenticationData, value });
        assert_eq!(shown, "Property { id: AuthenticationData, .. }");
        let list = vec![
            Property { id: P::AuthenticationMethod, value: Value::Text(Text::new("m").unwrap()) },
            Property { id: P::AuthenticationData, value: Value::Binary("hunter2".into()) },
        ];
        let shown = format!("{:?}", Properties::checked(C::Connect, list).unwrap());
        assert!(shown.contains("AuthenticationMethod") && !shown.contains("hunter2"), "{shown}");
    }

    fn decode(carrier: Carrier, bytes: &'static [u8]) -> Result<Properties, DecodeError> {
        Properties::decode(carrier, &mut Reader::new("test", Bytes::from_static(bytes)))
    }

    #[test]
    fn refuses_what_the_specification_forbids() {
        for (carrier, bytes) in [
            (C::ConnAck, &b"\x02\x01\x00"[..]), // not in this packet
            (C::ConnAck, b"\x06\x21\x00\x01\x21\x00\x01"), // twice
            (C::ConnAck, b"\x03\x21\x00\x00"),  // receive maximum 0
            (C::Publish, b"\x03\x23\x00\x00"),  // topic alias 0
            (C::Publish, b"\x02\x01\x02"),      // payload format 2
            (C::Publish, b"\x02\x0b\x00"),      // subscription identifier 0
            (C::Publish, b"\x02\x7f\x00"),      // unknown
            (C::Publish, b"\x05\x03\x00\x05ab"), // string past the end of the list
            (C::Publish, b"\x09\x03\x00\x01a"), // list past the end of the packet
            (C::Publish, b"\x04\x03\x00\x01\xff"), // not UTF-8
        ] {
            assert!(decode(carrier, bytes).is_err(), "{carrier:?} {bytes:02x?}");
        }
    }

    #[test]
    fn a_string_does_not_reach_into_what_follows_the_list() {
        assert!(decode(C::Publish, b"\x04\x03\x00\x05abcdef").is_err());
    }

    #[test]
    fn a_publish_may_hold_several_subscription_identifiers() {
        let properties = decode(C::Publish, b"\x05\x0b\x01\x0b\xac\x02").unwrap();
        let values: Vec<_> = properties.iter().map(|property| property.value).collect();
        assert_eq!(values, [Value::Variable(1), Value::Variable(300)]);
        assert!(decode(C::Subscribe, b"\x05\x0b\x01\x0b\xac\x02").is_err());
    }

    proptest! {
        #[test]
        fn what_a_client_may_send_the_packet_may_hold(property in any_sent(Carrier::Publish)) {
            prop_assert!(Properties::checked(Carrier::Publish, vec![property]).is_ok());
        }

        #[test]
        fn what_is_written_is_read(properties in any_properties(Carrier::Publish)) {
            let mut out = BytesMut::new();
            properties.encode(&mut out);
            prop_assert_eq!(out.len(), properties.encoded_length());
            let mut reader = Reader::new("test", out.freeze());
            prop_assert_eq!(Properties::decode(Carrier::Publish, &mut reader).unwrap(), properties);
            prop_assert!(reader.is_empty());
        }
    }
}
