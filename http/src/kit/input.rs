//! Deserialises requests into our types. Errors become a [`Fault`] with a JSON pointer; its code
//! depends on which of serde's errors it is, never on the message.

use std::fmt::{self, Display};

use domain::objects::Objects;
use domain::{Fault, Words, fault};
use serde::de::value::{MapAccessDeserializer, StringDeserializer};
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, Error as _, Expected, IntoDeserializer as _,
    MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;

/// The maximum nesting of a document. Ours have a handful of levels.
const DEEPEST: usize = 64;

/// A value as it was sent. An object keeps its members in order, including duplicates.
#[derive(Debug)]
pub(super) enum Input {
    Null,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(String),
    /// A query parameter: text that may be read as a number or a boolean.
    Word(String),
    List(Vec<Input>),
    Object(Vec<(String, Input)>),
}

/// Why a document can't be read.
#[derive(Debug)]
pub(super) enum Unreadable {
    /// It is not JSON.
    Syntax(serde_json::Error),
    /// It nests too deep.
    TooDeep,
}

impl Input {
    /// Parses a JSON document; anything after it is refused as well.
    pub(super) fn json(text: &str) -> Result<Self, Unreadable> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let read = Depth(0).deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
        // The only data error that `Depth` returns is excessive depth.
        read.map_err(|error| if error.is_data() { Unreadable::TooDeep } else { Unreadable::Syntax(error) })
    }

    /// The parameters of a query.
    pub(super) fn query(query: &str) -> Self {
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        Self::Object(pairs.map(|(name, value)| (name.into_owned(), Self::Word(value.into_owned()))).collect())
    }

    /// Deserialises the value, or returns the invalid field.
    pub(super) fn read<T: DeserializeOwned>(self) -> Result<T, Fault> {
        T::deserialize(Objects(self)).map_err(Invalid::fault)
    }

    fn kind(&self) -> Unexpected<'_> {
        match self {
            Self::Null => Unexpected::Other("null"),
            Self::Bool(value) => Unexpected::Bool(*value),
            Self::Unsigned(value) => Unexpected::Unsigned(*value),
            Self::Signed(value) => Unexpected::Signed(*value),
            Self::Float(value) => Unexpected::Float(*value),
            Self::Text(text) | Self::Word(text) => Unexpected::Str(text),
            Self::List(_) => Unexpected::Seq,
            Self::Object(_) => Unexpected::Map,
        }
    }

    fn whole<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Invalid> {
        match &self {
            Self::Word(word) if is_whole(word) => match word.parse::<i64>() {
                Ok(number) => visitor.visit_i64(number),
                Err(_) => Err(Invalid::invalid_value(self.kind(), &visitor)),
            },
            Self::Word(_) => Err(Invalid::invalid_type(self.kind(), &visitor)),
            // `Objects` reads exact doubles as integers; larger ones are ambiguous.
            Self::Float(number) if number.fract() == 0.0 && number.abs() >= 2f64.powi(53) => {
                Err(Invalid::invalid_value(self.kind(), &visitor))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn number<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Invalid> {
        let Self::Word(word) = &self else { return self.deserialize_any(visitor) };
        match word.parse::<f64>() {
            Ok(number) if number.is_finite() => visitor.visit_f64(number),
            Ok(number) if number.is_infinite() => Err(Invalid::invalid_value(self.kind(), &visitor)),
            _ => Err(Invalid::invalid_type(self.kind(), &visitor)),
        }
    }
}

fn is_whole(word: &str) -> bool {
    let digits = word.strip_prefix(['-', '+']).unwrap_or(word);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Reads an [`Input`] at this depth.
#[derive(Clone, Copy)]
struct Depth(usize);

impl Depth {
    fn below<E: de::Error>(self) -> Result<Self, E> {
        if self.0 < DEEPEST { Ok(Self(self.0 + 1)) } else { Err(E::custom("too deep")) }
    }
}

impl<'de> DeserializeSeed<'de> for Depth {
    type Value = Input;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Input, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Depth {
    type Value = Input;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Input, E> {
        Ok(Input::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Input, E> {
        Ok(Input::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Input, E> {
        Ok(Input::Unsigned(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Input, E> {
        Ok(Input::Signed(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Input, E> {
        Ok(Input::Float(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Input, E> {
        Ok(Input::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Input, E> {
        Ok(Input::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Input, A::Error> {
        let below = self.below()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(below)? {
            list.push(item);
        }
        Ok(Input::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Input, A::Error> {
        let below = self.below()?;
        let mut object = Vec::new();
        while let Some(name) = entries.next_key()? {
            object.push((name, entries.next_value_seed(below)?));
        }
        Ok(Input::Object(object))
    }
}

/// An invalid value, and its path.
#[derive(Debug)]
pub(super) struct Invalid {
    /// Names and indices, from the innermost outwards.
    path: Vec<String>,
    words: &'static Words,
    detail: String,
}

impl Invalid {
    fn new(words: &'static Words, detail: impl Display) -> Self {
        Self { path: Vec::new(), words, detail: detail.to_string() }
    }

    /// Adds the name or index of the containing member.
    fn within(mut self, name: impl Display) -> Self {
        self.path.push(name.to_string());
        self
    }

    fn fault(self) -> Fault {
        let pointer: String = self.path.iter().rev().map(|name| format!("/{}", escape(name))).collect();
        Fault::new(pointer, self.words, self.detail)
    }
}

/// Escapes a name for a JSON pointer (RFC 6901).
pub(super) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

impl Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Invalid {}

impl de::Error for Invalid {
    fn custom<T: Display>(said: T) -> Self {
        Self::new(fault::INVALID, said)
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(fault::WRONG_TYPE, format_args!("invalid type: {found}, expected {expected}"))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(fault::OUT_OF_RANGE, format_args!("invalid value: {found}, expected {expected}"))
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::new(fault::WRONG_LENGTH, format_args!("invalid length {length}, expected {expected}"))
    }

    fn unknown_variant(found: &str, expected: &'static [&'static str]) -> Self {
        Self::new(
            fault::UNKNOWN_VALUE,
            format_args!("unknown value {found:?}, expected one of {}", expected.join(", ")),
        )
    }

    fn unknown_field(found: &str, expected: &'static [&'static str]) -> Self {
        let known = expected.join(", ");
        Self::new(fault::UNKNOWN_FIELD, format_args!("unknown field {found:?}, expected one of {known}"))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(fault::MISSING, "this field is missing").within(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(fault::DUPLICATE, "this field is there twice").within(field)
    }
}

macro_rules! by {
    ($method:ident: $($name:ident)*) => {$(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Invalid> {
            self.$method(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Input {
    type Error = Invalid;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Invalid> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Unsigned(value) => visitor.visit_u64(value),
            Self::Signed(value) => visitor.visit_i64(value),
            Self::Float(value) => visitor.visit_f64(value),
            Self::Text(text) | Self::Word(text) => visitor.visit_string(text),
            Self::List(list) => {
                let length = list.len();
                let mut items = Items { rest: list.into_iter(), next: 0 };
                let value = visitor.visit_seq(&mut items)?;
                match items.rest.len() {
                    0 => Ok(value),
                    _ => Err(Invalid::invalid_length(length, &"fewer")),
                }
            }
            Self::Object(entries) => visitor.visit_map(Members { rest: entries.into_iter(), value: None }),
        }
    }

    // Passes the visitor's own expectation to the error; otherwise it would name our types.
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Invalid> {
        match self {
            Self::Object(_) | Self::List(_) => self.deserialize_any(visitor),
            other => Err(Invalid::invalid_type(other.kind(), &visitor)),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Invalid> {
        match self {
            Self::List(_) => self.deserialize_any(visitor),
            other => Err(Invalid::invalid_type(other.kind(), &visitor)),
        }
    }

    by!(whole: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128);
    by!(number: deserialize_f32 deserialize_f64);

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Invalid> {
        match self {
            Self::Word(word) if word == "true" || word == "false" => visitor.visit_bool(word == "true"),
            Self::Word(_) => Err(Invalid::invalid_type(self.kind(), &visitor)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Invalid> {
        match self {
            Self::Null => visitor.visit_none(),
            some => visitor.visit_some(some),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Invalid> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Invalid> {
        match self {
            Self::Text(name) | Self::Word(name) => {
                let name: StringDeserializer<Invalid> = name.into_deserializer();
                visitor.visit_enum(name)
            }
            Self::Object(entries) if entries.len() == 1 => {
                let members = Members { rest: entries.into_iter(), value: None };
                visitor.visit_enum(MapAccessDeserializer::new(members))
            }
            other => Err(Invalid::invalid_type(other.kind(), &visitor)),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Invalid> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        char str string bytes byte_buf unit unit_struct tuple tuple_struct struct identifier
    }
}

struct Items {
    rest: std::vec::IntoIter<Input>,
    next: usize,
}

impl<'de> SeqAccess<'de> for &mut Items {
    type Error = Invalid;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Invalid> {
        let Some(item) = self.rest.next() else { return Ok(None) };
        let place = self.next;
        self.next += 1;
        seed.deserialize(item).map(Some).map_err(|invalid| invalid.within(place))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

struct Members {
    rest: std::vec::IntoIter<(String, Input)>,
    /// The member whose name was read last.
    value: Option<(String, Input)>,
}

impl<'de> MapAccess<'de> for Members {
    type Error = Invalid;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Invalid> {
        let Some((name, value)) = self.rest.next() else { return Ok(None) };
        let key: StringDeserializer<Invalid> = name.clone().into_deserializer();
        let read = seed.deserialize(key).map_err(|invalid| invalid.within(&name))?;
        self.value = Some((name, value));
        Ok(Some(read))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Invalid> {
        let (name, value) =
            self.value.take().ok_or_else(|| Invalid::custom("a value was asked for before its name"))?;
        seed.deserialize(value).map_err(|invalid| invalid.within(name))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

#[cfg(test)]
#[path = "input_tests.rs"]
mod tests;
