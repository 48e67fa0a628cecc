// Places: the connections of one loop, who of them gives way to a new one, and who may begin an upload.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

#include "http/connection.h"

namespace adit::http {

/// An origin is whose connections are counted as one client's: an address. Threads: the loop's.
class Places {
 public:
  /// An empty origin is nobody's.
  void add(Connection& connection, const std::string& origin);
  void remove(Connection& connection);
  /// It is told that there is no place for it, and so has none to give.
  void refuse(Connection& connection) { places_.at(&connection).refused = true; }
  /// Behind a trusted proxy: whose request the connection carries from now on.
  void tell_origin(Connection& connection, const std::string& origin);
  /// The next request may be another one's.
  void forget_told_origin(Connection& connection);

  /// Closes the connection with the least to lose, for one of `newcomer`. First strangers; then idle and slow
  /// ones of origins that have many times the connections of others; then those of the others; then fresh
  /// ones; then those at a pace, where their origin has many times the newcomer's connections. Among these
  /// the lowest standing, the origin with the most connections, the one whose phase began first. False when
  /// there is none.
  bool make_room(const std::string& newcomer);
  /// False where an upload would most likely take the place of another one of its kind: bodies were given up
  /// a moment ago, the connection's origin is among those with the most connections, and it has begun as many
  /// uploads as a second lets it.
  bool may_begin_upload(Connection& connection);

  bool empty() const { return places_.empty(); }
  /// How many connections the origin has here.
  std::size_t of(const std::string& origin) const;
  template <typename Act>
  void for_each(const Act& act) const {
    for (const auto& [connection, _] : places_) act(*connection);
  }

 private:
  using Clock = Connection::Clock;
  struct Origin {
    std::size_t connections = 0;
    double begins = 0;            ///< uploads that it might have begun at once at `counted`
    Clock::time_point counted{};  ///< long ago: as many as may be
  };
  /// The map's nodes stay where they are.
  using Origins = std::unordered_map<std::string, Origin>;
  struct Place {
    Origins::value_type* origin = nullptr;
    bool told = false;  ///< by a proxy
    bool refused = false;
  };
  struct Rank;

  void count(Place& place, const std::string& origin);
  void discount(Place& place);
  std::size_t most() const;

  Origins origins_;
  std::unordered_map<Connection*, Place> places_;
  Clock::time_point rationed_until_ = Clock::time_point::min();
};

}  // namespace adit::http
