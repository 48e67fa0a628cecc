// Uuid and Id<Tag>: ids that can't be mixed up.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace adit {

/// An RFC 9562 UUID. A value; compares bytewise.
class Uuid {
 public:
  constexpr Uuid() = default;
  explicit constexpr Uuid(const std::array<std::uint8_t, 16>& bytes) : bytes_(bytes) {}

  /// A version 4 UUID from the kernel's random source. Throws std::system_error if there is none.
  static Uuid random();
  /// Reads the form 8-4-4-4-12 in hexadecimal, either case; nothing else is a UUID.
  static std::optional<Uuid> parse(std::string_view text);
  /// A version 8 UUID made of SHA-256(namespace bytes + name): the same input gives the same id.
  static Uuid derive(const Uuid& space, std::string_view name);

  std::string to_string() const;
  const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  auto operator<=>(const Uuid&) const = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

/// A UUID that names one kind of thing. There is no conversion between kinds.
template <class Tag>
class Id {
 public:
  constexpr Id() = default;
  explicit constexpr Id(const Uuid& uuid) : uuid_(uuid) {}

  static Id random() { return Id(Uuid::random()); }
  static std::optional<Id> parse(std::string_view text) {
    const auto uuid = Uuid::parse(text);
    return uuid ? std::optional(Id(*uuid)) : std::nullopt;
  }

  std::string to_string() const { return uuid_.to_string(); }
  const Uuid& uuid() const { return uuid_; }
  auto operator<=>(const Id&) const = default;

 private:
  Uuid uuid_{};
};

}  // namespace adit

template <>
struct std::hash<adit::Uuid> {
  std::size_t operator()(const adit::Uuid& id) const noexcept;
};
template <class Tag>
struct std::hash<adit::Id<Tag>> {
  std::size_t operator()(const adit::Id<Tag>& id) const noexcept {
    return std::hash<adit::Uuid>{}(id.uuid());
  }
};
