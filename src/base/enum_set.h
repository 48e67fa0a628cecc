// EnumSet<E>: a set of enumerators whose values lie below 32.
#pragma once

#include <cstdint>
#include <initializer_list>

namespace adit {

/// A value of one word. Members are tested, joined and cut; there is no order.
template <class E>
class EnumSet {
 public:
  constexpr EnumSet() = default;
  constexpr EnumSet(std::initializer_list<E> members) {
    for (const auto member : members) bits_ |= bit(member);
  }

  constexpr bool has(E member) const { return (bits_ & bit(member)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr void add(E member) { bits_ |= bit(member); }
  constexpr bool meets(EnumSet other) const { return (bits_ & other.bits_) != 0; }
  constexpr EnumSet operator|(EnumSet other) const { return EnumSet(bits_ | other.bits_); }
  constexpr EnumSet operator&(EnumSet other) const { return EnumSet(bits_ & other.bits_); }
  constexpr EnumSet& operator|=(EnumSet other) { return *this = *this | other; }
  constexpr bool operator==(const EnumSet&) const = default;

 private:
  explicit constexpr EnumSet(std::uint32_t bits) : bits_(bits) {}
  static constexpr std::uint32_t bit(E member) { return 1U << static_cast<unsigned>(member); }

  std::uint32_t bits_ = 0;
};

}  // namespace adit
