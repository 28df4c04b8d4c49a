//! Strict JSON: a struct is deserialised from an object only.
//!
//! By default Serde also reads a struct from an array, with its fields in source order,
//! and its error messages contain the names of Rust types. Both would expose internals.
//! [`Objects`] wraps a deserializer and every nested one, so that a struct is read from a
//! map only, and errors say "an object". A whole number may be written `2.0`.

use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};

/// Wraps a deserializer, or an accessor that a deserializer passes to its visitor. See
/// the module.
#[derive(Debug)]
pub struct Objects<T>(pub T);

/// Reads a value strictly. Use it as
/// `#[serde(deserialize_with = "domain::objects::read")]` for fields of a type whose
/// deserializer can't be wrapped.
///
/// # Errors
/// The deserializer's error.
pub fn read<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    T::deserialize(Objects(from))
}

/// A visitor that passes only wrapped values to `inner`.
struct Reader<V> {
    inner: V,
    expects: Expects,
}

/// The kind of value that a type requests, as far as it matters here.
#[derive(Clone, Copy, PartialEq)]
enum Expects {
    Any,
    Object,
    Choice,
    Whole,
}

use Expects::{Any, Choice, Whole};

macro_rules! forward {
    ($($name:ident($($arg:ident: $type:ty),*), $expects:expr;)*) => {$(
        fn $name<V: Visitor<'de>>(self, $($arg: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            self.0.$name($($arg,)* Reader { inner: visitor, expects: $expects })
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Objects<D> {
    type Error = D::Error;

    forward! {
        // A choice by tag buffers its members before it knows their types.
        deserialize_any(), Whole;
        deserialize_bool(), Any;
        deserialize_i8(), Whole;
        deserialize_i16(), Whole;
        deserialize_i32(), Whole;
        deserialize_i64(), Whole;
        deserialize_i128(), Whole;
        deserialize_u8(), Whole;
        deserialize_u16(), Whole;
        deserialize_u32(), Whole;
        deserialize_u64(), Whole;
        deserialize_u128(), Whole;
        deserialize_f32(), Any;
        deserialize_f64(), Any;
        deserialize_char(), Any;
        deserialize_str(), Any;
        deserialize_string(), Any;
        deserialize_bytes(), Any;
        deserialize_byte_buf(), Any;
        deserialize_option(), Any;
        deserialize_unit(), Any;
        deserialize_unit_struct(name: &'static str), Any;
        deserialize_newtype_struct(name: &'static str), Any;
        deserialize_seq(), Any;
        deserialize_tuple(len: usize), Any;
        deserialize_tuple_struct(name: &'static str, len: usize), Any;
        deserialize_map(), Any;
        deserialize_enum(name: &'static str, variants: &'static [&'static str]), Choice;
        deserialize_identifier(), Any;
        deserialize_ignored_any(), Any;
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Reader { inner: visitor, expects: Expects::Object })
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

macro_rules! visit {
    ($($name:ident($type:ty);)*) => {$(
        fn $name<E: Error>(self, value: $type) -> Result<V::Value, E> {
            self.inner.$name(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Reader<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.expects {
            Expects::Object => f.write_str("an object"),
            Choice => f.write_str("one of the documented values"),
            Any | Whole => self.inner.expecting(f),
        }
    }

    visit! {
        visit_bool(bool);
        visit_i64(i64);
        visit_i128(i128);
        visit_u64(u64);
        visit_u128(u128);
        visit_str(&str);
        visit_borrowed_str(&'de str);
        visit_string(String);
        visit_bytes(&[u8]);
        visit_borrowed_bytes(&'de [u8]);
        visit_byte_buf(Vec<u8>);
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<V::Value, E> {
        match whole(value) {
            Some(whole) if self.expects == Whole => self.inner.visit_i64(whole),
            _ => self.inner.visit_f64(value),
        }
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, some: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(Objects(some))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<V::Value, D::Error> {
        self.inner.visit_newtype_struct(Objects(inner))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<V::Value, A::Error> {
        if self.expects == Expects::Object {
            return Err(A::Error::invalid_type(Unexpected::Seq, &self));
        }
        self.inner.visit_seq(Objects(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(Objects(entries))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, choice: A) -> Result<V::Value, A::Error> {
        self.inner.visit_enum(Objects(choice))
    }
}

/// Converts a number with a zero fraction to an integer: JSON Schema does not distinguish
/// `2.0` from `2`. `None` from 2^53 on, where doubles do not represent every integer.
fn whole(value: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "the guard is the range that is exact")]
    (value.fract() == 0.0 && value.abs() < EXACT).then_some(value as i64)
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Objects<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Objects(from))
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Objects<A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_element_seed(Objects(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Objects<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        self.0.next_key_seed(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.0.next_value_seed(Objects(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

impl<'de, A: EnumAccess<'de>> EnumAccess<'de> for Objects<A> {
    type Error = A::Error;
    type Variant = Objects<A::Variant>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        self.0.variant_seed(seed).map(|(value, variant)| (value, Objects(variant)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Objects<A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.0.unit_variant()
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.0.newtype_variant_seed(Objects(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.0.tuple_variant(len, Reader { inner: visitor, expects: Any })
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.0.struct_variant(fields, Reader { inner: visitor, expects: Expects::Object })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Outer {
        inner: Inner,
        more: Option<Vec<Inner>>,
    }

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Inner {
        n: u8,
    }

    fn outer(text: &str) -> Result<Outer, String> {
        read(&mut serde_json::Deserializer::from_str(text)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_struct_is_read_from_an_object_alone_at_any_depth() {
        let good = outer(r#"{"inner":{"n":1},"more":[{"n":2}]}"#).unwrap();
        assert_eq!((good.inner.n, good.more.unwrap()[0].n), (1, 2));
        for bad in [
            r#"[{"n":1},null]"#,
            r#"{"inner":[1]}"#,
            r#"{"inner":{"n":1},"more":[[2]]}"#,
            r#"{"inner":5}"#,
            r#"{"inner":"x"}"#,
            r#"{"inner":null}"#,
            "7",
        ] {
            let said = outer(bad).unwrap_err();
            assert!(said.starts_with("invalid type") && said.contains("expected an object"), "{bad}: {said}");
            assert!(!said.contains("Inner") && !said.contains("Outer"), "{said}");
        }
    }

    #[test]
    fn a_whole_number_may_have_a_fraction_of_zero() {
        assert_eq!(outer(r#"{"inner":{"n":7.0}}"#).unwrap().inner.n, 7);
        for bad in ["7.5", "-1.0", "256.0", "1e300"] {
            assert!(outer(&format!(r#"{{"inner":{{"n":{bad}}}}}"#)).is_err(), "{bad}");
        }
    }
}
