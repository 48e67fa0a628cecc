#include "faults/crowd_scripts.h"

#include <algorithm>
#include <vector>

#include "support/test_data.h"

namespace adit::test {
namespace {

using std::chrono::milliseconds;

/// Above the largest chunk that crowd_main.cpp lets the server take.
constexpr std::size_t kBombBytes = 128U << 20;

constexpr std::array<std::string_view, kAllPeerKinds.size()> kNames{
    "silent",       "slow-head",   "slow-body",   "reset", "smuggling",
    "header-flood", "tls-garbage", "tls-stalled", "bomb",  "slow-reader"};

std::string upload_head(const CrowdTarget& target, const std::string& more) {
  return "POST " + target.upload_path + " HTTP/1.1\r\nHost: crowd\r\n" + target.authorization + "\r\n" + more;
}

std::string announced_body(const CrowdTarget& target) {
  return upload_head(target, "Content-Length: 50000000\r\n\r\nid\n");
}

std::string lines_of(std::size_t bytes) {
  std::string lines;
  while (lines.size() < bytes) lines += "1\n";
  return lines;
}

std::string smuggled(const CrowdTarget& target, Rng& rng) {
  static const std::vector<std::string> kLengths{
      "Content-Length: 0\r\nContent-Length: 64\r\n",
      "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
      "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
      "Transfer-Encoding: xchunked\r\n",
      "Content-Length: 0, 5\r\n",
      "Content-Length: +5\r\n",
      "Content-Length : 5\r\n",
      "Content-Length: 99999999999999999999999\r\n"};
  return upload_head(target, rng.pick(kLengths) + "\r\n0\r\n\r\n") +
         "GET /healthz HTTP/1.1\r\nHost: crowd\r\n\r\n";
}

std::string header_flood() {
  std::string head = "GET /healthz HTTP/1.1\r\nHost: crowd\r\n";
  for (int i = 0; i < 20'000; ++i) head += "X-" + std::to_string(i) + ": y\r\n";
  return head;
}

std::string random_bytes(std::size_t count, Rng& rng) {
  std::string bytes(count, '\0');
  for (auto& byte : bytes) byte = static_cast<char>(rng.below(256));
  return bytes;
}

/// The beginning of a ClientHello whose record announces more than comes.
std::string half_handshake(Rng& rng) {
  return std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + random_bytes(32, rng);
}

/// Compressed once: every bomb is the same.
std::string bomb(const CrowdTarget& target, Rng& rng) {
  static const auto kGzip = gzip("id\n" + lines_of(kBombBytes));
  static const auto kZstd = zstd("id\n" + lines_of(kBombBytes));
  const bool gzipped = rng.chance(50);
  const auto& body = gzipped ? kGzip : kZstd;
  return upload_head(target, std::string("Content-Encoding: ") + (gzipped ? "gzip" : "zstd") +
                                 "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n") +
         body;
}

Script vanishing(const CrowdTarget& target, Rng& rng) {
  const auto whole = announced_body(target) + lines_of(1000);
  return {.opening = whole.substr(0, 1 + rng.below(whole.size())),
          .reset_after = milliseconds(rng.between(10, 1000)),
          .pause = milliseconds(rng.between(200, 1000))};
}

}  // namespace

std::string_view to_string(PeerKind kind) { return kNames[static_cast<std::size_t>(kind)]; }

std::optional<PeerKind> peer_kind_named(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return kAllPeerKinds[static_cast<std::size_t>(found - kNames.begin())];
}

Script script_of(PeerKind kind, const CrowdTarget& target, Rng& rng) {
  const milliseconds soon(rng.between(1000, 3000));
  switch (kind) {
    case PeerKind::kSilent:
      return {.opening = {}, .pause = soon};
    case PeerKind::kSlowHead:
      return {.opening = "GET /healthz HTTP/1.1\r\nHost: crowd\r\nX: ",
              .drip = "y",
              .drip_pause = milliseconds(2000),
              .pause = soon};
    case PeerKind::kSlowBody:
      return {.opening = announced_body(target) + lines_of(rng.chance(50) ? 64U << 10 : 192U << 10),
              .drip = "1\n",
              .drip_pause = milliseconds(300),
              .pause = soon};
    case PeerKind::kReset:
      return vanishing(target, rng);
    case PeerKind::kSmuggling:
      return {.opening = smuggled(target, rng), .pause = soon};
    case PeerKind::kHeaderFlood:
      return {.opening = header_flood(), .pause = soon};
    case PeerKind::kTlsGarbage:
      return {.tls_port = true, .opening = random_bytes(512, rng), .pause = soon};
    case PeerKind::kTlsStalled:
      return {.tls_port = true, .opening = half_handshake(rng), .pause = soon};
    case PeerKind::kBomb:
      return {.opening = bomb(target, rng), .pause = soon};
    case PeerKind::kSlowReader:
      return {.opening = "GET " + target.download_path + " HTTP/1.1\r\nHost: crowd\r\n" +
                         target.authorization + "\r\n\r\n",
              .reads = false,
              .pause = soon};
  }
  return {};
}

std::size_t peers_max(PeerKind kind, std::size_t connections) {
  constexpr std::size_t kBombsMax = 2;
  constexpr std::size_t kSlowReadersMax = 32;
  if (kind == PeerKind::kBomb) return std::min(connections, kBombsMax);
  if (kind == PeerKind::kSlowReader) return std::min(connections, kSlowReadersMax);
  return connections;
}

}  // namespace adit::test
