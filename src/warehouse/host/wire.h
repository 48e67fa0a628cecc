// Values as bytes between two processes of one machine and one build.
//
// Numbers are written as they lie in memory, texts and lists with their length in front. A struct is the
// sequence of its fields, which values.h names once for both directions.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/id.h"

namespace adit {

/// So many elements of lists a message may hold, over all its lists: what a small message becomes in memory
/// is bounded too.
inline constexpr std::uint64_t kWireElementsMax = 16'000'000;

/// Whether values.h or messages.h says what the fields of T are: `visit_fields(value, function)`.
template <class T>
concept WireStruct = requires(T& value) { visit_fields(value, [](auto&...) {}); };

/// The last enumerator, by `wire_last(E)`; all from 0 to it are valid.
template <class E>
concept WireEnum = std::is_enum_v<E> && requires(E value) { wire_last(value); };

/// Appends values to a text.
class WireWriter {
 public:
  template <class... T>
  void operator()(const T&... values) {
    (put(values), ...);
  }
  std::size_t size() const { return bytes_.size(); }
  std::string take() && { return std::move(bytes_); }

 private:
  template <class T>
    requires std::is_arithmetic_v<T>
  void put(T value) {
    char raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    bytes_.append(raw, sizeof value);
  }
  template <WireEnum E>
  void put(E value) {
    put(static_cast<std::uint8_t>(value));
  }
  void put(const std::string& text) {
    put(static_cast<std::uint64_t>(text.size()));
    bytes_ += text;
  }
  void put(const std::filesystem::path& path) { put(path.native()); }
  void put(const Uuid& id) {
    bytes_.append(reinterpret_cast<const char*>(id.bytes().data()), id.bytes().size());
  }
  template <class Tag>
  void put(const Id<Tag>& id) {
    put(id.uuid());
  }
  template <class Rep, class Period>
  void put(std::chrono::duration<Rep, Period> time) {
    put(time.count());
  }
  template <class ClockType, class Duration>
  void put(std::chrono::time_point<ClockType, Duration> time) {
    put(time.time_since_epoch());
  }
  void put(std::monostate) {}
  template <std::size_t size>
  void put(const std::array<std::uint8_t, size>& raw) {
    bytes_.append(reinterpret_cast<const char*>(raw.data()), raw.size());
  }
  template <class T>
  void put(const std::optional<T>& value) {
    put(value.has_value());
    if (value) put(*value);
  }
  template <class... T>
  void put(const std::variant<T...>& value) {
    put(static_cast<std::uint8_t>(value.index()));
    std::visit([&](const auto& held) { put(held); }, value);
  }
  template <class T>
  void put(const std::vector<T>& list) {
    put(static_cast<std::uint64_t>(list.size()));
    for (const auto& element : list) put(element);
  }
  template <WireStruct T>
  void put(const T& value) {
    // The fields are named once, for reading: nothing is changed here.
    visit_fields(const_cast<T&>(value), [&](const auto&... fields) { (put(fields), ...); });
  }

  std::string bytes_;
};

/// Reads what a WireWriter wrote; takes any bytes. After the first thing that can't be true all values are
/// empty and good() is false.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : bytes_(bytes) {}

  template <class... T>
  void operator()(T&... values) {
    (get(values), ...);
  }
  /// Nothing was wrong so far.
  bool good() const { return good_; }
  /// Nothing was wrong and nothing is left.
  bool done() const { return good_ && bytes_.empty(); }

 private:
  void fail() {
    good_ = false;
    bytes_ = {};
  }
  std::string_view take(std::uint64_t count) {
    if (count > bytes_.size()) {
      fail();
      return {};
    }
    const auto taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return taken;
  }
  /// A list's length: each element is at least one byte.
  std::uint64_t count() {
    std::uint64_t number = 0;
    get(number);
    if (number > bytes_.size() || number > elements_left_) {
      fail();
      return 0;
    }
    elements_left_ -= number;
    return number;
  }

  template <class T>
    requires(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>)
  void get(T& value) {
    const auto raw = take(sizeof value);
    if (good_) std::memcpy(&value, raw.data(), sizeof value);
  }
  void get(bool& value) {
    std::uint8_t byte = 0;
    get(byte);
    if (byte > 1) fail();
    value = byte == 1;
  }
  template <WireEnum E>
  void get(E& value) {
    std::uint8_t number = 0;
    get(number);
    if (number > static_cast<std::uint8_t>(wire_last(value))) return fail();
    value = static_cast<E>(number);
  }
  void get(std::string& text) {
    std::uint64_t size = 0;
    get(size);
    text = take(size);
  }
  void get(std::filesystem::path& path) {
    std::string text;
    get(text);
    path = std::move(text);
  }
  void get(Uuid& id) {
    const auto raw = take(sizeof(std::array<std::uint8_t, 16>));
    std::array<std::uint8_t, 16> bytes{};
    if (good_) std::memcpy(bytes.data(), raw.data(), bytes.size());
    id = Uuid(bytes);
  }
  template <class Tag>
  void get(Id<Tag>& id) {
    Uuid uuid;
    get(uuid);
    id = Id<Tag>(uuid);
  }
  template <class Rep, class Period>
  void get(std::chrono::duration<Rep, Period>& time) {
    Rep count{};
    get(count);
    time = std::chrono::duration<Rep, Period>(count);
  }
  template <class ClockType, class Duration>
  void get(std::chrono::time_point<ClockType, Duration>& time) {
    Duration since{};
    get(since);
    time = std::chrono::time_point<ClockType, Duration>(since);
  }
  void get(std::monostate&) {}
  template <std::size_t size>
  void get(std::array<std::uint8_t, size>& value) {
    const auto raw = take(size);
    if (good_) std::memcpy(value.data(), raw.data(), size);
  }
  template <class T>
  void get(std::optional<T>& value) {
    bool there = false;
    get(there);
    value.reset();
    if (there) get(value.emplace());
  }
  template <class... T>
  void get(std::variant<T...>& value) {
    std::uint8_t index = 0;
    get(index);
    if (index >= sizeof...(T)) return fail();
    [&]<std::size_t... place>(std::index_sequence<place...>) {
      ((index == place ? get(value.template emplace<place>()) : void()), ...);
    }(std::index_sequence_for<T...>());
  }
  template <class T>
  void get(std::vector<T>& list) {
    list.clear();
    for (auto left = count(); left > 0 && good_; --left) get(list.emplace_back());
  }
  template <WireStruct T>
  void get(T& value) {
    visit_fields(value, [&](auto&... fields) { (get(fields), ...); });
  }

  std::string_view bytes_;
  std::uint64_t elements_left_ = kWireElementsMax;
  bool good_ = true;
};

/// One value as bytes.
template <class T>
std::string to_wire(const T& value) {
  WireWriter writer;
  writer(value);
  return std::move(writer).take();
}

/// The value that `bytes` are; nothing when they are none.
template <class T>
std::optional<T> from_wire(std::string_view bytes) {
  T value{};
  WireReader reader(bytes);
  reader(value);
  return reader.done() ? std::optional(std::move(value)) : std::nullopt;
}

}  // namespace adit
