// What each kind of hostile or unlucky peer does on a connection.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "faults/rng.h"

namespace adit::test {

enum class PeerKind {
  kSilent,       ///< connected, and says nothing
  kSlowHead,     ///< a head of which a byte comes every two seconds
  kSlowBody,     ///< an upload with a good key: 64 or 192 KiB at once, then a few bytes a second
  kReset,        ///< vanishes in the middle of a head or a body
  kSmuggling,    ///< a request in the body of one whose length two readers would see differently
  kHeaderFlood,  ///< header fields without end
  kTlsGarbage,   ///< bytes that are no TLS, on the port of HTTPS
  kTlsStalled,   ///< the first half of a handshake
  kBomb,         ///< a small compressed upload that is large inside, with a good key
  kSlowReader,   ///< asks for a large table and hardly reads it, with a good key
};
inline constexpr std::array kAllPeerKinds{
    PeerKind::kSilent,    PeerKind::kSlowHead,    PeerKind::kSlowBody,   PeerKind::kReset,
    PeerKind::kSmuggling, PeerKind::kHeaderFlood, PeerKind::kTlsGarbage, PeerKind::kTlsStalled,
    PeerKind::kBomb,      PeerKind::kSlowReader};
std::string_view to_string(PeerKind kind);
std::optional<PeerKind> peer_kind_named(std::string_view name);

/// Where the crowd goes, and what those who have a key use it for.
struct CrowdTarget {
  std::string address;
  std::string tls_address;
  std::string authorization;  ///< the header field, without its line end
  std::string upload_path;    ///< of a job that is NEW
  std::string download_path;  ///< of a table of several megabytes
};

/// One connection: say the opening, then the drip byte by byte and again, until the end of the script or the
/// server closes or has answered.
struct Script {
  using Milliseconds = std::chrono::milliseconds;

  bool tls_port = false;
  std::string opening;
  std::string drip{};
  Milliseconds drip_pause{1000};
  std::optional<Milliseconds> reset_after{};  ///< then it vanishes with a reset
  bool reads = true;                          ///< else a few bytes a second
  Milliseconds pause{1000};                   ///< before it comes again
};
Script script_of(PeerKind kind, const CrowdTarget& target, Rng& rng);

/// How many of a crowd of `connections` may be of this kind at most: a bomb keeps a core busy and a slow
/// reader takes one of the few places for queries, so that more of them would measure that and nothing else.
std::size_t peers_max(PeerKind kind, std::size_t connections);

}  // namespace adit::test
